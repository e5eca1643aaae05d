"""What a correction makes of a client's record, and what the others are told of it. Pure."""

import re
from datetime import date, datetime
from typing import get_args
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from common.contracts.corrections import Applying, ClientCorrected, Told
from common.never_kept import check_age
from common.problems import Problem
from scheduling.clients.rules import Client, MemberId, Sex, reads_as_ssn
from scheduling.geography import check_zone, zone_of

MEMBER_ID: TypeAdapter[str] = TypeAdapter(MemberId)
LANGUAGE_TAG = "[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
"""BCP 47."""
TOLD: tuple[Told, ...] = get_args(Told)


def corrected(client: Client, said: Applying, today: date) -> Client:
    """Raises Problem: a correction is no way around what registration refuses (C12, C13). Another state does not move the time zone: that
    is a field of its own."""
    return client.model_copy(update={said.field: _checked(said, today)})


def _checked(said: Applying, today: date) -> str | date:
    match said.field:
        case "birth_date":
            return _birth_date(said.value, today)
        case "sex":
            if said.value not in get_args(Sex):
                raise _refused("One of female, male, other, unknown.")
        case "state":
            zone_of(said.value)
        case "time_zone":
            check_zone(said.value)
        case "member_id":
            _check_member_id(said.value)
        case "language":
            if not re.fullmatch(LANGUAGE_TAG, said.value):
                raise _refused("A language tag such as en or es-MX.")
    return said.value


def _birth_date(value: str, today: date) -> date:
    try:
        born = date.fromisoformat(value)
    except ValueError as error:
        raise _refused("A birth date is written YYYY-MM-DD.") from error
    check_age(born, today)
    return born


def _check_member_id(value: str) -> None:
    if reads_as_ssn(value):
        raise Problem("ssn_refused", "A member id of nine digits reads as a Social Security number.", field="value", rule="C13")
    try:
        MEMBER_ID.validate_python(value)
    except ValidationError as error:
        raise _refused("Capital letters, digits and hyphens.") from error


def _refused(detail: str) -> Problem:
    return Problem("invalid_request", detail, field="value", rule="C10")


def fact(correction_id: UUID, before: Client, after: Client, now: datetime) -> ClientCorrected:
    """As coarse as registration tells it: the year of birth only, and of a member id nothing."""
    old, new = _told(before), _told(after)
    changed = tuple(name for name in TOLD if old[name] != new[name])
    said = {"occurred_at": now, "client_id": after.client_id, "correction_id": correction_id, "changed": changed}
    return ClientCorrected.model_validate(said | new)


def _told(client: Client) -> dict[str, int | str]:
    return {"birth_year": client.birth_date.year} | {name: getattr(client, name) for name in TOLD if name != "birth_year"}
