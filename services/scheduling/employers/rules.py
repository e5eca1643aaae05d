"""What an employer's contract says of a programme, and which of its versions counts on a day of service (S1, S13). Pure."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.geography import zone_of

FEDERAL = "us-federal"
USUAL_SESSION_LIMIT = 6
"""Sessions of an EWS contract that names no limit: a typical EAP has three to ten."""
_LAST_TO_SEE_A_DAY = ZoneInfo("Pacific/Samoa")
DAY = timedelta(days=1)


class LimitPeriod(StrEnum):
    """After what time the visits of EWS are counted anew."""

    CONTRACT_YEAR = "contract_year"
    CALENDAR_YEAR = "calendar_year"


class Terms(BaseModel):
    """Of one programme. `ends_on` is the last day; without `regions` every state is covered."""

    model_config = ConfigDict(frozen=True)

    starts_on: date
    ends_on: date | None = None
    regions: tuple[str, ...] | None = None
    session_limit: int | None = None
    limit_period: LimitPeriod = LimitPeriod.CONTRACT_YEAR
    calendar: str = FEDERAL


class Contract(Terms):
    """One version of the terms: they hold for days of service from `applies_from` on, until a version that applies later."""

    employer_id: UUID
    programme: Programme
    version: int
    applies_from: date
    recorded_at: datetime


def own_calendar(employer_id: UUID) -> str:
    return f"employer-{employer_id}"


def first_day(now: datetime) -> date:
    """The day of adding, by the last of the network's clocks: whoever registers in the same hour is covered on their own date."""
    return now.astimezone(_LAST_TO_SEE_A_DAY).date()


def checked(terms: Terms, programme: Programme, employer_id: UUID) -> Terms:
    """With the usual limit where EWS names none. Raises Problem."""
    if terms.ends_on is not None and terms.ends_on < terms.starts_on:
        raise Problem("invalid_request", "A contract ends after it starts.", field="ends_on")
    if programme is not Programme.EWS and terms.session_limit is not None:
        raise Problem("invalid_request", "Care Connect does not limit sessions.", field="session_limit", rule="S13")
    if terms.regions is not None and not terms.regions:
        raise Problem("invalid_request", "Name the states, or leave them out for all.", field="regions")
    for state in terms.regions or ():
        zone_of(state)
    if terms.calendar not in (FEDERAL, own_calendar(employer_id)):
        raise Problem("invalid_request", "A contract counts by the federal calendar or by its employer's own.", field="calendar")
    limit = terms.session_limit or USUAL_SESSION_LIMIT if programme is Programme.EWS else None
    return terms.model_copy(update={"session_limit": limit, "regions": tuple(sorted(set(terms.regions))) if terms.regions else None})


def as_of(versions: Iterable[Contract], programme: Programme, on: date) -> Contract | None:
    """The version that counts on the day of service. A change that is planned for later stays planned."""
    known = [version for version in versions if version.programme is programme and version.applies_from <= on]
    return max(known, key=lambda version: (version.applies_from, version.version), default=None)


def offered(versions: Collection[Contract]) -> tuple[Programme, ...]:
    return tuple(sorted({version.programme for version in versions}))


def in_force(contract: Terms, on: date) -> bool:
    return contract.starts_on <= on and (contract.ends_on is None or on <= contract.ends_on)


def limit_period(contract: Terms, on: date) -> tuple[date, date]:
    """The first and the last day of the year in which the visit is counted."""
    first = contract.starts_on if contract.limit_period is LimitPeriod.CONTRACT_YEAR else date(2000, 1, 1)
    begun = on.year if _anniversary(first, on.year) <= on else on.year - 1
    return _anniversary(first, begun), _anniversary(first, begun + 1) - DAY


def _anniversary(first: date, year: int) -> date:
    """Of 29 February on 1 March in other years, as with birthdays."""
    if (first.month, first.day) == (2, 29) and not _is_leap(year):
        return date(year, 3, 1)
    return first.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
