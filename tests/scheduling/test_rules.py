"""Scheduling's rules: who may be a client, what a first request carries, how it is answered, when an appointment is held."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.scheduling import ConsultationRequested, RequestAccepted, RequestDeclined, SharingChosen
from common.contracts.vocabulary import Category, Choice, Programme
from common.never_kept import age_on, check_age
from common.problems import Problem
from scheduling.appointments.rules import hold, schedule
from scheduling.clients.rules import Client, Covered, registered
from scheduling.requests.rules import Answer, Asked, ConsultationRequest, RequestState, Sharing, answer, submit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLIENT, PROVIDER, EMPLOYER = uuid4(), uuid4(), uuid4()
COVERED = Covered(CLIENT, EMPLOYER, [Programme.CARE_CONNECT])
sharings = st.builds(
    Sharing,
    choice_id=st.uuids(),
    choice=st.sampled_from(Choice),
    categories=st.lists(st.sampled_from(Category), min_size=1, unique=True),
    notice_digest=st.just("9f" * 32),
    notice_version=st.just("2026-01"),
    notice_language=st.just("en"),
    on_version=st.integers(0, 5),
)


def asked(sharing: Sharing | None, programme: Programme = Programme.CARE_CONNECT) -> Asked:
    return Asked(UUID(int=7), CLIENT, PROVIDER, programme, sharing)


def chosen(choice: Choice = Choice.OPT_IN, *, categories: tuple[Category, ...] = (Category.APPOINTMENTS,), current: bool = True) -> Sharing:
    return Sharing(uuid4(), choice, categories, "9f" * 32, "2026-01", "en", 0, current)


def refused(**call: object) -> str:
    with pytest.raises(Problem) as problem:
        submit(**call)  # type: ignore[arg-type]
    return problem.value.code


@pytest.mark.parametrize(("born", "allowed"), [("2013-11-22", True), ("2013-11-23", False), ("2026-11-22", False), ("1950-01-01", True)])
def test_C12_nobody_under_13_is_registered(born: str, allowed: bool) -> None:
    if allowed:
        check_age(date.fromisoformat(born), NOW.date())
        return
    with pytest.raises(Problem) as problem:
        check_age(date.fromisoformat(born), NOW.date())
    assert (problem.value.code, problem.value.extra["rule"]) == ("under_age", "C12")


@given(st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.integers(0, 36_500))
def test_C12_age_grows_by_one_between_birthdays(born: date, days: int) -> None:
    today = min(born + timedelta(days=days), date(2100, 1, 1))
    years = age_on(born, today)
    assert (born.year + years, born.month, born.day) <= (today.year, today.month, today.day)
    assert (born.year + years + 1, born.month, born.day) > (today.year, today.month, today.day)


@given(st.dates(date(1920, 1, 1), date(2013, 1, 1)))
def test_the_day_of_birth_is_not_told(born: date) -> None:
    client = Client(
        client_id=CLIENT,
        employer_id=EMPLOYER,
        plan_id=uuid4(),
        programme=Programme.EWS,
        birth_date=born,
        sex="other",
        state="TX",
        language="en",
    )
    event = registered(client, NOW)
    assert event.birth_year == born.year
    assert born.isoformat() not in event.to_json().replace(NOW.date().isoformat(), "")


def test_C2_a_first_request_without_a_choice_is_refused() -> None:
    assert refused(asked=asked(None), client=COVERED, first=True, now=NOW) == "choice_missing"


def test_C2_a_choice_on_a_later_request_is_refused() -> None:
    assert refused(asked=asked(chosen()), client=COVERED, first=False, now=NOW) == "choice_unexpected"


def test_C11_a_choice_on_a_notice_that_is_not_shown_any_more_is_refused() -> None:
    assert refused(asked=asked(chosen(current=False)), client=COVERED, first=True, now=NOW) == "notice_not_current"


def test_C17_an_opt_in_names_a_category() -> None:
    assert refused(asked=asked(chosen(categories=())), client=COVERED, first=True, now=NOW) == "invalid_request"


def test_a_programme_that_the_employer_does_not_offer_is_refused() -> None:
    assert refused(asked=asked(chosen(), Programme.EWS), client=COVERED, first=True, now=NOW) == "programme_not_offered"


@given(sharings)
def test_C3_the_choice_changes_nothing_of_the_request(sharing: Sharing) -> None:
    request, events = submit(asked(sharing), COVERED, first=True, now=NOW)
    declining, _ = submit(asked(chosen(Choice.DECLINE, categories=())), COVERED, first=True, now=NOW)
    assert request == declining
    requested, told = events
    assert isinstance(requested, ConsultationRequested)
    assert requested.first
    assert isinstance(told, SharingChosen)
    assert (told.choice_id, told.choice, told.categories) == (sharing.choice_id, sharing.choice, tuple(sharing.categories))


def test_a_later_request_tells_of_no_choice() -> None:
    request, events = submit(asked(None), COVERED, first=False, now=NOW)
    assert [type(event) for event in events] == [ConsultationRequested]
    assert not request.first


@given(st.sampled_from(RequestState), st.sampled_from([RequestState.ACCEPTED, RequestState.DECLINED]), st.integers(1, 3), st.integers(0, 4))
def test_S10_a_request_is_answered_once_on_the_version_that_was_seen(state: RequestState, to: RequestState, version: int, on: int) -> None:
    submitted, _ = submit(asked(None), COVERED, first=False, now=NOW)
    request = submitted.model_copy(update={"state": state, "version": version})
    if on == version and state is RequestState.SUBMITTED:
        answered, event = answer(request, Answer(request.request_id, to, on), NOW)
        assert (answered.state, answered.version, answered.answered_at) == (to, version + 1, NOW)
        assert isinstance(event, RequestAccepted if to is RequestState.ACCEPTED else RequestDeclined)
        return
    with pytest.raises(Problem) as problem:
        answer(request, Answer(request.request_id, to, on), NOW)
    assert problem.value.code == ("state_changed" if on != version else "wrong_state")


def accepted() -> ConsultationRequest:
    request, _ = submit(asked(None), COVERED, first=False, now=NOW)
    return answer(request, Answer(request.request_id, RequestState.ACCEPTED, 1), NOW)[0]


@pytest.mark.parametrize("state", [RequestState.SUBMITTED, RequestState.DECLINED])
def test_an_appointment_needs_an_accepted_request(state: RequestState) -> None:
    with pytest.raises(Problem) as problem:
        schedule(accepted().model_copy(update={"state": state}), uuid4(), "session", NOW, NOW)
    assert problem.value.code == "wrong_state"


def test_an_appointment_is_held_once() -> None:
    appointment, _ = schedule(accepted(), uuid4(), "consultation", NOW, NOW)
    held, event = hold(appointment, NOW.date(), NOW)
    assert held.held_on == event.held_on == NOW.date()
    with pytest.raises(Problem) as problem:
        hold(held, NOW.date(), NOW)
    assert problem.value.code == "wrong_state"


def test_an_appointment_is_not_held_in_the_future() -> None:
    appointment, _ = schedule(accepted(), uuid4(), "consultation", NOW, NOW)
    hold(appointment, NOW.date() + timedelta(days=1), NOW)  # it is tomorrow already east of here
    with pytest.raises(Problem) as problem:
        hold(appointment, NOW.date() + timedelta(days=2), NOW)
    assert problem.value.code == "invalid_request"
