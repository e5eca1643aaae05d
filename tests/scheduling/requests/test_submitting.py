"""What a request must carry, and what follows from submitting it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.scheduling import ConsultationRequested, RequestDeclined, SharingChosen
from common.contracts.vocabulary import Category, Choice, Programme
from common.problems import Problem
from scheduling.requests.choice import Sharing
from scheduling.requests.rules import Asked, Standing, submit
from scheduling.requests.states import RequestState
from scheduling.service_levels.rules import ALTERNATIVES_OFFERED, CONSULTATION_SCHEDULED, PROVIDER_RESPONSE, Arm
from tests.scheduling.requests.made import AGAIN, CLIENT, COVERED, EPISODE, FIRST, NOW, PROVIDER, asked, chosen

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


def refused(asked: Asked, standing: Standing) -> str:
    with pytest.raises(Problem) as problem:
        submit(asked, COVERED, standing, NOW)
    return problem.value.code


def test_C2_a_first_request_without_a_choice_is_refused() -> None:
    assert refused(asked(None), FIRST) == "choice_missing"


def test_C2_a_choice_on_a_later_request_is_refused() -> None:
    assert refused(asked(chosen()), AGAIN) == "choice_unexpected"


def test_C11_a_choice_on_a_notice_that_is_not_shown_any_more_is_refused() -> None:
    assert refused(asked(chosen(current=False)), FIRST) == "notice_not_current"


def test_C17_an_opt_in_names_a_category() -> None:
    assert refused(asked(chosen(categories=())), FIRST) == "invalid_request"


def test_S1_a_programme_that_the_employer_does_not_offer_is_refused() -> None:
    assert refused(asked(chosen(), Programme.EWS), FIRST) == "programme_not_offered"


@given(sharings)
def test_C3_the_choice_changes_nothing_of_the_request_its_deadlines_and_who_is_told(sharing: Sharing) -> None:
    request, follows = submit(asked(sharing), COVERED, FIRST, NOW)
    declining, otherwise = submit(asked(chosen(Choice.DECLINE, categories=())), COVERED, FIRST, NOW)
    assert (request, follows.deadlines, follows.notices) == (declining, otherwise.deadlines, otherwise.notices)
    requested, told = follows.events
    assert isinstance(requested, ConsultationRequested)
    assert requested.first
    assert isinstance(told, SharingChosen)
    assert (told.choice_id, told.choice, told.categories) == (sharing.choice_id, sharing.choice, tuple(sharing.categories))


def test_a_later_request_tells_of_no_choice() -> None:
    request, follows = submit(asked(None), COVERED, AGAIN, NOW)
    assert [type(event) for event in follows.events] == [ConsultationRequested]
    assert not request.first


def test_S7_S8_S11_the_clocks_of_a_request_run_from_its_submission() -> None:
    request, follows = submit(asked(None), COVERED, AGAIN, NOW)
    policies = (PROVIDER_RESPONSE, ALTERNATIVES_OFFERED, CONSULTATION_SCHEDULED)
    assert follows.deadlines == tuple(Arm(policy, request.request_id, NOW) for policy in policies)
    assert [notice.to.id for notice in follows.notices] == [PROVIDER]


def test_S12_where_the_network_does_not_operate_the_client_is_declined_and_invited_to_the_waitlist() -> None:
    request, follows = submit(asked(chosen()), COVERED, Standing(first=True, served=False, episode_id=EPISODE), NOW)
    assert (request.state, request.decline_reason) == (RequestState.DECLINED, "state_not_served")
    assert [type(event) for event in follows.events] == [ConsultationRequested, SharingChosen, RequestDeclined]
    assert not follows.deadlines, "nothing was promised"
    (invited,) = follows.notices
    assert (invited.to.id, invited.template) == (CLIENT, "waitlist_invitation_client")
