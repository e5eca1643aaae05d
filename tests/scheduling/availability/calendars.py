"""Providers' calendars for tests, and calendars that Hypothesis draws."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduling.availability.rules import Calendar, Exceptional, Interval, Slot, Terms, Weekly, open_slots

NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
EVERY_DAY = range(7)
SPRING, FALL = date(2026, 3, 8), date(2026, 11, 1)
"""When the clocks of most of the United States change: at 2:00 on to 3:00, and at 2:00 back to 1:00."""


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def interval(text: str) -> Interval:
    """09:00-17:00"""
    starts, ends = text.split("-")
    return of_day(starts), of_day(ends)


def weekly(*hours: str, on: Iterable[int] = EVERY_DAY) -> list[Weekly]:
    return [Weekly(day, interval(each)) for day in on for each in hours]


def exceptional(day: date, kind: Literal["closed", "open"], hours: str = "00:00-24:00") -> Exceptional:
    return Exceptional(day, kind, interval(hours))


def calendar(hours: Sequence[Weekly], *exceptions: Exceptional, zone: str = NEW_YORK, busy: Sequence[Slot] = (), **terms: int) -> Calendar:
    bare = {"buffer_minutes": 0, "lead_minutes": 0, "horizon_days": 366}
    by_day = {each.day: [other for other in exceptions if other.day == each.day] for each in exceptions}
    return Calendar(Terms(time_zone=zone, **{**bare, **terms}), hours, by_day, busy)


def on_the_clock(found: Calendar, day: date, now: datetime, minutes: int = 30, zone: str | None = None) -> list[str]:
    """The open slots of a day as the provider's clock shows them, with the offset from UTC where the clock shows a time twice."""
    local = ZoneInfo(zone or found.terms.time_zone)
    first, last = (datetime(day.year, day.month, day.day, tzinfo=local) + timedelta(days=days) for days in (0, 1))
    return [slot.starts_at.astimezone(local).strftime("%H:%M") for slot in open_slots(found, minutes, first, last, now)]


ZONES = [NEW_YORK, CHICAGO, "America/Phoenix", "Pacific/Honolulu", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/London", "Pacific/Guam"]
FIVES = st.integers(0, 288).map(lambda five: five * 5)


@st.composite
def intervals(draw: st.DrawFn) -> list[Interval]:
    """Several a day, without overlaps; two may touch."""
    edges = sorted(draw(st.lists(FIVES, unique=True, max_size=6)))
    return list(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def busy_times(draw: st.DrawFn, since: datetime) -> list[Slot]:
    found, at_minute = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 180)), max_size=12)):
        starts_at = since + timedelta(minutes=at_minute + gap)
        found.append(Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=length)))
        at_minute += gap + length
    return found


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """With a moment that is now; often a few days before the clocks change."""
    changes = st.sampled_from([SPRING, FALL, date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25)])
    day = draw(st.one_of(changes, st.dates(date(2026, 1, 1), date(2027, 12, 31)))) - timedelta(days=draw(st.integers(0, 4)))
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 1440)))
    hours = [Weekly(weekday, each) for weekday in EVERY_DAY for each in draw(intervals())]
    days = st.integers(-1, 8).map(lambda days: day + timedelta(days=days))
    kinds: st.SearchStrategy[Literal["closed", "open"]] = st.sampled_from(["closed", "open"])
    drawn = draw(st.lists(st.tuples(days, kinds, intervals()), max_size=4))
    exceptions = [Exceptional(day, kind, each) for day, kind, several in drawn for each in several]
    terms = {
        "buffer_minutes": draw(st.sampled_from([0, 5, 10, 30])),
        "lead_minutes": draw(st.sampled_from([0, 120, 1440])),
        "horizon_days": draw(st.integers(1, 8)),
        "step_minutes": draw(st.sampled_from([5, 15, 20, 30, 45, 60])),
    }
    return calendar(hours, *exceptions, zone=draw(st.sampled_from(ZONES)), busy=draw(busy_times(now)), **terms), now
