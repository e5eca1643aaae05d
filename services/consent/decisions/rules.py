"""What a client has decided, and what a new decision makes of it. Pure: no clock, no I/O.

No decision is ever ordered by a clock (invariant 5). Towards "not shared" everything is accepted; towards "shared" a decision must name
the version of the state that it was made on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.contracts.consent import Declined, OptedIn, OptedOut
from common.contracts.vocabulary import Category, Channel, Choice, Programme, Purpose, Recipient
from common.problems import Problem
from consent.notices.rules import Notice

Event = OptedIn | Declined | OptedOut


class Decision(StrEnum):
    OPTED_IN = "opted_in"
    DECLINED = "declined"
    OPTED_OUT = "opted_out"


DECISION_OF: dict[type[Event], Decision] = {
    OptedIn: Decision.OPTED_IN,
    Declined: Decision.DECLINED,
    OptedOut: Decision.OPTED_OUT,
}


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

    @property
    def shared(self) -> bool:
        return self.decision is Decision.OPTED_IN


@dataclass(frozen=True, slots=True)
class Asked:
    """A choice as it was put to us."""

    choice: Choice
    notice: Notice
    categories: Sequence[Category]
    on_version: int | None
    channel: Channel
    decision_id: UUID


def check_scope(recipient: str, purpose: str) -> None:
    """C5: there is one recipient and one purpose."""
    if recipient != Recipient.HEALTH_PLAN:
        raise Problem("recipient_not_allowed", "Individual data goes to the health plan or to nobody.", field="recipient", rule="C5")
    if purpose != Purpose.PERSONALISED_RECOMMENDATIONS:
        raise Problem("recipient_not_allowed", "The only purpose is personalised health recommendations.", field="purpose", rule="C5")


def decide(state: Sharing, asked: Asked, now: datetime) -> Event | None:
    """The event of a new decision, or None where it changes nothing. Raises Problem for an opt-in made on another state."""
    if state.decision_id == asked.decision_id:
        return None
    if asked.choice is Choice.OPT_IN:
        return _opt_in(state, asked, now)
    if state.shared:
        return opt_out(state.scope, asked.channel, asked.decision_id, now)
    if state.decision is not None:
        return None
    return Declined(**_about(state.scope, asked.channel, asked.decision_id, now), **_shown(asked.notice))


def _opt_in(state: Sharing, asked: Asked, now: datetime) -> OptedIn:
    if asked.on_version != state.version:
        raise Problem(
            "state_changed", "The client has decided something else since. Show the state and ask again.", rule="C4", version=state.version
        )
    if not asked.categories:
        raise Problem("invalid_request", "An opt-in names at least one category.", field="categories", rule="C17")
    categories = tuple(sorted(set(asked.categories)))
    return OptedIn(**_about(state.scope, asked.channel, asked.decision_id, now), **_shown(asked.notice), categories=categories)


def opt_out(scope: Scope, channel: Channel, decision_id: UUID, now: datetime) -> OptedOut:
    """C4: always possible, from every state, on nothing but the client's word."""
    return OptedOut(**_about(scope, channel, decision_id, now))


def _about(scope: Scope, channel: Channel, decision_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "event_id": decision_id,
        "occurred_at": now,
        "client_id": scope.client_id,
        "programme": scope.programme,
        "recipient": scope.recipient,
        "purpose": scope.purpose,
        "channel": channel,
    }


def _shown(notice: Notice) -> dict[str, Any]:
    return {"notice_version": notice.version, "notice_language": notice.language, "notice_digest": notice.digest}
