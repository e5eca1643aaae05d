"""Availability: a provider's hours, in their own zone, become open slots at instants (S6). Pure.

An hour of the clock becomes an instant day by day, by the offset of that very day: 09:00 stays 09:00 across both changes of the clocks.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import AppointmentKind
from common.problems import Problem

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_HORIZON = 366 * DAY
HOLD_TIME = timedelta(minutes=10)
LIVE_HOLDS = 2
"""How many times a client may hold at once."""

Interval = tuple[int, int]
"""Minutes of a day on the provider's clock, from and up to; 1440 is its end."""
WHOLE_DAY: Interval = (0, 1440)


class Slot(BaseModel):
    model_config = ConfigDict(frozen=True)

    starts_at: datetime
    ends_at: datetime


class Hold(Slot):
    """A time that is kept for a client while they decide."""

    hold_id: UUID
    provider_id: UUID
    expires_at: datetime


class Terms(BaseModel):
    """How a provider may be booked. `lead_minutes`: not nearer than that; `step_minutes`: from one offered start to the next."""

    model_config = ConfigDict(frozen=True)

    time_zone: str
    consultation_minutes: int = 20
    session_minutes: int = 50
    buffer_minutes: int = 10
    lead_minutes: int = 120
    horizon_days: int = 60
    step_minutes: int = 30

    def minutes(self, kind: AppointmentKind) -> int:
        return self.consultation_minutes if kind == "consultation" else self.session_minutes


DEFAULTS = Terms(time_zone="UTC")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Open every week. Monday is 0."""

    weekday: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A day that is not as every week: closed for an interval of it, or open beyond its hours. What is opened stays open."""

    day: date
    kind: Literal["closed", "open"]
    interval: Interval = WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that decides when a provider is open. `busy` is what is booked or held: by time, without overlaps."""

    terms: Terms
    weekly: Sequence[Weekly] = ()
    exceptions: Mapping[date, Sequence[Exceptional]] = field(default_factory=dict)
    busy: Sequence[Slot] = ()


def open_slots(calendar: Calendar, minutes: int, first: datetime, last: datetime, now: datetime) -> Iterator[Slot]:
    """Those that begin from `first` and before `last`, soonest first, in UTC."""
    terms, zone, length = calendar.terms, ZoneInfo(calendar.terms.time_zone), minutes * MINUTE
    first = max(first, now + terms.lead_minutes * MINUTE)
    last = min(last, now + terms.horizon_days * DAY)
    if first >= last:
        return
    ends = [taken.ends_at for taken in calendar.busy]
    day, last_day = first.astimezone(zone).date(), last.astimezone(zone).date()
    while day <= last_day:
        for starts_at in _starts(calendar, day, zone, length):
            slot = Slot(starts_at=starts_at, ends_at=starts_at + length)
            if first <= starts_at < last and not _blocking(calendar, ends, slot):
                yield slot
        day += DAY


def check_open(calendar: Calendar, wanted: Slot, now: datetime) -> None:
    """Raises Problem unless it is one of the open slots: `slot_taken` where somebody has it, or has the time just around it."""
    if _blocking(calendar, [taken.ends_at for taken in calendar.busy], wanted):
        raise slot_taken()
    minutes = (wanted.ends_at - wanted.starts_at) // MINUTE
    found = next(open_slots(calendar, minutes, wanted.starts_at, wanted.starts_at + MINUTE, now), None)
    if found != wanted:
        raise slot_not_open()


def slot_not_open() -> Problem:
    return Problem("slot_not_open", "This time is none that the provider offers.", field="starts_at", rule="S6")


def slot_taken() -> Problem:
    return Problem("slot_taken", "This time has been taken. Choose another one.", field="starts_at", rule="S6")


def check_span(starts_at: datetime, ends_at: datetime) -> Slot:
    """Raises Problem. Nothing overlaps an empty range: it would let everybody in."""
    if starts_at >= ends_at or ends_at - starts_at > DAY or not FIRST_YEAR <= starts_at.year <= LAST_YEAR:
        raise Problem("invalid_request", "An appointment ends after it has begun, within a day.", field="starts_at")
    return Slot(starts_at=starts_at.astimezone(UTC), ends_at=ends_at.astimezone(UTC))


def check_weekly(hours: Sequence[Weekly]) -> None:
    """Raises Problem where two overlap, or one has no length."""
    ordered = sorted((each.weekday, *each.interval) for each in hours)
    empty = any(starts >= ends for _, starts, ends in ordered)
    if empty or any(a[0] == b[0] and a[2] > b[1] for a, b in pairwise(ordered)):
        raise Problem("invalid_request", "Hours end after they begin, and do not overlap on one day.", field="hours")


def _starts(calendar: Calendar, day: date, zone: ZoneInfo, length: timedelta) -> Iterator[datetime]:
    """Steps are taken in UTC: an hour that the clock leaves out cannot be stepped on, and one that it repeats is two hours."""
    step = calendar.terms.step_minutes * MINUTE
    for interval in hours_of(calendar, day):
        starts_at, until = (_instant(day, minute, zone) for minute in interval)
        while starts_at + length <= until:
            yield starts_at
            starts_at += step


def hours_of(calendar: Calendar, day: date) -> list[Interval]:
    """The hours of this very day: as every week, less what is closed, and what is opened."""
    hours = [each.interval for each in calendar.weekly if each.weekday == day.weekday()]
    exceptions = calendar.exceptions.get(day, ())
    for closed in (each.interval for each in exceptions if each.kind == "closed"):
        hours = [part for starts, ends in hours for part in ((starts, min(ends, closed[0])), (max(starts, closed[1]), ends))]
        hours = [(starts, ends) for starts, ends in hours if starts < ends]
    return _merged([*hours, *(each.interval for each in exceptions if each.kind == "open")])


def _merged(hours: Sequence[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for starts, ends in sorted(hours):
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((starts, ends))
    return merged


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When the clock there first shows this time; for one that it leaves out, when it goes on after the gap."""
    wall = datetime.combine(day, time.min) + minute * MINUTE
    while (instant := wall.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != wall:
        wall += MINUTE
    return instant


def _blocking(calendar: Calendar, ends: Sequence[datetime], wanted: Slot) -> bool:
    """Whether anything busy is nearer to it than the buffer. `ends` are those of the busy ones."""
    buffer = calendar.terms.buffer_minutes * MINUTE
    place = bisect_right(ends, wanted.starts_at - buffer)
    return place < len(ends) and calendar.busy[place].starts_at < wanted.ends_at + buffer
