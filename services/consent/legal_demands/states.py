"""What a demand goes through, why a release is refused, and when the client may be told (C7). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.contracts.privacy import Scope
from common.problems import Problem
from consent.legal_demands.rules import BASES, Content, LegalBasis

TOKEN_LIFE = timedelta(hours=72)
ORAL_LIMIT = timedelta(days=30)
"""45 CFR 164.528(a)(2)(ii)(C)."""


class State(StrEnum):
    RECORDED = "recorded"
    APPROVED = "approved"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = (State.RECORDED, State.APPROVED)


class RefusalGround(StrEnum):
    """Why a demand is not answered."""

    NO_AUTHORITY = "no_authority"
    IDENTITY_NOT_PROVEN = "identity_not_proven"
    NO_ASSURANCE = "no_assurance"
    TOO_WIDE = "too_wide"
    QUASHED = "quashed"
    NOTHING_HELD = "nothing_held"


class Form(StrEnum):
    WRITTEN = "written"
    ORAL = "oral"


class Outcome(StrEnum):
    RELEASED = "released"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why nothing left. Each is the code that the caller is told, but for those that are told as `wrong_state`."""

    FORBIDDEN = "forbidden"
    """Nobody whom we know as a privacy officer."""
    NOT_APPROVED = "not_approved"
    NOT_COLLECTED = "not_collected"
    OUTSIDE_SCOPE = "outside_scope"
    RELEASE_SPENT = "release_spent"
    RELEASE_EXPIRED = "release_expired"
    RELEASE_VOIDED = "release_voided"
    """The demand was changed, decided otherwise, or another token was issued."""


DETAILS = {
    Reason.FORBIDDEN: "Not for this role.",
    Reason.NOT_APPROVED: "A second officer has not approved it, or it is decided.",
    Reason.NOT_COLLECTED: "The services have not answered yet.",
    Reason.OUTSIDE_SCOPE: "This is not what was approved.",
    Reason.RELEASE_SPENT: "It was downloaded before. A release is good for once.",
    Reason.RELEASE_EXPIRED: "The release has expired.",
    Reason.RELEASE_VOIDED: "The release was voided.",
}
TOLD_AS = {Reason.NOT_APPROVED: "wrong_state", Reason.NOT_COLLECTED: "wrong_state"}


def problem_of(reason: Reason) -> Problem:
    return Problem(TOLD_AS.get(reason, str(reason)), DETAILS[reason], rule="C7", reason=str(reason))


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand as it is kept."""

    demand_id: UUID
    version: int
    state: State
    content: Content
    digest: str
    """Of what is to be approved."""
    authors: Sequence[UUID]
    """Whoever recorded or changed it."""
    recorded_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    collection_id: UUID | None
    closed_by: UUID | None
    closed_at: datetime | None
    ground: str | None
    tell_client_from: datetime | None
    """None: not yet to be told."""
    client_told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Release:
    """A token that was issued; of the token itself only the digest is kept."""

    release_id: UUID
    demand_id: UUID
    digest: str
    """Of what was approved when it was issued."""
    issued_by: UUID
    issued_at: datetime
    expires_at: datetime
    spent_at: datetime | None
    voided_at: datetime | None


class Suspension(BaseModel):
    """45 CFR 164.528(a)(2): an agency's statement that telling the client would impede it."""

    model_config = ConfigDict(frozen=True)

    suspension_id: UUID
    demand_id: UUID
    form: Form
    stated_by: str
    """The agency and the official: (a)(2)(ii)(A)."""
    stated_at: AwareDatetime
    until: AwareDatetime
    statement: str | None = None
    """What was said, as it was documented."""
    document_id: UUID | None = None
    recorded_by: UUID
    recorded_at: AwareDatetime


def recorded(demand_id: UUID, content: Content, digest: str, officer: UUID, now: datetime) -> Demand:
    nothing = dict.fromkeys(("approved_by", "approved_at", "collection_id", "closed_by", "closed_at", "ground"))
    return Demand(demand_id, 1, State.RECORDED, content, digest, [officer], now, tell_client_from=None, client_told_at=None, **nothing)


def amended(demand: Demand, content: Content, digest: str, officer: UUID) -> Demand:
    """Recorded again: whoever changed it is no second person either."""
    authors = [*demand.authors, *([] if officer in demand.authors else [officer])]
    again = replace(demand, state=State.RECORDED, content=content, digest=digest, authors=authors, version=demand.version + 1)
    return replace(again, approved_by=None, approved_at=None, collection_id=None)


def approved(demand: Demand, officer: UUID, collection_id: UUID, now: datetime) -> Demand:
    decided = replace(demand, state=State.APPROVED, approved_by=officer, approved_at=now, version=demand.version + 1)
    return replace(decided, collection_id=collection_id)


def closed(demand: Demand, ground: RefusalGround | None, officer: UUID, suspensions: Sequence["Suspension"], now: datetime) -> Demand:
    """Withdrawn where there is no ground."""
    state = State.WITHDRAWN if ground is None else State.REFUSED
    decided = replace(demand, state=state, ground=ground, closed_by=officer, closed_at=now, version=demand.version + 1)
    return replace(decided, tell_client_from=tell_from(now, suspensions))


def released(demand: Demand, officer: UUID, suspensions: Sequence["Suspension"], now: datetime) -> Demand:
    decided = replace(demand, state=State.RELEASED, closed_by=officer, closed_at=now, version=demand.version + 1)
    return replace(decided, tell_client_from=tell_from(now, suspensions))


def check_open(demand: Demand) -> None:
    if demand.state not in OPEN:
        raise Problem("wrong_state", f"The demand is {demand.state}.", rule="C7", state=str(demand.state))


def check_approval(demand: Demand, digest: str, officer: UUID) -> None:
    """C7: by a second person, of exactly what they were shown. Raises Problem."""
    if demand.state is not State.RECORDED:
        raise Problem("wrong_state", f"The demand is {demand.state}.", rule="C7", state=str(demand.state))
    if officer in demand.authors:
        raise Problem("second_officer_needed", "Somebody else than who recorded or changed it approves it.", rule="C7")
    if digest != demand.digest:
        raise Problem("state_changed", "The demand was changed since. Look at it again.", field="digest", rule="C7")


def why_not_issued(demand: Demand, asked: Scope | None, *, collected: bool) -> Reason | None:
    """`asked`: what the officer means to release, where they say so."""
    if demand.state is not State.APPROVED:
        return Reason.NOT_APPROVED
    if asked is not None and not same_scope(asked, demand.content.scope):
        return Reason.OUTSIDE_SCOPE
    return None if collected else Reason.NOT_COLLECTED


def why_not_released(release: Release, demand: Demand, now: datetime) -> Reason | None:
    if release.spent_at is not None:
        return Reason.RELEASE_SPENT
    if release.voided_at is not None:
        return Reason.RELEASE_VOIDED
    if now >= release.expires_at:
        return Reason.RELEASE_EXPIRED
    if demand.state is not State.APPROVED or release.digest != demand.digest:
        return Reason.NOT_APPROVED
    return None


def same_scope(one: Scope, other: Scope) -> bool:
    def limits(scope: Scope) -> tuple[object, ...]:
        return frozenset(scope.categories), scope.since, scope.until, scope.programme

    return limits(one) == limits(other)


def check_suspension(basis: LegalBasis, wanted: Suspension, earlier: Sequence[Suspension], now: datetime) -> None:
    """Raises Problem. One oral statement suspends once: another one is no way around the thirty days."""
    if not BASES[basis].suspendable:
        detail = "Only an oversight agency or law enforcement can have the client's right suspended (45 CFR 164.528(a)(2)(i))."
        raise _not_allowed(detail, "form")
    if wanted.stated_at > now or wanted.until <= max(wanted.stated_at, now):
        raise _not_allowed("It was stated in the past, and ends in the future.", "until")
    if wanted.form is Form.WRITTEN:
        if wanted.document_id is None:
            raise _not_allowed("A written statement is on file as a document.", "document_id")
        return
    if not (wanted.statement or "").strip():
        raise _not_allowed("An oral statement is documented: write down what was said.", "statement")
    if wanted.until > wanted.stated_at + ORAL_LIMIT:
        raise _not_allowed("Without a written statement, 30 days at most.", "until")
    if any(one.form is Form.ORAL for one in earlier):
        raise _not_allowed("There was an oral statement before: now it takes a written one.", "form")


def _not_allowed(detail: str, field: str) -> Problem:
    return Problem("suspension_not_allowed", detail, field=field, rule="C7")


def tell_from(closed_at: datetime, suspensions: Sequence[Suspension]) -> datetime:
    """When the client may learn of it: at once, or when the last suspension ends."""
    return max([closed_at, *(one.until for one in suspensions)])
