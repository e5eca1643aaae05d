"""The simulated half year holds what it is to hold, the stops meet every window, and the checker's own reading is that of the rules."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest

from common.contracts import scheduling as facts
from tests.simulation.histories import BEGIN, CHANGES_OF_CLOCKS, END, HOUR, TURN_OF_THE_YEAR, History, histories
from tests.simulation.reading import Known, Meeting, Score, baseline, days_span, first_span
from tests.simulation.stops import Fault, blocked_between, faults, missed, stops, windows

EPISODE = UUID(int=7)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def found() -> list[History]:
    return histories(5, 150)


def test_the_same_seed_tells_the_same(found: list[History]) -> None:
    assert histories(5, 150) == found
    assert histories(6, 150) != found


def test_everything_that_can_happen_to_appointments_happens(found: list[History]) -> None:
    kinds = Counter(type(event) for history in found for event in history.events)
    assert set(kinds) >= {
        facts.ClientRegistered, facts.ConsultationRequested, facts.RequestAccepted, facts.RequestDeclined, facts.AppointmentScheduled,
        facts.AppointmentMoved, facts.AppointmentCancelled, facts.AppointmentMissed, facts.AppointmentHeld, facts.CareEnded,
    }  # fmt: skip
    booked = [e for history in found for e in history.events if isinstance(e, facts.AppointmentScheduled)]
    leads = [event.starts_at - event.occurred_at for event in booked]
    assert any(lead < timedelta(0) for lead in leads), "recorded after the fact"
    assert any(timedelta(0) < lead <= HOUR for lead in leads)
    assert any(lead == 3 * HOUR for lead in leads)
    assert any(lead > timedelta(days=14) for lead in leads)
    assert {event.starts_at.date() for event in booked} >= {*CHANGES_OF_CLOCKS, TURN_OF_THE_YEAR}
    assert any(len({e.episode_id for e in h.events if isinstance(e, facts.ConsultationRequested)}) > 1 for h in found)


def test_what_is_told_of_a_client_comes_in_its_order(found: list[History]) -> None:
    for history in found:
        at = [event.occurred_at for event in history.events]
        assert at == sorted(at)
        assert not at or (at[0] >= BEGIN and at[-1] < END)


def test_there_is_a_stop_in_every_window_also_when_something_is_away(found: list[History]) -> None:
    wanted = windows(found)
    at = stops(wanted, timedelta(hours=12))
    away = faults(Random(3), at, wanted, {"service away": 6, "cut off": 2, "kill": 3})
    assert not missed(wanted, at, set())
    assert len(blocked_between(away)) >= 8
    assert not missed(wanted, at, blocked_between(away))
    assert missed(wanted, at, blocked_between([Fault("service away", 0, len(at))])) == wanted
    assert max(later - earlier for earlier, later in pairwise(at)) <= timedelta(hours=12)


def knows(*meetings: Meeting) -> Known:
    return Known({UUID(int=n): meeting for n, meeting in enumerate(meetings)})


def test_A1_booked_ahead_it_is_due_within_48_hours_and_before_the_visit() -> None:
    far = first_span(knows(Meeting(EPISODE, "consultation", NOON, NOON + 200 * HOUR)), EPISODE, NOON)
    assert far
    assert (far.opens, far.due, far.ends) == (NOON + HOUR, NOON + 48 * HOUR, NOON + 200 * HOUR)
    near = first_span(knows(Meeting(EPISODE, "session", NOON, NOON + 3 * HOUR)), EPISODE, NOON)
    assert near
    assert (near.opens, near.due) == (NOON, NOON + 3 * HOUR)


def test_A1_nothing_is_owed_for_a_visit_that_began_or_is_off_nor_after_the_first_session() -> None:
    visit = Meeting(EPISODE, "consultation", NOON, NOON + 3 * HOUR)
    assert first_span(knows(visit), EPISODE, NOON + 3 * HOUR) is None
    assert first_span(knows(Meeting(EPISODE, "session", NOON, NOON + 3 * HOUR, "off")), EPISODE, NOON) is None
    session = Meeting(EPISODE, "session", NOON - 90 * HOUR, NOON - 80 * HOUR, "held", date(2026, 10, 30))
    assert first_span(knows(visit, session), EPISODE, NOON) is None


def test_A3_days_are_the_clients_own_also_where_clocks_change() -> None:
    span = days_span("follow_up", date(2026, 10, 5), "America/New_York")
    assert span
    assert span.opens == datetime(2026, 11, 2, 15, tzinfo=UTC), "ten in the morning of day 28, in winter time by then"
    assert span.ends == datetime(2026, 11, 17, 5, tzinfo=UTC), "the end of day 42"
    assert days_span("follow_up", date(2026, 10, 5), "America/New_York", baseline_on=date(2026, 11, 4)) is None, "14 days are too long"


def test_A3_the_baseline_is_the_last_complete_score_before_treatment() -> None:
    session = Meeting(EPISODE, "session", NOON - 90 * HOUR, NOON, "held", NOON.date())
    known = knows(session)

    def score(hours: float, total: int, *, complete: bool = True) -> Score:
        return Score(NOON + hours * HOUR, "phq-9", EPISODE, None, total, complete)

    assert baseline(known, EPISODE, [score(-80, 12)], "UTC")
    assert baseline(known, EPISODE, [score(-80, 12), score(-2, 9)], "UTC") is None
    assert baseline(known, EPISODE, [score(-80, 12), score(-2, 9, complete=False)], "UTC"), "a complete one counts before a prorated one"
    assert baseline(known, EPISODE, [score(-2, 12, complete=False)], "UTC"), "without one a prorated one counts"
    assert baseline(known, EPISODE, [score(23, 12)], "UTC"), "the link stays open for a day"
    assert baseline(known, EPISODE, [score(25, 12)], "UTC") is None
