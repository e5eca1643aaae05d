"""What can happen to a deadline, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.deadlines import rules
from common.deadlines.calendars import WorkCalendar, parse_calendar, shipped_calendars
from common.deadlines.deadline import Deadline, State
from common.deadlines.ladder import next_step
from common.deadlines.policies import BREACH, Policy, Rung
from tests.common.deadlines.conftest import HOUR, MONDAY, NEW_YORK, RESPOND, SESSION

US = parse_calendar(shipped_calendars()["us-federal"])
DAYS = Policy(code="days", version=1, rule="S8", budget=5, unit="calendar_days")
HOURS = Policy(code="hours", version=1, rule="S9", budget=48, unit="business_hours")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)


def calendar_of(policy: Policy) -> WorkCalendar | None:
    return US if policy.needs_calendar else None


def armed(policy: Policy, at: datetime = MONDAY) -> Deadline:
    return rules.arm(policy, rules.Anchor(uuid4(), uuid4(), at, NEW_YORK), calendar_of(policy))


def paused(policy: Policy, deadline: Deadline, begin: str, until: str) -> Deadline:
    stands = rules.pause(deadline, local(begin))
    assert stands is not None and (stands.due_at, stands.next_fire_at) == (None, None)
    again = rules.resume(stands, policy, calendar_of(policy), local(until))
    assert again is not None
    return again


def fired(policy: Policy, deadline: Deadline, calendar: WorkCalendar | None = None) -> list[tuple[str, datetime]]:
    """Everything that it would fire."""
    found = []
    while step := next_step(deadline, policy, calendar or calendar_of(policy)):
        assert step.at == deadline.next_fire_at
        found.append((step.key, step.at))
        deadline = rules.advance(deadline, step, policy, calendar or calendar_of(policy))
    assert deadline.next_fire_at is None
    return found


@pytest.mark.parametrize("anchor", ["2027-03-13T15:00", "2026-10-31T15:00"])
def test_S7_twenty_four_hours_are_real_hours_also_when_the_clocks_change(anchor: str) -> None:
    assert armed(RESPOND, local(anchor)).due_at == local(anchor) + 24 * HOUR


def test_S8_calendar_days_count_weekends_and_end_with_the_local_day() -> None:
    assert armed(DAYS, local("2026-06-04T10:00")).due_at == local("2026-06-10T00:00")


def test_a_ladder_fires_in_order_with_the_breach_where_it_falls() -> None:
    expected = [("remind", 12), ("warn", 20), (BREACH, 24), ("escalate", 48)]
    assert fired(RESPOND, armed(RESPOND)) == [(key, MONDAY + hours * HOUR) for key, hours in expected]


def test_a_rung_at_the_due_moment_comes_before_the_breach() -> None:
    policy = RESPOND.model_copy(update={"rungs": (Rung(key="last", action="a", hours_before_due=0),)})
    assert [key for key, _ in fired(policy, armed(policy))] == ["last", BREACH]


def test_a_rung_before_the_anchor_is_a_reminder_before_an_appointment() -> None:
    policy = Policy(
        code="visit", version=1, rule="A1", budget=0, unit="elapsed_hours", rungs=(Rung(key="day", action="a", hours_after_anchor=-24),)
    )
    assert fired(policy, armed(policy))[0] == ("day", MONDAY - 24 * HOUR)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=5), st.integers(0, 10))
def test_no_rung_fires_before_the_one_below_it_whatever_is_mixed(hours: list[int], days: int) -> None:
    rungs = [Rung(key=f"h{n}", action="a", hours_after_anchor=at) for n, at in enumerate(sorted(hours))]
    mixed = (*rungs, Rung(key="days", action="a", business_days_after_anchor=days), Rung(key="due", action="a", hours_before_due=30))
    policy = SESSION.model_copy(update={"rungs": mixed})
    moments = [at for _, at in fired(policy, armed(policy))]
    assert all(a <= b for a, b in pairwise(moments))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100)), max_size=6))
def test_a_pause_moves_an_elapsed_budget_on_by_its_length(spells: list[tuple[int, int]]) -> None:
    deadline, at, stood = armed(RESPOND), MONDAY, timedelta(0)
    for runs, stands in spells:
        at += runs * HOUR
        if (stopped := rules.pause(deadline, at)) is None:
            assert deadline.due_at is not None and at >= deadline.due_at
            break
        assert stopped.consumed == at - MONDAY - stood
        at += stands * HOUR
        stood += stands * HOUR
        resumed = rules.resume(stopped, RESPOND, None, at)
        assert resumed is not None
        deadline = resumed
        assert (deadline.due_at, deadline.stood, deadline.running_since) == (MONDAY + 24 * HOUR + stood, stood, at)


@pytest.mark.parametrize(
    ("begin", "until", "last_day", "why"),
    [
        ("2026-06-05T17:00", "2026-06-08T09:00", "2026-06-08", "over the weekend: 16 hours of business days, no whole one"),
        ("2026-06-06T10:00", "2026-06-07T18:00", "2026-06-08", "within the weekend"),
        ("2026-06-05T12:00", "2026-06-08T12:00", "2026-06-09", "a whole business day in two halves, around a weekend"),
        ("2026-06-03T00:00", "2026-06-04T00:00", "2026-06-09", "a whole Wednesday"),
        ("2026-06-03T08:00", "2026-06-03T12:00", "2026-06-08", "four hours"),
        ("2026-06-05T17:00", "2026-06-15T17:00", "2026-06-16", "six business days, far beyond what it was due by"),
        ("2026-06-18T00:00", "2026-06-20T00:00", None, "after it was due: nothing is saved"),
    ],
)
def test_S9_a_pause_neither_loses_nor_gains_business_days(begin: str, until: str, last_day: str | None, why: str) -> None:
    deadline = armed(SESSION, local("2026-06-01T10:00"))
    assert deadline.due_at == local("2026-06-09T00:00")
    if last_day is None:
        assert rules.pause(deadline, local(begin)) is None, why
        return
    due = paused(SESSION, deadline, begin, until).due_at
    assert due is not None
    assert (due - HOUR).astimezone(ZoneInfo(NEW_YORK)).date().isoformat() == last_day, why


def test_S9_short_pauses_add_up_to_a_business_day() -> None:
    deadline = armed(SESSION, local("2026-06-01T10:00"))
    for day in (2, 3):
        deadline = paused(SESSION, deadline, f"2026-06-0{day}T08:00", f"2026-06-0{day}T19:00")
    assert deadline.due_at == local("2026-06-09T00:00")
    assert paused(SESSION, deadline, "2026-06-04T08:00", "2026-06-04T10:00").due_at == local("2026-06-10T00:00")


def test_a_pause_moves_business_hours_and_calendar_days_on_as_well() -> None:
    monday = local("2026-06-01T10:00")
    assert paused(HOURS, armed(HOURS, monday), "2026-06-01T12:00", "2026-06-01T18:00").due_at == local("2026-06-03T16:00")
    assert paused(DAYS, armed(DAYS, monday), "2026-06-05T12:00", "2026-06-07T13:00").due_at == local("2026-06-09T00:00")


def test_an_over_run_pause_breaches_nothing_and_resumes_with_what_was_left() -> None:
    stands = rules.pause(armed(RESPOND), MONDAY + 20 * HOUR)
    assert stands is not None and next_step(stands, RESPOND, None) is None
    runs = rules.resume(stands, RESPOND, None, MONDAY + 1000 * HOUR)
    assert runs is not None and runs.due_at == MONDAY + 1004 * HOUR


def test_a_clock_that_has_not_begun_to_run_cannot_stand_still() -> None:
    deadline = armed(RESPOND)
    stands = rules.pause(deadline, MONDAY - 10 * HOUR)
    assert stands is not None
    runs = rules.resume(stands, RESPOND, None, MONDAY - 4 * HOUR)
    assert runs is not None and runs.due_at == deadline.due_at


def test_duplicate_and_reordered_pauses_and_resumptions_change_nothing() -> None:
    deadline = paused(RESPOND, armed(RESPOND), "2026-03-02T11:00", "2026-03-02T12:00")
    assert rules.resume(deadline, RESPOND, None, MONDAY + 3 * HOUR) is None
    assert rules.pause(deadline, local("2026-03-02T11:30")) is None, "from before the resumption"
    stands = rules.pause(deadline, local("2026-03-02T13:00"))
    assert stands is not None
    assert rules.pause(stands, local("2026-03-02T14:00")) is None
    assert rules.resume(stands, RESPOND, None, local("2026-03-02T12:00")) is None, "from before the pause"


def test_another_policy_keeps_what_was_consumed() -> None:
    """GLPI #6902: the time that a ticket waited was lost when its service level was changed."""
    old = paused(RESPOND, armed(RESPOND), "2026-03-02T11:00", "2026-03-02T21:00")
    longer = RESPOND.model_copy(update={"code": "longer", "budget": 48})
    new = rules.follow(old, rules.arm(longer, rules.Anchor(old.subject, old.about, MONDAY, NEW_YORK), None), longer, None, {"remind"})
    assert (new.consumed, new.stood, new.due_at) == (old.consumed, 10 * HOUR, MONDAY + 58 * HOUR)
    assert [key for key, _ in fired(longer, new)] == ["warn", BREACH, "escalate"]
    in_days = rules.follow(old, armed(SESSION), SESSION, US, set())
    assert in_days.spells == old.spells


def test_a_pause_under_way_goes_on_under_another_policy() -> None:
    stands = rules.pause(armed(RESPOND), MONDAY + HOUR)
    assert stands is not None
    new = rules.follow(stands, armed(SESSION), SESSION, US, set())
    assert (new.state, new.due_at, new.pauses) == (State.PAUSED, None, stands.pauses)


def test_a_rung_that_is_to_fire_again_does_after_the_anchor_has_moved_and_the_others_do_not() -> None:
    rungs = (
        Rung(key="forms", action="a", hours_after_anchor=-72),
        Rung(key="day", action="a", hours_after_anchor=-24, again=True),
        Rung(key="hour", action="a", hours_after_anchor=-1),
    )
    policy = Policy(code="visit", version=1, rule="A1", budget=0, unit="elapsed_hours", rungs=rungs)
    new = rules.follow(armed(policy), armed(policy, MONDAY + 100 * HOUR), policy, None, {"forms", "day"})
    assert [key for key, _ in fired(policy, new)] == ["day", "hour", BREACH]
    assert rules.inherited(policy, {"forms", "day"}) == ["forms"]


def judged(deadline: Deadline, hours: float) -> Any:
    outcome = rules.stop(deadline, MONDAY + hours * HOUR)
    return outcome and (outcome.kind, outcome.announced, outcome.deadline.state, outcome.deadline.missed_at, outcome.deadline.closed_at)


def test_S7_met_or_missed_is_decided_by_when_it_occurred() -> None:
    due, running = MONDAY + 24 * HOUR, armed(RESPOND)
    told = replace(running, state=State.MISSED, missed_at=due)
    assert judged(running, 24) == ("met", False, State.MET, None, due), "the last instant is in time"
    assert judged(running, 25) == ("missed", False, State.MISSED, due, MONDAY + 25 * HOUR)
    assert judged(told, 25) == ("missed", True, State.MISSED, due, MONDAY + 25 * HOUR)
    assert judged(told, 23) == ("retracted", False, State.MET, None, MONDAY + 23 * HOUR)
    assert judged(replace(told, closed_at=MONDAY + 25 * HOUR), 23) == ("retracted", False, State.MET, None, MONDAY + 23 * HOUR)


@pytest.mark.parametrize("state", [State.MET, State.CANCELLED, State.SUPERSEDED])
def test_what_is_closed_in_time_is_not_judged_again(state: State) -> None:
    closed = replace(armed(RESPOND), state=state, closed_at=MONDAY + HOUR)
    assert judged(closed, 0) is None
    assert judged(closed, 30) is None
    assert judged(replace(closed, state=State.MISSED, missed_at=MONDAY + 24 * HOUR, closed_at=MONDAY + 26 * HOUR), 25) is None


def test_while_the_clock_stands_nothing_is_late() -> None:
    stands = rules.pause(armed(RESPOND), MONDAY + HOUR)
    assert stands is not None and judged(stands, 1000) == ("met", False, State.MET, None, MONDAY + 1000 * HOUR)


def test_a_pause_that_began_in_time_and_is_heard_of_late_takes_the_breach_back() -> None:
    told = replace(armed(RESPOND), state=State.MISSED, missed_at=MONDAY + 24 * HOUR)
    assert rules.retract(told, MONDAY + 24 * HOUR, MONDAY + 30 * HOUR) is None
    retracted = rules.retract(told, MONDAY + 20 * HOUR, MONDAY + 30 * HOUR)
    assert retracted is not None
    old, new = retracted
    assert (old.state, old.missed_at, new.state, new.generation) == (State.SUPERSEDED, None, State.PAUSED, 2)
    assert old.event_id(BREACH) != new.event_id(BREACH)


def test_cancelling_forgets_no_breach() -> None:
    told = replace(armed(RESPOND), state=State.MISSED, missed_at=MONDAY + 24 * HOUR)
    cancelled = rules.cancel(told, MONDAY + 30 * HOUR)
    assert cancelled is not None and (cancelled.state, cancelled.next_fire_at) == (State.MISSED, None)
    running = rules.cancel(armed(RESPOND), MONDAY)
    assert running is not None and running.state is State.CANCELLED
    assert rules.cancel(running, MONDAY) is None


def test_a_calendar_moves_what_is_open_and_leaves_what_is_judged() -> None:
    closed = replace(US, version=2, closed=US.closed | {local("2026-06-03T12:00").date()})
    deadline = armed(SESSION, local("2026-06-01T10:00"))
    moved = rules.reproject(deadline, SESSION, closed)
    assert (moved.due_at, moved.calendar_version) == (local("2026-06-10T00:00"), 2)
    assert fired(SESSION, moved, closed)[0] == ("warn", local("2026-06-06T00:00"))
    told = replace(deadline, state=State.MISSED, missed_at=deadline.due_at)
    assert rules.reproject(told, SESSION, closed) == told
