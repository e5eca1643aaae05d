"""S6: what is offered of a provider's time, and that exactly this can be booked."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.problems import Problem
from scheduling.availability.rules import Calendar, Slot, Weekly, check_open, check_span, check_weekly, hours_of, open_slots
from tests.scheduling.availability.calendars import FALL, SPRING, at, calendar, calendars, exceptional, on_the_clock, weekly

MINUTE = timedelta(minutes=1)
MONDAY = date(2026, 6, 1)
NOW = at("2026-05-25T12:00")


def refused(found: Calendar, wanted: Slot, now: datetime = NOW) -> str:
    with pytest.raises(Problem) as problem:
        check_open(found, wanted, now)
    return problem.value.code


def slot(starts: str, minutes: int = 30) -> Slot:
    """On the New York clock."""
    starts_at = at(starts, "America/New_York")
    return Slot(starts_at=starts_at, ends_at=starts_at + minutes * MINUTE)


def test_S6_slots_step_through_the_hours_and_end_within_them() -> None:
    found = calendar(weekly("09:00-10:30", "13:00-14:00"))
    assert on_the_clock(found, MONDAY, NOW) == ["09:00", "09:30", "10:00", "13:00", "13:30"]
    assert on_the_clock(found, MONDAY, NOW, minutes=50) == ["09:00", "09:30", "13:00"]
    assert on_the_clock(calendar(weekly("09:00-10:30"), step_minutes=15), MONDAY, NOW, minutes=50) == ["09:00", "09:15", "09:30"]


def test_S6_days_without_hours_have_no_slots() -> None:
    found = calendar(weekly("09:00-10:00", on=[1]))
    assert on_the_clock(found, MONDAY, NOW) == []
    assert on_the_clock(found, MONDAY + timedelta(days=1), NOW) == ["09:00", "09:30"]


def test_S6_an_exception_closes_a_day_or_a_part_of_it_or_opens_more() -> None:
    hours = weekly("09:00-12:00")
    assert on_the_clock(calendar(hours, exceptional(MONDAY, "closed")), MONDAY, NOW) == []
    closed_between = calendar(hours, exceptional(MONDAY, "closed", "10:00-11:15"))
    assert on_the_clock(closed_between, MONDAY, NOW) == ["09:00", "09:30", "11:15"]
    only_the_evening = calendar(hours, exceptional(MONDAY, "closed"), exceptional(MONDAY, "open", "18:00-19:00"))
    assert on_the_clock(only_the_evening, MONDAY, NOW) == ["18:00", "18:30"]
    longer = calendar(hours, exceptional(MONDAY, "open", "11:00-13:00"))
    assert on_the_clock(longer, MONDAY, NOW)[-3:] == ["11:30", "12:00", "12:30"]  # and 11:00 once
    assert on_the_clock(longer, MONDAY + timedelta(days=1), NOW)[-1] == "11:30"


def test_S6_the_buffer_keeps_away_from_what_is_busy_on_both_sides() -> None:
    found = calendar(weekly("09:00-12:00"), busy=[slot("2026-06-01T10:00")], buffer_minutes=10)
    assert on_the_clock(found, MONDAY, NOW) == ["09:00", "11:00", "11:30"]
    assert on_the_clock(found, MONDAY, NOW, minutes=20) == ["09:00", "09:30", "11:00", "11:30"]


def test_S6_nothing_nearer_than_the_lead_or_farther_than_the_horizon_is_offered() -> None:
    found = calendar(weekly("09:00-17:00"), lead_minutes=120, horizon_days=2)
    now = at("2026-06-01T09:00", "America/New_York")
    assert on_the_clock(found, MONDAY, now)[0] == "11:00"
    assert on_the_clock(found, MONDAY, now + MINUTE)[0] == "11:30"
    assert on_the_clock(found, date(2026, 6, 3), now) == []
    assert refused(found, slot("2026-06-01T10:30"), now) == "slot_not_open"
    assert refused(found, slot("2026-06-03T09:00"), now) == "slot_not_open"
    check_open(found, slot("2026-06-01T11:00"), now)


@pytest.mark.parametrize("starts", ["2026-06-01T08:30", "2026-06-01T09:10", "2026-06-01T16:45", "2026-06-01T09:00:30", "2026-05-31T09:00"])
def test_S6_what_is_not_offered_is_not_open(starts: str) -> None:
    assert refused(calendar(weekly("09:00-17:00", on=[0])), slot(starts)) == "slot_not_open"


@pytest.mark.parametrize("starts", ["2026-06-01T10:00", "2026-06-01T09:30", "2026-06-01T10:30"])
def test_S6_what_somebody_has_is_taken_with_the_time_around_it(starts: str) -> None:
    assert refused(calendar(weekly("09:00-17:00"), busy=[slot("2026-06-01T10:00")], buffer_minutes=10), slot(starts)) == "slot_taken"


@pytest.mark.parametrize("hours", [["09:00-12:00", "11:59-13:00"], ["12:00-12:00"], ["13:00-12:00"], ["09:00-17:00", "10:00-11:00"]])
def test_S6_hours_that_overlap_or_have_no_length_are_refused(hours: list[str]) -> None:
    with pytest.raises(Problem) as problem:
        check_weekly(weekly(*hours))
    assert problem.value.code == "invalid_request"


def test_S6_hours_may_touch_and_then_are_one() -> None:
    hours = [Weekly(0, (540, 600)), Weekly(0, (600, 660)), Weekly(1, (540, 600))]
    check_weekly(hours)
    assert on_the_clock(calendar(hours), MONDAY, NOW, minutes=40) == ["09:00", "09:30", "10:00"]


@pytest.mark.parametrize("minutes", [0, -30, 1441])
def test_S6_a_span_without_length_is_refused_for_nothing_would_overlap_it(minutes: int) -> None:
    with pytest.raises(Problem) as problem:
        check_span(NOW, NOW + minutes * MINUTE)
    assert problem.value.code == "invalid_request"


@settings(max_examples=60, deadline=None)
@given(calendars(), st.sampled_from([5, 20, 50, 90]))
def test_S6_no_slot_overlaps_what_is_busy_with_its_buffer_and_each_can_be_booked(drawn: tuple[Calendar, datetime], minutes: int) -> None:
    found, now = drawn
    buffer, length = found.terms.buffer_minutes * MINUTE, minutes * MINUTE
    offered = list(open_slots(found, minutes, now, now + timedelta(days=9), now))
    for each in offered:
        assert each.ends_at - each.starts_at == length
        assert all(busy.ends_at + buffer <= each.starts_at or each.ends_at + buffer <= busy.starts_at for busy in found.busy)
        assert now + found.terms.lead_minutes * MINUTE <= each.starts_at < now + timedelta(days=found.terms.horizon_days)
        check_open(found, each, now)
    assert all(a.starts_at < b.starts_at for a, b in pairwise(offered))


@settings(max_examples=60, deadline=None)
@given(calendars(), st.sampled_from([5, 20, 50]))
def test_S6_every_minute_of_a_slot_is_within_the_hours_of_its_day_on_the_providers_clock(
    drawn: tuple[Calendar, datetime], minutes: int
) -> None:
    found, now = drawn
    zone = ZoneInfo(found.terms.time_zone)
    for each in open_slots(found, minutes, now, now + timedelta(days=9), now):
        for minute in range(minutes):
            clock = (each.starts_at + minute * MINUTE).astimezone(zone)
            shown = clock.hour * 60 + clock.minute
            assert any(starts <= shown < ends for starts, ends in hours_of(found, clock.date())), f"{clock} of {each}"


@settings(max_examples=60, deadline=None)
@given(calendars(), st.sampled_from([5, 20, 50]))
def test_S6_on_days_of_24_hours_nothing_that_is_open_is_left_out(drawn: tuple[Calendar, datetime], minutes: int) -> None:
    """Beside a slower way to the same: every step on the clock, one by one."""
    found, now = drawn
    zone, terms = ZoneInfo(found.terms.time_zone), found.terms
    offered = {each.starts_at for each in open_slots(found, minutes, now, now + timedelta(days=9), now)}
    for days in range(9):
        day = now.astimezone(zone).date() + timedelta(days=days)
        midnight, next_one = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
        if midnight.utcoffset() != next_one.utcoffset():
            continue
        for starts, ends in hours_of(found, day):
            for minute in range(starts, ends - minutes + 1, terms.step_minutes):
                starts_at = midnight + minute * MINUTE
                near = [b for b in found.busy if b.starts_at < starts_at + (minutes + terms.buffer_minutes) * MINUTE]
                free = all(b.ends_at + terms.buffer_minutes * MINUTE <= starts_at for b in near)
                in_time = now + terms.lead_minutes * MINUTE <= starts_at < now + timedelta(days=terms.horizon_days)
                assert (starts_at in offered) == (free and in_time)


def test_the_days_of_the_changes_are_what_these_tests_take_them_for() -> None:
    for day, hours in ((SPRING, 23), (FALL, 25)):
        midnight, next_one = (at(f"{d}T00:00", "America/New_York") for d in (day, day + timedelta(days=1)))
        assert next_one - midnight == timedelta(hours=hours)
