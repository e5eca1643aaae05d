"""A correction from being asked for to being made or refused (C10, 45 CFR 164.526). Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from common.contracts.corrections import ClientField, RefusalGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.never_kept import check_age, find_ssns
from common.problems import Problem

Service = Literal["consent", "scheduling", "assessments", "reporting"]
CLIENT_RECORD = ("scheduling", "client")
"""The one record whose owner changes it. To all others an amendment is linked."""
CHANGEABLE: tuple[ClientField, ...] = get_args(ClientField)
POLICY, EXTENDED_POLICY = "correction", "correction_extended"
RULE = "C10"


class State(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    """Decided, and on its way to the owner of the record."""
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ExtensionReason(StrEnum):
    """Why it takes longer. Told to the client, with the new date."""

    RECORDS_ELSEWHERE = "records_elsewhere"
    CLINICIAN_REVIEW = "clinician_review"
    PROOF_AWAITED = "proof_awaited"


class OnBehalf(BaseModel):
    """Staff recorded it: who, for whom, and how sure of that they were."""

    model_config = ConfigDict(frozen=True)

    staff_id: UUID
    asked_by: AskedBy
    identity_check: IdentityCheck


class Wish(BaseModel):
    """What is wrong, and what is right. `record_id` is absent where the client does not know it."""

    model_config = ConfigDict(frozen=True)

    service: Service
    record_table: str
    record_id: UUID | None = None
    field: str
    wanted: str | None = None
    reason: str


class Correction(BaseModel):
    """As it stands, opened. `fault`: why the owner of the record would not take it, by the code of its answer."""

    model_config = ConfigDict(frozen=True)

    correction_id: UUID
    client_id: UUID
    wish: Wish
    state: State
    asked_at: datetime
    on_behalf: OnBehalf | None = None
    due_at: datetime
    warned_at: datetime | None = None
    extended_at: datetime | None = None
    extension_reason: ExtensionReason | None = None
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    ground: RefusalGround | None = None
    fault: str | None = None
    applied_at: datetime | None = None
    disagreement: str | None = None
    disagreed_at: datetime | None = None
    rebuttal: str | None = None
    rebutted_at: datetime | None = None

    @property
    def changes_the_record(self) -> bool:
        return (self.wish.service, self.wish.record_table) == CLIENT_RECORD

    def is_overdue(self, now: datetime) -> bool:
        return self.state in (State.OPEN, State.ACCEPTED) and self.due_at < now


def check_identity(on_behalf: OnBehalf | None) -> None:
    """Raises Problem. Whoever changes a record must be the person, or act for them."""
    if on_behalf and on_behalf.identity_check is IdentityCheck.NOT_CHECKED:
        raise Problem("identity_not_checked", "Check who asks before a correction is recorded.", field="identity_check", rule=RULE)


def check_wish(wish: Wish, client_id: UUID, today: date) -> None:
    """Raises Problem: what can be known of the wanted value before its owner sees it, so that nothing of a child is kept (C12)."""
    if (wish.service, wish.record_table) != CLIENT_RECORD:
        return
    if wish.record_id not in (None, client_id):
        raise Problem("not_found", "There is nothing here that you may see.")
    check = CHECKS.get(wish.field)
    if check is None:
        raise Problem("invalid_request", "This part of the record has no such field.", field="field", rule=RULE)
    if not wish.wanted:
        raise Problem("invalid_request", "Say what is right.", field="wanted", rule=RULE)
    check(wish.wanted, today)


def _birth_date(value: str, today: date) -> None:
    try:
        born = date.fromisoformat(value)
    except ValueError as error:
        raise _wanted("A birth date is written YYYY-MM-DD.") from error
    check_age(born, today)


def _sex(value: str, _: date) -> None:
    if value not in ("female", "male", "other", "unknown"):
        raise _wanted("One of female, male, other, unknown.")


def _matches(pattern: str, detail: str) -> Callable[[str, date], None]:
    def check(value: str, _: date) -> None:
        if not re.fullmatch(pattern, value):
            raise _wanted(detail)

    return check


def _zone(value: str, _: date) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise _wanted("No time zone of this name.") from error


def _member_id(value: str, _: date) -> None:
    """C13: nine digits read as a Social Security number."""
    if not re.fullmatch("[A-Z0-9][A-Z0-9-]{2,19}", value):
        raise _wanted("Capital letters, digits and hyphens.")
    if find_ssns(f"SSN {value.replace('-', '')}"):
        raise Problem("ssn_refused", "A member id of nine digits reads as a Social Security number.", field="wanted", rule="C13")


CHECKS: Mapping[str, Callable[[str, date], None]] = {
    "birth_date": _birth_date,
    "sex": _sex,
    "state": _matches("[A-Z]{2}", "The two letters of a state."),
    "language": _matches("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "A language tag such as en or es-MX."),
    "time_zone": _zone,
    "member_id": _member_id,
}


def _wanted(detail: str) -> Problem:
    return Problem("invalid_request", detail, field="wanted", rule=RULE)


def check_open(correction: Correction) -> None:
    """Raises Problem."""
    _in(correction, State.OPEN)


def check_extension(correction: Correction, now: datetime) -> None:
    """164.526(b)(2)(ii): once, and told before the first period is over. Raises Problem."""
    _in(correction, State.OPEN)
    if correction.extended_at is not None or now >= correction.due_at:
        raise Problem("wrong_state", "It can be extended once, and before it is due.", rule=RULE, state=correction.state)


def check_disagreement(correction: Correction) -> None:
    """164.526(d)(2): of a refusal, and once. Raises Problem."""
    _in(correction, State.REFUSED)
    if correction.disagreed_at is not None:
        raise Problem("wrong_state", "There is a statement of disagreement already.", rule=RULE, state=correction.state)


def check_rebuttal(correction: Correction) -> None:
    """164.526(d)(3): of a statement that there is. Raises Problem."""
    _in(correction, State.REFUSED)
    if correction.disagreed_at is None or correction.rebutted_at is not None:
        raise Problem("wrong_state", "There is no statement of disagreement that waits for a rebuttal.", rule=RULE, state=correction.state)


def _in(correction: Correction, state: State) -> None:
    if correction.state is not state:
        raise Problem("wrong_state", f"The correction is {correction.state}.", rule=RULE, state=correction.state)
