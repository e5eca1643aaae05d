"""When what is sent: A1 before the first visit, A3 four to six weeks after the first session, A4 after it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.assignments.windows import is_answered, window_of
from assessments.care.rules import Visit
from tests.assessments.assignments.making import (
    DAY,
    FIRST,
    FOLLOW_UP,
    HOUR,
    LATER,
    NEW_YORK,
    NOON,
    answered,
    episode,
    known,
    session_held,
    visit,
)

leads = st.timedeltas(timedelta(minutes=1), timedelta(days=60))
zones = st.sampled_from(["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "America/Santiago", "Pacific/Apia", "UTC"])
days = st.dates(date(2026, 1, 1), date(2028, 12, 31))


@given(leads)
def test_A1_it_is_sent_within_48_hours_of_booking_and_before_the_visit(lead: timedelta) -> None:
    course = episode(visit(NOON, NOON + lead))
    window = window_of(FIRST, course, known(course), NOON)
    assert window
    assert NOON <= window.send_at < NOON + lead
    assert window.send_at <= window.due_at == min(NOON + 48 * HOUR, NOON + lead)
    assert window.last_at == NOON + lead <= window.closes_at


def test_A1_who_books_three_hours_ahead_is_sent_it_at_once() -> None:
    course = episode(visit(NOON, NOON + 3 * HOUR))
    window = window_of(FIRST, course, known(course), NOON)
    assert window
    assert window.send_at == NOON


@given(st.lists(st.tuples(leads, st.sampled_from(["scheduled", "cancelled", "missed"])), min_size=1, max_size=5))
def test_A1_only_visits_that_stand_count_and_the_first_of_them(drawn: list[tuple[timedelta, str]]) -> None:
    course = episode(*(visit(NOON, NOON + lead, state) for lead, state in drawn))
    window = window_of(FIRST, course, known(course), NOON)
    standing = [NOON + lead for lead, state in drawn if state == "scheduled"]
    assert (window and window.last_at) == min(standing, default=None)


def test_A1_a_visit_that_has_begun_or_was_recorded_afterwards_is_too_late() -> None:
    begun, afterwards = visit(NOON - DAY, NOON), visit(NOON, NOON - HOUR)
    for late in (begun, afterwards):
        course = episode(late)
        assert window_of(FIRST, course, known(course), NOON) is None


def test_A1_after_the_first_session_nothing_first_is_sent() -> None:
    course = episode(session_held(NOON.date() - DAY), visit(NOON, NOON + 5 * DAY, kind="session"))
    assert window_of(FIRST, course, known(course), NOON) is None


def test_A1_a_consultation_that_was_held_leaves_the_session_to_send_before() -> None:
    """A2: all clients get them, also who was seen before anything could be sent."""
    course = episode(visit(NOON - DAY, NOON - DAY, "held", on=NOON.date()), coming := visit(NOON, NOON + 5 * DAY, kind="session"))
    window = window_of(FIRST, course, known(course), NOON)
    assert window
    assert window.visit_id == coming.visit_id


@given(days, zones, st.integers(0, 60))
def test_A3_the_follow_up_is_sent_in_the_fifth_or_sixth_week_by_daylight(on: date, zone: str, after: int) -> None:
    course = episode(session_held(on))
    baseline = answered(course, datetime(on.year, on.month, on.day, 12, tzinfo=UTC) - after * DAY, 12)
    window = window_of(FOLLOW_UP, course, known(course, [baseline], zone=zone), NOON)
    assert window
    local = window.send_at.astimezone(ZoneInfo(zone))
    assert (local.date() - on).days == 28
    assert local.hour == 10
    assert (window.last_at.astimezone(ZoneInfo(zone)).date() - on).days == 43
    assert window.send_at < window.due_at == window.last_at < window.closes_at


@pytest.mark.parametrize(("send_day", "due_day", "sent_on_day"), [(28, 42, 28), (14, 42, 14), (3, 42, 14), (3, 14, 14), (3, 13, None)])
def test_A3_it_is_14_days_after_the_baseline_at_least_or_not_at_all(send_day: int, due_day: int, sent_on_day: int | None) -> None:
    """The instruments ask about the last two weeks, whatever a schedule is edited to."""
    on = date(2026, 11, 2)
    course = episode(session_held(on))
    assert FOLLOW_UP.after_session
    edited = FOLLOW_UP.model_copy(
        update={"after_session": FOLLOW_UP.after_session.model_copy(update={"send_day": send_day, "due_day": due_day})}
    )
    window = window_of(edited, course, known(course, [answered(course, _at(on, 0), 12)]), NOON)
    assert (window and (window.send_at.astimezone(ZoneInfo(NEW_YORK)).date() - on).days) == sent_on_day


def _at(on: date, day: int) -> datetime:
    return datetime(on.year, on.month, on.day, 13, tzinfo=UTC) + day * DAY


@pytest.mark.parametrize(
    ("total", "instrument", "sent"), [(10, "phq-9", True), (9, "phq-9", False), (10, "gad-7", True), (9, "gad-7", False)]
)
def test_A3_only_an_elevated_baseline_is_followed_up(total: int, instrument: str, sent: bool) -> None:
    on = date(2026, 11, 2)
    course = episode(session_held(on))
    window = window_of(FOLLOW_UP, course, known(course, [answered(course, _at(on, -2), total, instrument)]), NOON)
    assert (window is not None) is sent


def test_A4_it_is_asked_again_later_of_those_who_are_still_in_care_by_then() -> None:
    course = episode(session_held(date(2026, 8, 3)))
    due = datetime(2026, 11, 1, 15, tzinfo=UTC)
    assert [window_of(LATER, course, known(course, in_care=still), due) is not None for still in (True, False)] == [True, False]
    assert window_of(LATER, course, known(course, in_care=False), due - DAY), "before that nobody knows"


def test_what_was_answered_unasked_shortly_before_is_not_asked_again() -> None:
    course = episode(visit(NOON, NOON + 3 * DAY))
    both = [answered(course, NOON - 13 * DAY, 3), answered(course, NOON - DAY, 3, "gad-7")]
    assert is_answered(FIRST, known(course, both), NOON)
    assert not is_answered(FIRST, known(course, both[:1]), NOON)
    assert not is_answered(FIRST, known(course, both), NOON + 2 * DAY)


def test_a_schedule_is_for_its_own_programmes_only() -> None:
    course = episode(visit(NOON, NOON + 3 * DAY))
    other = FIRST.model_copy(update={"programmes": ()})
    assert window_of(other, course, known(course), NOON) is None


@given(leads, leads)
def test_A1_a_moved_visit_moves_the_window_and_not_the_booking(before: timedelta, after: timedelta) -> None:
    first: Visit = visit(NOON, NOON + before)
    moved = replace(first, starts_at=NOON + after)
    course = episode(moved)
    window = window_of(FIRST, course, known(course), NOON)
    assert window
    assert window.last_at == NOON + after
    assert window.due_at <= NOON + 48 * HOUR
