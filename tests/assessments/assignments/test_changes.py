"""What becomes of an assignment as its client's care goes on. The same facts twice change nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from assessments.assignments.rules import Assignment, AssignmentState
from assessments.assignments.windows import Facts
from assessments.care.rules import Episode, Visit
from tests.assessments.assignments.making import (
    DAY,
    FIRST,
    FOLLOW_UP,
    HOUR,
    NOON,
    answered,
    changed,
    episode,
    known,
    planned,
    session_held,
    visit,
)

moves = st.lists(st.sampled_from(["book", "move", "cancel", "miss", "hold", "wait", "send"]), max_size=12)


def only(there: dict[UUID, Assignment]) -> Assignment:
    (found,) = there.values()
    return found


def with_visits(of: Episode, *visits: Visit) -> Facts:
    return known(replace(of, visits=tuple(sorted(visits, key=lambda v: v.starts_at))))


def test_A1_a_cancelled_visit_calls_it_off_and_another_one_brings_it_back() -> None:
    course = episode(first := visit(NOON, NOON + 3 * DAY))
    there = planned(known(course), {}, NOON, FIRST)
    assert only(there).state is AssignmentState.QUEUED
    gone = replace(first, state="cancelled")
    there = planned(with_visits(course, gone), there, NOON + HOUR / 2, FIRST)
    assert only(there).state is AssignmentState.CANCELLED
    again = visit(NOON + HOUR, NOON + 4 * DAY)
    there = planned(with_visits(course, gone, again), there, NOON + HOUR, FIRST)
    assert (only(there).state, only(there).visit_id) == (AssignmentState.QUEUED, again.visit_id)


def test_A1_what_is_still_queued_when_its_visit_begins_is_an_exception() -> None:
    course = episode(visit(NOON, NOON + 3 * HOUR))
    there = planned(known(course), {}, NOON, FIRST)
    there = planned(known(course), there, NOON + 3 * HOUR, FIRST)
    assert only(there).state is AssignmentState.NOT_SENT


def test_A1_a_visit_that_is_learned_of_once_it_has_begun_is_an_exception_and_stays_one() -> None:
    course = episode(begun := visit(NOON - 3 * HOUR, NOON - HOUR))
    there = planned(known(course), {}, NOON, FIRST)
    assert (only(there).state, only(there).due_at) == (AssignmentState.NOT_SENT, NOON - HOUR)
    there = planned(with_visits(course, begun, visit(NOON, NOON + 5 * DAY, kind="session")), there, NOON, FIRST)
    assert (only(there).state, only(there).due_at) == (AssignmentState.QUEUED, NOON - HOUR), "sent before the next one, and late"


def test_A1_a_visit_after_the_first_session_is_no_first_visit_however_late_the_session_was_recorded() -> None:
    recorded = visit(NOON - HOUR, NOON - 2 * DAY, "held", "session", NOON.date() - 2 * DAY)
    course = episode(recorded, visit(NOON - HOUR, NOON, kind="session"))
    assert planned(known(course), {}, NOON, FIRST) == {}


def test_A1_what_is_long_past_or_was_answered_before_the_visit_is_no_exception() -> None:
    course = episode(visit(NOON - 9 * DAY, NOON - 8 * DAY))
    assert planned(known(course), {}, NOON, FIRST) == {}
    course = episode(visit(NOON - 3 * HOUR, NOON - HOUR))
    both = [answered(course, NOON - DAY, 3), answered(course, NOON - DAY, 3, "gad-7")]
    assert planned(known(course, both), {}, NOON, FIRST) == {}
    assert planned(known(episode(visit(NOON - HOUR, NOON - 2 * HOUR))), {}, NOON, FIRST) == {}, "recorded after the fact"


def test_A1_what_was_sent_can_be_answered_until_the_visit_wherever_that_is_moved() -> None:
    course = episode(first := visit(NOON, NOON + 3 * DAY))
    sent = _sent(planned(known(course), {}, NOON, FIRST))
    moved = replace(first, starts_at=NOON + 9 * DAY)
    there = planned(with_visits(course, moved), sent, NOON + 2 * HOUR, FIRST)
    assert only(there).closes_at == NOON + 10 * DAY
    there = planned(with_visits(course, replace(moved, state="cancelled")), there, NOON + 2 * HOUR, FIRST)
    assert (only(there).state, only(there).closes_at) == (AssignmentState.SENT, NOON + HOUR + 30 * DAY)


def _sent(there: dict[UUID, Assignment]) -> dict[UUID, Assignment]:
    queued = only(there)
    return {queued.assignment_id: queued.model_copy(update={"state": AssignmentState.SENT, "sent_at": queued.send_at})}


def test_A3_that_a_baseline_is_elevated_is_told_once() -> None:
    course = episode(session_held(NOON.date()))
    facts = known(course, [answered(course, NOON - DAY, 14)])
    (change,) = changed(facts, {}, NOON, FOLLOW_UP)
    assert [event.type for event in change.events(facts, NOON)] == ["assessments.baseline_elevated.v1"]
    again = replace(change, before=change.after)
    assert list(again.events(facts, NOON)) == []


def test_A3_a_follow_up_whose_reason_goes_is_called_off() -> None:
    course = episode(session_held(NOON.date()))
    there = planned(known(course, [answered(course, NOON - DAY, 14)]), {}, NOON, FOLLOW_UP)
    there = planned(known(course, [answered(course, NOON - DAY, 4)]), there, NOON, FOLLOW_UP)
    assert only(there).state is AssignmentState.CANCELLED


@given(moves)
def test_whatever_happens_nothing_is_sent_twice_late_or_for_a_visit_that_is_no_more(steps: Sequence[str]) -> None:
    """The plan against what was done to it; the sweep is played by `send`."""
    now, course, there, sendings = NOON, episode(), dict[UUID, Assignment](), 0
    visits: list[Visit] = []
    for step in steps:
        now += HOUR
        visits = _after(step, visits, now)
        facts = with_visits(course, *visits)
        there = planned(facts, there, now, FIRST)
        assert changed(facts, there, now, FIRST) == [], "the same again changes nothing"
        if step == "send" and there and only(there).state is AssignmentState.QUEUED and only(there).send_at <= now:
            (its,) = [v for v in visits if v.visit_id == only(there).visit_id]
            assert its.state == "scheduled"
            assert now < its.starts_at
            assert not any(v.state == "held" and v.kind == "session" for v in visits)
            there, sendings = _sent(there), sendings + 1
    assert sendings <= 1


def _after(step: str, visits: list[Visit], at: datetime) -> list[Visit]:
    last = visits[-1] if visits else None
    match step:
        case "book":
            return [*visits, visit(at, at + 30 * HOUR, kind="session")]
        case "move" if last and last.state == "scheduled":
            return [*visits[:-1], replace(last, starts_at=at + 3 * HOUR)]
        case "cancel" if last and last.state == "scheduled":
            return [*visits[:-1], replace(last, state="cancelled")]
        case "miss" if last and last.state == "scheduled":
            return [*visits[:-1], replace(last, state="missed")]
        case "hold" if last and last.state == "scheduled":
            return [*visits[:-1], replace(last, state="held", held_on=at.date())]
    return visits
