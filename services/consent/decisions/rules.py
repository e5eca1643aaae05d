"""What a client has decided, and what a new decision makes of it. Pure: no clock, no I/O.

No decision is ever ordered by a clock (invariant 5). Towards "not shared" everything is accepted; towards "shared" a decision must name
the version of the state that it was made on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from common.contracts.consent import Declined, OnBehalf, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from common.contracts.vocabulary import (
    AskedBy,
    Category,
    Channel,
    Choice,
    IdentityCheck,
    Programme,
    Purpose,
    Recipient,
    SuspensionReason,
)
from common.problems import Problem
from consent.notices.rules import Notice

Event = OptedIn | Declined | OptedOut | SharingNarrowed | SharingSuspended | SharingResumed


class Decision(StrEnum):
    """How sharing stands."""

    OPTED_IN = "opted_in"
    DECLINED = "declined"
    OPTED_OUT = "opted_out"
    SUSPENDED = "suspended"
    """Opted in, and waiting for the privacy officer to read what may be an opt-out. Not shared meanwhile."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a decision is about: one client, programme, recipient and purpose."""

    client_id: UUID
    programme: Programme
    recipient: Recipient = Recipient.HEALTH_PLAN
    purpose: Purpose = Purpose.PERSONALISED_RECOMMENDATIONS


@dataclass(frozen=True, slots=True)
class Sharing:
    """The state that follows from the decisions so far. Version 0 and no decision: never asked, so not shared (C1)."""

    scope: Scope
    version: int = 0
    decision: Decision | None = None
    decision_id: UUID | None = None
    categories: tuple[Category, ...] = ()
    """Consented to; shared only while `shared`."""
    notice_digest: str | None = None

    @property
    def shared(self) -> bool:
        return self.decision is Decision.OPTED_IN

    @property
    def consented(self) -> bool:
        return self.decision in (Decision.OPTED_IN, Decision.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Source:
    """How a decision reached us (C4)."""

    channel: Channel
    on_behalf: OnBehalf | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A choice as it was put to us."""

    choice: Choice
    notice_digest: str
    categories: Sequence[Category]
    on_version: int | None
    source: Source
    decision_id: UUID


def check_scope(recipient: str, purpose: str) -> None:
    """C5: there is one recipient and one purpose."""
    if recipient != Recipient.HEALTH_PLAN:
        raise Problem("recipient_not_allowed", "Individual data goes to the health plan or to nobody.", field="recipient", rule="C5")
    if purpose != Purpose.PERSONALISED_RECOMMENDATIONS:
        raise Problem("recipient_not_allowed", "The only purpose is personalised health recommendations.", field="purpose", rule="C5")


def check_staff(on_behalf: OnBehalf | None, *, opening: bool) -> None:
    """C4: staff say for whom they act. Nobody opens sharing for somebody whose identity was not checked; closing it needs nothing."""
    if opening and (on_behalf is None or on_behalf.identity_check is IdentityCheck.NOT_CHECKED):
        raise Problem(
            "identity_not_checked", "To opt in for a client, say who asked and how identity was checked.", field="on_behalf", rule="C4"
        )


def staff(staff_id: UUID, asked_by: AskedBy | None, identity_check: IdentityCheck | None) -> OnBehalf:
    return OnBehalf(staff_id=staff_id, asked_by=asked_by or AskedBy.CLIENT, identity_check=identity_check or IdentityCheck.NOT_CHECKED)


def check_repeated(asked: Asked, recorded_as: str, state: Sharing) -> bool:
    """True: the same decision was made by this id, and a repetition changes nothing, also where others have followed.

    Raises Problem where the id is another decision's, and for an opt-in that was overtaken: it would revive what has ended.
    """
    closing = asked.choice is Choice.DECLINE and recorded_as in (Declined.type, OptedOut.type)
    standing = asked.choice is Choice.OPT_IN and recorded_as == OptedIn.type and state.decision_id == asked.decision_id
    if not closing and not standing:
        raise id_taken()
    return True


def id_taken() -> Problem:
    return Problem("already_exists", "There is a decision by this id. A new one needs an id of its own.", field="decision_id", rule="C4")


def decide(state: Sharing, asked: Asked, notice: Notice, now: datetime) -> list[Event]:
    """The events of a new decision, none where it changes nothing. Raises Problem for an opt-in made on another state."""
    if asked.choice is Choice.OPT_IN:
        return _opt_in(state, asked, notice, now)
    if state.consented:
        return [opt_out(state.scope, asked.source, asked.decision_id, now)]
    if state.decision is not None:
        return []
    return [Declined(**_about(state.scope, asked.source, asked.decision_id, now), **_shown(notice))]


def _opt_in(state: Sharing, asked: Asked, notice: Notice, now: datetime) -> list[Event]:
    if asked.on_version != state.version:
        raise Problem(
            "state_changed", "The client has decided something else since. Show the state and ask again.", rule="C4", version=state.version
        )
    if not asked.categories:
        raise Problem("invalid_request", "An opt-in names at least one category.", field="categories", rule="C17")
    categories = tuple(sorted(set(asked.categories)))
    opted_in = OptedIn(**_about(state.scope, asked.source, asked.decision_id, now), **_shown(notice), categories=categories)
    left_out = set(state.categories) - set(categories) if state.consented else set()
    return [*withdraw(state, left_out, asked.source, uuid5(asked.decision_id, "withdrawn"), now), opted_in]


def opt_out(scope: Scope, source: Source, decision_id: UUID, now: datetime) -> OptedOut:
    """C4: always possible, from every state, on nothing but the client's word."""
    return OptedOut(**_about(scope, source, decision_id, now))


def withdraw(state: Sharing, categories: Collection[Category], source: Source, decision_id: UUID, now: datetime) -> list[Event]:
    """C4, C17: some categories only. With the last one it is an opt-out; withdrawing what was not consented to changes nothing."""
    withdrawn = tuple(sorted(set(state.categories) & set(categories))) if state.consented else ()
    if not withdrawn:
        return []
    rest = tuple(sorted(set(state.categories) - set(withdrawn)))
    if not rest:
        return [opt_out(state.scope, source, decision_id, now)]
    suspended = state.decision is Decision.SUSPENDED
    about = _about(state.scope, source, decision_id, now)
    return [SharingNarrowed(**about, categories=rest, withdrawn=withdrawn, suspended=suspended)]


def suspend(state: Sharing, reason: SuspensionReason, mail_id: UUID, decision_id: UUID, now: datetime) -> list[Event]:
    """C4: only what is shared can be suspended."""
    if not state.shared:
        return []
    return [SharingSuspended(**_about(state.scope, Source(Channel.EMAIL), decision_id, now), reason=reason, mail_id=mail_id)]


def resume(state: Sharing, on_behalf: OnBehalf, decision_id: UUID, now: datetime) -> list[Event]:
    """Only what is still suspended goes on: whatever the client has decided meanwhile stands (invariant 5)."""
    if state.decision is not Decision.SUSPENDED or state.decision_id is None:
        return []
    about = _about(state.scope, Source(Channel.STAFF, on_behalf), decision_id, now)
    return [SharingResumed(**about, categories=state.categories, suspension_id=state.decision_id)]


def after(state: Sharing, event: Event) -> Sharing:
    """The state that the event leads to."""
    version, scope, id = state.version + 1, state.scope, event.event_id
    match event:
        case OptedIn():
            return Sharing(scope, version, Decision.OPTED_IN, id, event.categories, event.notice_digest)
        case Declined():
            return Sharing(scope, version, Decision.DECLINED, id, (), event.notice_digest)
        case OptedOut():
            return Sharing(scope, version, Decision.OPTED_OUT, id)
        case SharingNarrowed():
            decision = Decision.SUSPENDED if event.suspended else Decision.OPTED_IN
            return Sharing(scope, version, decision, id, event.categories, state.notice_digest)
        case SharingSuspended():
            return Sharing(scope, version, Decision.SUSPENDED, id, state.categories, state.notice_digest)
        case SharingResumed():
            return Sharing(scope, version, Decision.OPTED_IN, id, event.categories, state.notice_digest)


def takes_back(event: Event) -> bool:
    """Whether every sink has to answer it."""
    return isinstance(event, OptedOut | SharingNarrowed | SharingSuspended)


def _about(scope: Scope, source: Source, decision_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "event_id": decision_id,
        "occurred_at": now,
        "client_id": scope.client_id,
        "programme": scope.programme,
        "recipient": scope.recipient,
        "purpose": scope.purpose,
        "channel": source.channel,
        "on_behalf": source.on_behalf,
    }


def _shown(notice: Notice) -> dict[str, Any]:
    return {"notice_version": notice.version, "notice_language": notice.language, "notice_digest": notice.digest}
