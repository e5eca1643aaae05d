"""The sample programme: the same seed gives the same one, it keeps to the rules, and its numbers are those of their sources."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from statistics import fmean
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Category, Choice, Programme
from demo import distributions as drawn
from demo.programme import SampleProgramme, generate
from demo.steps import Answer, Ask, FillIn, Hold, Recommend, Schedule
from demo.stories import EWS_LIMIT

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)


@cache
def made(clients: int = 1000) -> SampleProgramme:
    return generate(7, clients, UNTIL)


def test_same_seed_same_programme_and_another_seed_another() -> None:
    assert generate(7, 20, UNTIL) == generate(7, 20, UNTIL)
    assert generate(7, 20, UNTIL) != generate(8, 20, UNTIL)


def test_three_employers_of_which_one_offers_both_programmes_and_forty_providers() -> None:
    assert [set(e.programmes) for e in made().employers] == [{Programme.CARE_CONNECT}, {Programme.EWS}, set(Programme)]
    assert len(made().providers) == 40
    assert len({client.client_id for client in made().clients}) == 1000
    offered = {employer.employer_id: employer.programmes for employer in made().employers}
    assert all(client.programme in offered[client.employer_id] for client in made().clients)


def test_C2_the_first_request_and_no_other_carries_the_choice() -> None:
    for client in made().clients:
        asked = [step.sharing for step in client.steps if isinstance(step, Ask)]
        assert asked[0] == client.sharing
        assert set(asked[1:]) <= {None}


def test_C3_who_declines_is_cared_for_as_who_opts_in() -> None:
    steps = {choice: [len(c.steps) for c in made().clients if c.sharing.choice is choice] for choice in Choice}
    assert fmean(steps[Choice.DECLINE]) == pytest.approx(fmean(steps[Choice.OPT_IN]), rel=0.1)


def test_C12_nobody_is_a_child_and_everybody_of_working_age() -> None:
    ages = [(UNTIL.date() - client.birth_date).days / 365.25 for client in made().clients]
    assert min(ages) >= 18
    assert max(ages) < 65


def test_C16_session_frequency_is_shared_only_by_those_who_name_it() -> None:
    for client in made().clients:
        sessions = sum(isinstance(step, Schedule) and step.kind == "session" for step in client.steps)
        assert client.records().count(Category.SESSION_FREQUENCY) == max(sessions - 1, 0)
        assert client.opts_in or client.shared_records() == 0


def test_steps_are_in_their_order_and_none_is_in_the_future() -> None:
    for client in made().clients:
        times = [client.registered_at, *(step.at for step in client.steps)]
        assert times == sorted(times)
        assert times[-1] <= UNTIL


def test_S6_nobody_sees_two_clients_at_once() -> None:
    taken: dict[UUID, set[datetime]] = defaultdict(set)
    for client in made().clients:
        provider = None
        for step in client.steps:
            if isinstance(step, Ask):
                provider = step.provider_id
            elif isinstance(step, Schedule):
                assert provider is not None
                span = {step.starts_at + timedelta(minutes=30) * n for n in range(1 if step.kind == "consultation" else 2)}
                assert not span & taken[provider]
                assert step.starts_at.weekday() < 5
                taken[provider] |= span


def test_nothing_is_held_that_was_not_scheduled_nor_scheduled_before_a_provider_accepted() -> None:
    for client in made().clients:
        accepted = False
        scheduled = held = 0
        for step in client.steps:
            accepted = accepted or (isinstance(step, Answer) and step.accepted)
            scheduled += isinstance(step, Schedule)
            held += isinstance(step, Hold)
            assert held <= scheduled
            assert accepted or not scheduled


def test_S13_only_EWS_limits_sessions() -> None:
    longest = Counter[Programme]()
    for client in made().clients:
        sessions = sum(isinstance(step, Schedule) and step.kind == "session" for step in client.steps)
        longest[client.programme] = max(longest[client.programme], sessions)
    assert longest[Programme.EWS] <= EWS_LIMIT < longest[Programme.CARE_CONNECT]


def test_who_seeks_care_is_more_severe_than_adults_and_women_more_often_than_men() -> None:
    """At one severity both sexes are as likely to seek care, so each band's share differs by sex as it does among adults."""
    women, men = drawn.phq_9_weights("female"), drawn.phq_9_weights("male")
    assert women[12] / men[12] == pytest.approx(6.7 / 3.4)
    assert women[20] / men[20] == pytest.approx(3.7 / 2.1)
    elevated = [sum(weights[10:]) / sum(weights) for weights in (women, drawn.phq_9_weights("unknown"), men)]
    assert elevated == sorted(elevated, reverse=True)
    # Of adults 8.1 % (NCHS Data Brief 303); of those who start treatment in England three in four.
    assert elevated[1] == pytest.approx(0.77, abs=0.01)


def test_totals_at_the_start_are_those_of_people_who_start_treatment() -> None:
    firsts: dict[str, list[int]] = {"phq-9": [], "gad-7": []}
    for client in made().clients:
        seen: set[str] = set()
        for step in client.steps:
            if isinstance(step, FillIn) and step.instrument not in seen and None not in step.scores:
                seen.add(step.instrument)
                firsts[step.instrument].append(sum(score or 0 for score in step.scores))
    assert fmean(firsts["phq-9"]) == pytest.approx(drawn.PHQ_9_AT_START.mean, abs=0.6)
    assert fmean(firsts["gad-7"]) == pytest.approx(drawn.GAD_7_AT_START.mean, abs=0.6)


def test_waits_and_recommendations_follow_their_sources() -> None:
    rng = Random(1)
    within_28_days = [drawn.days_to_consultation(rng) <= 28 * drawn.WAIT_SCALE for _ in range(5000)]
    assert fmean(within_28_days) == pytest.approx(545_715 / 670_419, abs=0.02)
    gaps = sorted(drawn.days_to_first_session(rng) for _ in range(5000))
    assert gaps[2500] == pytest.approx(1.5, abs=0.15)
    scores = [step.score for client in made().clients for step in client.steps if isinstance(step, Recommend)]
    assert fmean(score >= 9 for score in scores) == pytest.approx(2875 / 4227, abs=0.08)
    assert set(scores) <= set(range(11))


@given(st.integers(0, 27), st.integers())
def test_item_answers_add_up_to_the_total(total: int, seed: int) -> None:
    scores = drawn.item_scores(Random(seed), total, drawn.PHQ_9_WEIGHTS)
    assert sum(scores) == total
    assert set(scores) <= {0, 1, 2, 3}
