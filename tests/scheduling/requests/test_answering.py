"""How a provider answers, and what follows (S7, S8, S10)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.scheduling import RequestAccepted, RequestDeclined, RequestTimedOut
from common.problems import Problem
from scheduling.requests.rules import Answer, answer, lapse_proposal, time_out
from scheduling.requests.states import Move, RequestState
from scheduling.service_levels.rules import (
    ALTERNATIVES_OFFERED,
    CONSULTATION_SCHEDULED,
    PROPOSAL_ANSWERED,
    PROVIDER_RESPONSE,
    Arm,
    Cancel,
    Pause,
    Resume,
    Stop,
)
from tests.scheduling.requests.made import CLIENT, NOW, REQUEST, in_state, submitted

ANSWERS = {Move.ACCEPT: RequestState.ACCEPTED, Move.DECLINE: RequestState.DECLINED}


@given(st.sampled_from(RequestState), st.sampled_from(sorted(ANSWERS)), st.integers(1, 3), st.integers(0, 4))
def test_S10_a_request_is_answered_on_the_version_that_was_seen(state: RequestState, move: Move, version: int, on: int) -> None:
    request = in_state(state).model_copy(update={"version": version})
    open_ones = {RequestState.SUBMITTED, RequestState.TIMED_OUT}
    if move is Move.DECLINE:  # a provider may change their mind before the consultation
        open_ones |= {RequestState.ACCEPTED, RequestState.CONSULTATION_SCHEDULED}
    if on == version and state in open_ones:
        answered, _ = answer(request, Answer(REQUEST, move, on), NOW)
        assert (answered.state, answered.version, answered.answered_at) == (ANSWERS[move], version + 1, NOW)
        return
    with pytest.raises(Problem) as problem:
        answer(request, Answer(REQUEST, move, on), NOW)
    assert problem.value.code == ("state_changed" if on != version else "wrong_state")


@pytest.mark.parametrize("move", sorted(ANSWERS))
def test_S7_a_decline_is_an_answer_too(move: Move) -> None:
    _, follows = answer(submitted(), Answer(REQUEST, move, 1), NOW)
    assert Stop(PROVIDER_RESPONSE, REQUEST, NOW) in follows.deadlines
    (event,) = follows.events
    assert isinstance(event, RequestAccepted if move is Move.ACCEPT else RequestDeclined)
    assert [notice.to.id for notice in follows.notices] == [CLIENT]


def test_S10_a_declined_client_is_still_owed_the_offer_of_others() -> None:
    _, follows = answer(submitted(), Answer(REQUEST, Move.DECLINE, 1), NOW)
    ended = {code for step in follows.deadlines if isinstance(step, Cancel) for code in step.policies or ()}
    assert CONSULTATION_SCHEDULED in ended
    assert ALTERNATIVES_OFFERED not in ended


def test_S8_the_providers_clock_stands_while_the_client_chooses_a_time() -> None:
    times = (NOW + timedelta(days=1), NOW + timedelta(days=2))
    answered, follows = answer(submitted(), Answer(REQUEST, Move.PROPOSE_TIMES, 1, proposed_times=times), NOW)
    assert (answered.state, answered.proposed_times) == (RequestState.ACCEPTED, times)
    assert Pause(CONSULTATION_SCHEDULED, REQUEST, NOW, "times proposed") in follows.deadlines
    assert Arm(PROPOSAL_ANSWERED, REQUEST, NOW) in follows.deadlines
    later = NOW + timedelta(days=2)
    lapsed, follows = lapse_proposal(answered, later)
    assert lapsed.proposed_times == ()
    assert Resume(CONSULTATION_SCHEDULED, REQUEST, later) in follows.deadlines


@pytest.mark.parametrize("days", [-1, 0, 31])
def test_S8_times_are_proposed_for_the_coming_month(days: int) -> None:
    with pytest.raises(Problem) as problem:
        answer(submitted(), Answer(REQUEST, Move.PROPOSE_TIMES, 1, proposed_times=(NOW + timedelta(days=days),)), NOW)
    assert problem.value.extra == {"field": "times", "rule": "S8"}


def test_S11_without_an_answer_it_times_out_and_the_offer_is_still_owed() -> None:
    late, follows = time_out(submitted(), NOW + timedelta(hours=72))
    assert late.state is RequestState.TIMED_OUT
    assert [type(event) for event in follows.events] == [RequestTimedOut]
    assert not follows.deadlines
