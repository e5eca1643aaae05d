"""Times in a zone, what is left, and how far a request has come: pure."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.appointments.rules import Appointment, AppointmentState
from scheduling.pages.steps import next_of, steps_of
from scheduling.pages.times import Left, last_minute, left, local_text, moment_in
from scheduling.requests.queue import ServiceLevel
from scheduling.requests.rules import ConsultationRequest
from scheduling.requests.states import OVER, RequestState

NEW_YORK = "America/New_York"
NOON = datetime(2026, 3, 6, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-03-08T01:59", datetime(2026, 3, 8, 6, 59, tzinfo=UTC)),
        ("2026-03-08T03:00", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        ("2026-11-01T01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("2026-11-01T02:00", datetime(2026, 11, 1, 7, 0, tzinfo=UTC)),
    ],
    ids=["before it springs forward", "after", "the first of the two", "after it fell back"],
)
def test_a_local_time_is_read_in_the_zone(said: str, moment: datetime) -> None:
    assert moment_in(NEW_YORK, said) == moment


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        moment_in(NEW_YORK, "2026-03-08T02:30")
    assert refused.value.extra["field"] == "skipped_time"


@pytest.mark.parametrize("said", ["", "2026-02-30T10:00", "x"])
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(Problem):
        moment_in(NEW_YORK, said)


@given(st.integers(0, 5 * 365 * 24 * 60))
def test_what_a_field_shows_is_read_back(minutes: int) -> None:
    at = NOON + timedelta(minutes=minutes)
    back = moment_in(NEW_YORK, local_text(at, NEW_YORK))
    assert back in (at, at - timedelta(hours=1)), "the hour that comes twice is the first one"


@pytest.mark.parametrize(
    ("hours", "shown"),
    [(26, Left(1, 2, 0, False)), (1.5, Left(0, 1, 30, False)), (0, Left(0, 0, 0, False)), (-25, Left(1, 1, 0, True))],
)
def test_what_is_left_is_said_in_days_hours_and_minutes(hours: float, shown: Left) -> None:
    assert left(NOON + timedelta(hours=hours), NOON) == shown


def test_what_is_due_by_midnight_is_due_on_the_day_before() -> None:
    midnight = datetime(2026, 3, 7, 5, tzinfo=UTC)
    assert local_text(last_minute(midnight, NEW_YORK), NEW_YORK) == "2026-03-06T23:59"
    assert last_minute(NOON, NEW_YORK) == NOON


def request_in(state: RequestState) -> ConsultationRequest:
    answered = None if state in (RequestState.SUBMITTED, RequestState.TIMED_OUT) else NOON
    return ConsultationRequest(
        request_id=uuid4(), client_id=uuid4(), provider_id=uuid4(), programme=Programme.CARE_CONNECT, state=state, first=True,
        requested_at=NOON, answered_at=answered,
    )  # fmt: skip


def level(policy: str, hours: int) -> ServiceLevel:
    return ServiceLevel(policy=policy, rule="S", anchor_at=NOON, due_at=NOON + timedelta(hours=hours), missed=False)


LEVELS = [level("provider_response", 24), level("consultation_scheduled", 120), level("first_session", 168)]


@pytest.mark.parametrize("state", [state for state in RequestState if state not in OVER])
def test_exactly_one_step_is_under_way_until_care_has_begun(state: RequestState) -> None:
    steps = steps_of(request_in(state), LEVELS, [])
    standings = [step.standing for step in steps]
    assert standings == sorted(standings, key=["done", "now", "ahead"].index), "done, then now, then ahead"
    assert standings.count("now") == (0 if state is RequestState.IN_CARE else 1)


def test_S7_S8_S9_what_is_not_agreed_yet_is_promised_by_a_moment() -> None:
    steps = steps_of(request_in(RequestState.SUBMITTED), LEVELS, [])
    assert [step.by for step in steps] == [None, *(one.due_at for one in LEVELS)]


def test_what_is_agreed_has_its_own_moment() -> None:
    request = request_in(RequestState.CONSULTATION_SCHEDULED)
    planned, gone = NOON + timedelta(days=2), NOON + timedelta(days=1)
    made = [appointment(request, gone, AppointmentState.CANCELLED), appointment(request, planned, AppointmentState.SCHEDULED)]
    consultation = steps_of(request, LEVELS, made)[2]
    assert (consultation.standing, consultation.at, consultation.by) == ("now", planned, None)


def appointment(request: ConsultationRequest, starts_at: datetime, state: AppointmentState) -> Appointment:
    return Appointment(
        appointment_id=uuid4(), request_id=request.request_id, client_id=request.client_id, provider_id=request.provider_id,
        programme=request.programme, kind="consultation", starts_at=starts_at, ends_at=starts_at + timedelta(minutes=20),
        scheduled_at=NOON, state=state,
    )  # fmt: skip


def test_proposed_times_are_the_clients_turn() -> None:
    request = request_in(RequestState.ACCEPTED)
    assert next_of(request) == "next.accepted"
    assert next_of(request.model_copy(update={"proposed_times": (NOON,)})) == "next.accepted_times"
