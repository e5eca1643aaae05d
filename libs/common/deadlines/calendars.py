"""Working days: which days they are, and when the N-th one ends where somebody lives.

Day 0 is the local date of the anchor, day 1 the first business day after it; what is due on day N is due at the end of local day N,
which is the start of the day after it. Beyond its horizon a calendar knows nothing, and says so: Monday to Friday is never assumed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.problems import Problem

SHIPPED = Path(__file__).parent / "calendars"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Monday to Friday without `closed`, and `opened` besides; known from `first` to `last`, both included."""

    code: str
    version: int
    closed: frozenset[date]
    opened: frozenset[date]
    first: date
    last: date


def zone_of(name: str) -> ZoneInfo:
    """Raises Problem for what is no IANA time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Problem("unknown_zone", "No such time zone.", field="zone") from unknown


def is_business_day(calendar: WorkCalendar, day: date) -> bool:
    """Raises Problem beyond the horizon."""
    if not calendar.first <= day <= calendar.last:
        known = f"{calendar.code} version {calendar.version} is known from {calendar.first} to {calendar.last}"
        raise Problem("calendar_horizon", f"The working calendar {known}, and so not on {day}.")
    return day in calendar.opened or (day.weekday() < 5 and day not in calendar.closed)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the local day, in UTC. Where midnight does not exist, that is the instant at which the clocks went forward:
    a time within the gap is read with the offset before it (PEP 495, fold=0)."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_business_day(anchor: datetime, days: int, zone: ZoneInfo, calendar: WorkCalendar) -> datetime:
    return _end_of_day(anchor, days, zone, lambda day: is_business_day(calendar, day))


def end_of_calendar_day(anchor: datetime, days: int, zone: ZoneInfo) -> datetime:
    return _end_of_day(anchor, days, zone, _any_day)


def business_days_between(start: datetime, end: datetime, zone: ZoneInfo, calendar: WorkCalendar) -> int:
    """The number of the business day on which `end` falls, counted from `start` as day 0. A weekend has the number of the Friday."""
    day, last, number = start.astimezone(zone).date(), end.astimezone(zone).date(), 0
    while day < last:
        day += DAY
        number += is_business_day(calendar, day)
    return number


def business_time_between(start: datetime, end: datetime, zone: ZoneInfo, calendar: WorkCalendar | None) -> timedelta:
    """How much of the time was on business days (with no calendar: on any day), by the wall clock: every whole day counts 24 hours,
    also the two that have 23 and 25."""
    begin, until = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
    if calendar is None:
        return max(until - begin, timedelta(0))
    total, day = timedelta(0), begin.date()
    while day <= until.date():
        if is_business_day(calendar, day):
            midnight = datetime.combine(day, time())
            total += max(min(until, midnight + DAY) - max(begin, midnight), timedelta(0))
        day += DAY
    return total


def after_business_time(anchor: datetime, amount: timedelta, zone: ZoneInfo, calendar: WorkCalendar) -> datetime:
    """When `amount` of wall clock time on business days has passed since the anchor. Calendars know days, not office hours."""
    at = anchor.astimezone(zone).replace(tzinfo=None)
    while True:
        midnight = datetime.combine(at.date(), time()) + DAY
        if is_business_day(calendar, at.date()):
            if amount <= midnight - at:
                return (at + amount).replace(tzinfo=zone).astimezone(UTC)
            amount -= midnight - at
        at = midnight


@lru_cache(maxsize=64)
def parse_calendar(body: str) -> WorkCalendar:
    """From the JSON of a file or a row; days map to why they are no, or extra, working days. Raises Problem for what is no calendar."""
    try:
        return _calendar(json.loads(body))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Problem("invalid_calendar", "No calendar can be read from this.") from error


@cache
def shipped_calendars(folder: Path = SHIPPED) -> Mapping[str, str]:
    """The body of the newest version of each calendar that comes with the code, from files `<code>.v<N>.json`."""
    newest: dict[str, tuple[int, str]] = {}
    for file in sorted(folder.glob("*.json")):
        calendar = parse_calendar(body := file.read_text())
        if file.name != f"{calendar.code}.v{calendar.version}.json":
            raise Problem("invalid_calendar", f"{file.name} holds {calendar.code} version {calendar.version}.")
        newest[calendar.code] = max(newest.get(calendar.code, (0, "")), (calendar.version, body))
    return {code: body for code, (_, body) in newest.items()}


def _calendar(body: Mapping[str, Any]) -> WorkCalendar:
    closed, opened = (frozenset(map(date.fromisoformat, body[name])) for name in ("closed", "opened"))
    first, last = date.fromisoformat(body["first"]), date.fromisoformat(body["last"])
    if closed & opened or first > last or any(not first <= day <= last for day in closed | opened):
        raise ValueError("days that are both closed and opened, or beyond the horizon")
    return WorkCalendar(str(body["code"]), int(body["version"]), closed, opened, first, last)


def _end_of_day(anchor: datetime, days: int, zone: ZoneInfo, counts: Callable[[date], bool]) -> datetime:
    day = anchor.astimezone(zone).date()
    counts(day)  # the anchor's own day must be within the horizon, too
    for _ in range(days):
        day += DAY
        while not counts(day):
            day += DAY
    return start_of_day(day + DAY, zone)


def _any_day(_day: date) -> bool:
    return True
