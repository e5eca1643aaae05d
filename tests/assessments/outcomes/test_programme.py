"""A3: the programme's own rule set. Which scores, and what follows from them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assessments.care.rules import Episode
from assessments.outcomes.rules import elevated, elevated_baseline
from assessments.outcomes.shipped import newest
from assessments.outcomes.wording import sentence
from assessments.responses.rules import AssessmentResponse
from tests.assessments.outcomes.making import (
    BOSTON,
    CLIENT,
    EPISODE,
    FIRST,
    ZONE,
    at,
    course,
    episode,
    gad,
    measured,
    outcome,
    phq,
    score,
    visit,
)

PROGRAMME = "programme"


def baseline(*responses: AssessmentResponse, of: Episode | None = None) -> AssessmentResponse | None:
    found = elevated_baseline(of or episode(), responses, ZONE)
    return found.response if found else None


@pytest.mark.parametrize(
    ("phq_total", "gad_total", "is_elevated"), [(9, 9, False), (10, 0, True), (0, 10, True), (9, 8, False), (27, 21, True)]
)
def test_A3_elevated_is_10_or_more_on_either(phq_total: int, gad_total: int, is_elevated: bool) -> None:
    given = phq(phq_total, -2), gad(gad_total, -2)
    assert measured(PROGRAMME, *given)["elevated"] is is_elevated
    assert (baseline(*given) is not None) is is_elevated


def test_A3_it_is_said_which_score_by_which_rule_set() -> None:
    found = elevated_baseline(episode(), [phq(9, -2), anxious := gad(12, -2)], ZONE)
    assert found is not None
    assert (found.response, found.instrument, found.rule_set, found.version) == (anxious, "gad-7", "programme", 1)
    both = elevated_baseline(episode(), [gad(12, -2), low := phq(15, -2)], ZONE)
    assert both is not None
    assert both.response == low


def test_A3_one_scale_alone_can_be_elevated_but_one_alone_cannot_be_found_not_to_be() -> None:
    assert measured(PROGRAMME, phq(10, -2))["elevated"] is True
    assert measured(PROGRAMME, phq(9, -2))["elevated"] == "no_baseline"


def test_A3_a_prorated_total_leads_to_a_follow_up_and_is_counted_by_no_measure() -> None:
    given = phq(12, -2, "prorated")
    assert not elevated(newest(PROGRAMME), given)
    assert baseline(given) == given
    assert baseline(phq(9, -2, "prorated")) is None
    assert baseline(phq(None, -2, "invalid")) is None


def test_A3_a_complete_score_goes_before_a_prorated_one() -> None:
    assert baseline(phq(4, -3), phq(20, -2, "prorated")) is None


@pytest.mark.parametrize("method", ["prorated", "invalid"])
def test_what_was_not_complete_is_counted_by_no_measure(method: str) -> None:
    given = phq(20 if method == "prorated" else None, -2, method)
    assert measured(PROGRAMME, given)["elevated"] == "baseline_incomplete"
    assert measured(PROGRAMME, phq(12, -5), given)["elevated"] is True  # the complete one before it still stands


def test_A3_the_last_one_up_to_the_day_of_the_first_session_is_the_baseline() -> None:
    assert baseline(phq(20, -9), phq(5, -2)) is None
    assert baseline(phq(5, -2), same_day := phq(20, 0, hour=23)) == same_day
    assert baseline(phq(5, -2), phq(20, 2)) is None


def test_A3_the_baseline_may_be_a_day_late_as_long_as_its_link_is_open() -> None:
    session = visit(0)
    in_time = score("phq-9", 20, session.starts_at + timedelta(hours=24))
    too_late = score("phq-9", 20, session.starts_at + timedelta(hours=24, seconds=1))
    assert baseline(in_time, of=episode(session)) == in_time
    assert baseline(too_late, of=episode(session)) is None
    assert measured(PROGRAMME, too_late, visits=(session,))["elevated"] == "no_baseline"


def test_A3_the_day_of_the_first_session_is_the_day_that_it_was_held_on() -> None:
    moved = replace(visit(0), held_on=FIRST + timedelta(days=3))
    assert baseline(same_day := phq(20, 3, hour=23), of=episode(moved)) == same_day
    assert baseline(phq(20, 4, hour=0), of=episode(moved)) is None


def test_A3_a_consultation_is_no_first_session() -> None:
    call = visit(-10, kind="consultation")
    assert baseline(after_the_call := phq(12, -5), of=episode(call, visit(0))) == after_the_call
    assert baseline(provisional := phq(12, 3), of=episode(call)) == provisional


@pytest.mark.parametrize(("day", "in_window"), [(27, False), (28, True), (42, True), (43, False)])
def test_A3_the_follow_up_is_from_day_28_to_day_42_after_the_first_session(day: int, in_window: bool) -> None:
    found = outcome(PROGRAMME, course(phq(20, -2), phq(4, day)))
    assert found.pairs["phq-9"].follow_up.in_window is in_window
    assert measured(PROGRAMME, phq(20, -2), phq(4, day))["depression_remission"] is True


def test_A3_the_first_in_the_window_stands_and_the_most_recent_only_stands_in_for_it() -> None:
    assert measured(PROGRAMME, phq(20, -2), phq(12, 20), phq(4, 30), phq(20, 40), phq(20, 100))["depression_remission"] is True
    assert measured(PROGRAMME, phq(20, -2), phq(4, 20), phq(12, 60))["depression_remission"] is False
    assert measured(PROGRAMME, phq(20, -2), phq(4, 20), phq(12, 30, "prorated"))["depression_remission"] is True


@pytest.mark.parametrize(("day", "counts"), [(11, False), (12, True)])
def test_A3_the_follow_up_is_at_least_14_days_after_the_baseline(day: int, counts: bool) -> None:
    found = measured(PROGRAMME, phq(20, -2), phq(4, day), day=27)
    assert found["depression_remission"] == (True if counts else "window_not_open")


def test_A3_a_baseline_long_before_needs_no_window_and_the_reasons_follow_the_calendar() -> None:
    given = phq(20, -2)
    not_yet = measured(PROGRAMME, given, visits=(visit(30, "scheduled"),), day=5)
    assert (not_yet["follow_up"], not_yet["depression_response"]) == ("no_session_yet", "no_session_yet")
    assert measured(PROGRAMME, given, day=27)["follow_up"] == "window_not_open"
    assert measured(PROGRAMME, given, day=42)["follow_up"] == "no_follow_up_yet"
    passed = measured(PROGRAMME, given, day=43)
    assert (passed["follow_up"], passed["depression_response"]) == (False, "window_passed_without")


@pytest.mark.parametrize(
    ("before", "after", "response", "remission"), [(20, 10, True, False), (20, 11, False, False), (10, 5, True, False), (10, 4, True, True)]
)
def test_response_is_half_and_remission_below_5_on_either_scale(before: int, after: int, response: bool, remission: bool) -> None:
    found = measured(PROGRAMME, phq(before, -2), gad(before, -2), phq(after, 30), gad(after, 30))
    assert (found["depression_response"], found["depression_remission"]) == (response, remission)
    assert (found["anxiety_response"], found["anxiety_remission"]) == (response, remission)


def test_a_scale_that_was_not_elevated_neither_responds_nor_remits() -> None:
    found = measured(PROGRAMME, phq(20, -2), gad(9, -2), phq(4, 30), gad(2, 30))
    assert (found["anxiety_response"], found["anxiety_remission"]) == ("not_elevated", "not_elevated")
    assert (found["reliable_improvement"], found["recovery"]) == (True, True)


@pytest.mark.parametrize(("after", "recovery"), [((9, 9), True), ((10, 9), False), ((9, 10), False)])
def test_recovery_is_below_10_on_both(after: tuple[int, int], recovery: bool) -> None:
    assert measured(PROGRAMME, phq(20, -2), gad(9, -2), phq(after[0], 30), gad(after[1], 30))["recovery"] is recovery


def test_what_was_answered_unasked_belongs_to_the_episode_that_it_falls_into() -> None:
    earlier = episode(visit(0))
    later = episode(visit(0, first=FIRST + timedelta(days=200)), episode_id=CLIENT)
    unasked = score("phq-9", 20, at(40), episode_id=None)
    both = [earlier, later]
    assert elevated_baseline(later, [unasked], ZONE, both) is None
    booked = later.visits[0].booked_at
    found = elevated_baseline(later, [score("phq-9", 20, booked, episode_id=None)], ZONE, both)
    assert found is not None
    assert elevated_baseline(later, [score("phq-9", 20, booked, episode_id=EPISODE)], ZONE, both) is None


def test_it_is_explained_in_words() -> None:
    its = outcome(PROGRAMME, course(phq(20, -2), gad(9, -2), phq(10, 60), gad(9, 30, "prorated")))
    said = {result.measure.name: sentence(its, result) for result in its.results}
    assert at(-2).astimezone(BOSTON).date().isoformat() == "2026-02-28"
    assert said["elevated"] == "Elevated: yes. PHQ-9 20 on 2026-02-28, GAD-7 9 on 2026-02-28; needed: PHQ-9 10 or more or GAD-7 10 or more."
    assert said["depression_response"] == (
        "Depression response: yes. PHQ-9 20 on 2026-02-28, then 10 on 2026-05-01 "
        "(not from the time for the follow-up; the most recent one); needed: PHQ-9 at least 50 % lower."
    )
    assert said["recovery"] == "Recovery: not measurable. GAD-7: the later answers were not complete, and estimated totals do not count."
