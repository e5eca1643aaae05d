"""When an appointment may be scheduled, moved, called off, and that it is held once."""

from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from common.contracts.scheduling import AppointmentCancelled, AppointmentHeld, AppointmentMoved, FitAssessed, RequestAccepted
from common.problems import Problem
from scheduling.appointments.rules import Appointment, AppointmentState, Booking, cancel, held_at, hold, lost, miss, move, schedule
from scheduling.requests.states import MOVES, Move, RequestState
from scheduling.service_levels.rules import APPOINTMENT_OUTCOME, CONSULTATION_SCHEDULED, PROVIDER_RESPONSE, Arm, Cancel, Stop
from tests.scheduling.requests.made import CLIENT, NOW, PROVIDER, REQUEST, in_state

TOMORROW = NOW + timedelta(days=1)


def booking(kind: str = "consultation", starts_at: datetime = TOMORROW) -> Booking:
    return Booking(uuid4(), REQUEST, kind, starts_at)  # type: ignore[arg-type]


def scheduled(kind: str = "consultation") -> Appointment:
    return schedule(in_state(RequestState.ACCEPTED), booking(kind), 50, NOW)[1]


@pytest.mark.parametrize("state", [state for state in RequestState if Move.SCHEDULE_SESSION not in MOVES[state]])
def test_a_session_needs_a_request_that_is_so_far(state: RequestState) -> None:
    with pytest.raises(Problem) as problem:
        schedule(in_state(state), booking("session"), 50, NOW)
    assert problem.value.code == "wrong_state"


@pytest.mark.parametrize("state", [RequestState.SUBMITTED, RequestState.TIMED_OUT])
def test_S6_what_the_client_books_answers_a_request_that_nobody_has_answered(state: RequestState) -> None:
    request, appointment, follows = schedule(in_state(state), booking(), 20, NOW)
    assert (request.state, request.answered_at) == (RequestState.CONSULTATION_SCHEDULED, NOW)
    assert appointment.ends_at - appointment.starts_at == timedelta(minutes=20)
    assert isinstance(follows.events[0], RequestAccepted)
    assert Stop(PROVIDER_RESPONSE, REQUEST, NOW) in follows.deadlines
    assert Stop(CONSULTATION_SCHEDULED, REQUEST, NOW) in follows.deadlines
    assert Arm(APPOINTMENT_OUTCOME, appointment.appointment_id, TOMORROW) in follows.deadlines
    assert {CLIENT, PROVIDER} <= {notice.to.id for notice in follows.notices}


def test_S10_a_session_after_the_consultation_says_that_it_was_a_good_fit() -> None:
    _, _, follows = schedule(in_state(RequestState.CONSULTATION_HELD), booking("session"), 50, NOW)
    assert [event.good_fit for event in follows.events if isinstance(event, FitAssessed)] == [True]


def test_a_moved_appointment_keeps_its_length_and_its_clock_begins_anew() -> None:
    later = TOMORROW + timedelta(days=2)
    appointment = scheduled("session")
    moved, follows = move(appointment, later, "client", NOW)
    assert (moved.starts_at, moved.ends_at - moved.starts_at, moved.sequence) == (later, timedelta(minutes=50), 1)
    assert follows.deadlines == (Arm(APPOINTMENT_OUTCOME, appointment.appointment_id, later),)
    (event,) = follows.events
    assert isinstance(event, AppointmentMoved)
    assert (event.moved_from, event.starts_at) == (TOMORROW, later)
    again, told = move(moved, TOMORROW, "client", NOW)
    assert not {notice.reason for notice in told.notices} & {notice.reason for notice in follows.notices}, "both moves are told"
    assert again.sequence == 2


@pytest.mark.parametrize("change", ["move", "cancel", "miss", "hold"])
@pytest.mark.parametrize("state", [AppointmentState.HELD, AppointmentState.CANCELLED, AppointmentState.MISSED])
def test_what_is_over_is_not_changed_any_more(change: str, state: AppointmentState) -> None:
    over = scheduled().model_copy(update={"state": state})
    doing = {
        "move": lambda: move(over, TOMORROW, "client", NOW),
        "cancel": lambda: cancel(over, "client", NOW),
        "miss": lambda: miss(over, "client", TOMORROW),
        "hold": lambda: hold(over, TOMORROW.date(), TOMORROW),
    }[change]
    with pytest.raises(Problem) as problem:
        doing()
    assert (problem.value.code, problem.value.extra["state"]) == ("wrong_state", state)


def test_an_appointment_is_held_once() -> None:
    held, follows = hold(scheduled(), NOW.date(), NOW)
    (event,) = follows.events
    assert isinstance(event, AppointmentHeld)
    assert held.held_on == event.held_on == NOW.date()
    with pytest.raises(Problem) as problem:
        hold(held, NOW.date(), NOW)
    assert problem.value.code == "wrong_state"


def test_an_appointment_is_not_held_in_the_future() -> None:
    appointment = scheduled()
    hold(appointment, NOW.date() + timedelta(days=1), NOW)  # it is tomorrow already east of here
    with pytest.raises(Problem) as problem:
        hold(appointment, NOW.date() + timedelta(days=2), NOW)
    assert problem.value.code == "invalid_request"


def test_nobody_has_missed_what_has_not_begun() -> None:
    with pytest.raises(Problem) as problem:
        miss(scheduled(), "client", NOW)
    assert problem.value.extra["allowed"] == ["move", "cancel"]
    assert miss(scheduled(), "client", TOMORROW)[0].state is AppointmentState.MISSED


def test_S8_a_consultation_that_fell_through_is_to_be_scheduled_again_within_five_days() -> None:
    request, follows = lost(in_state(RequestState.CONSULTATION_SCHEDULED), scheduled(), others=False, now=NOW)
    assert request.state is RequestState.ACCEPTED
    assert follows.deadlines == (Arm(CONSULTATION_SCHEDULED, REQUEST, NOW),)


def test_one_of_two_sessions_that_fell_through_changes_nothing_of_the_request() -> None:
    request = in_state(RequestState.SESSION_SCHEDULED)
    assert lost(request, scheduled("session"), others=True, now=NOW)[0] == request
    assert lost(request, scheduled("session"), others=False, now=NOW)[0].state is RequestState.GOOD_FIT


def test_a_cancelled_appointment_has_no_deadlines_left() -> None:
    appointment = scheduled()
    _, follows = cancel(appointment, "provider", NOW)
    assert follows.deadlines == (Cancel(appointment.appointment_id, "cancelled"),)
    assert isinstance(follows.events[0], AppointmentCancelled)


def test_S9_it_was_held_when_it_was_to_begin_on_the_day_on_which_it_was_held() -> None:
    appointment = scheduled()  # noon in Boston
    same = hold(appointment, date(2026, 11, 24), TOMORROW)[0]
    assert held_at(same, "America/New_York") == TOMORROW
    later = appointment.model_copy(update={"held_on": date(2026, 11, 27)})
    assert held_at(later, "America/New_York") == datetime(2026, 11, 27, 12, tzinfo=ZoneInfo("America/New_York"))
