"""NHS Talking Therapies: worked by hand at the edges, and against an oracle written from the definition, not from the code."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.assessments.outcomes.making import gad, measured, phq, visit

NHS = "nhs-talking-therapies"
Scores = tuple[int, int, int, int]
"""PHQ-9 first, GAD-7 first, PHQ-9 last, GAD-7 last."""


def measures(scores: Scores) -> dict[str, bool | str]:
    phq_first, gad_first, phq_last, gad_last = scores
    return measured(NHS, phq(phq_first, -2), gad(gad_first, -2), phq(phq_last, 60), gad(gad_last, 60))


@pytest.mark.parametrize(
    ("scores", "caseness", "recovery"),
    [
        ((10, 7, 9, 7), True, True),  # at caseness on PHQ-9 alone, at its very edge
        ((9, 8, 9, 7), True, True),  # on GAD-7 alone
        ((9, 7, 0, 0), False, "not_elevated"),  # on neither: no matter how well they do, they are in no denominator
        ((10, 7, 10, 7), True, False),  # at the threshold is not below it
        ((15, 12, 9, 8), True, False),  # below on one only
        ((15, 12, 10, 7), True, False),
        ((15, 3, 9, 8), True, False),  # has come to caseness on the other
        ((27, 21, 9, 7), True, True),
    ],
)
def test_recovery_needs_caseness_on_one_at_first_and_neither_at_last(scores: Scores, caseness: bool, recovery: bool | str) -> None:
    found = measures(scores)
    assert (found["caseness"], found["recovery"]) == (caseness, recovery)


@pytest.mark.parametrize(
    ("scores", "improved", "worse"),
    [
        ((15, 10, 9, 10), True, False),  # 6 on PHQ-9
        ((15, 10, 10, 10), False, False),  # 5
        ((15, 10, 15, 6), True, False),  # 4 on GAD-7
        ((15, 10, 15, 7), False, False),  # 3
        ((15, 10, 20, 6), True, False),  # the other rose by 5 only
        ((15, 10, 21, 6), False, False),  # one reliably better, the other reliably worse: neither of the two
        ((15, 10, 9, 14), False, False),
        ((15, 10, 9, 13), True, False),
        ((15, 10, 21, 10), False, True),
        ((15, 10, 20, 10), False, False),
        ((15, 10, 15, 14), False, True),
        ((3, 3, 9, 3), False, True),  # also of those never at caseness
    ],
)
def test_reliable_change_is_6_on_PHQ_9_or_4_on_GAD_7_and_not_against_the_other(scores: Scores, improved: bool, worse: bool) -> None:
    found = measures(scores)
    assert (found["reliable_improvement"], found["reliable_deterioration"]) == (improved, worse)


def test_recovered_by_little_is_no_reliable_recovery() -> None:
    found = measures((10, 8, 9, 7))
    assert (found["recovery"], found["reliable_improvement"], found["reliable_recovery"]) == (True, False, False)
    assert measures((15, 8, 9, 7))["reliable_recovery"] is True


def test_a_course_is_finished_from_the_second_session_held_on() -> None:
    scores = phq(15, -2), gad(12, -2), phq(3, 20), gad(3, 20)
    consultation, missed = visit(-3, kind="consultation"), visit(14, "missed")
    found = measured(NHS, *scores, visits=(consultation, visit(0), missed))
    assert found == {"caseness": True} | dict.fromkeys(list(found)[1:], "not_finished")
    assert measured(NHS, *scores, visits=(visit(0), visit(14)))["recovery"] is True


def test_scores_are_paired_on_both_scales_or_nothing_is_said() -> None:
    assert measured(NHS, phq(15, -2), phq(3, 20))["recovery"] == "no_baseline"
    assert measured(NHS, phq(15, -2), gad(12, -2), phq(3, 20))["recovery"] == "no_follow_up_yet"
    assert measured(NHS, phq(15, -2), gad(12, -2), phq(3, 20), gad(3, 20, "prorated"))["recovery"] == "follow_up_incomplete"
    assert measured(NHS, phq(15, -2), gad(12, -2, "prorated"), phq(3, 20), gad(3, 20))["recovery"] == "baseline_incomplete"


def test_the_last_score_counts_whatever_was_in_between() -> None:
    found = measured(NHS, phq(15, -2), gad(12, -2), phq(2, 20), gad(2, 20), phq(14, 60), gad(12, 60))
    assert (found["recovery"], found["reliable_improvement"]) == (False, False)


def oracle(scores: Scores) -> dict[str, bool | str]:
    """From the definition: written over sums and sets of scales, where the code goes by measure."""
    phq_first, gad_first, phq_last, gad_last = scores
    cases_before = {name for name, score, most in (("phq", phq_first, 9), ("gad", gad_first, 7)) if score > most}
    cases_after = {name for name, score, most in (("phq", phq_last, 9), ("gad", gad_last, 7)) if score > most}
    fell = {name for name, drop, size in (("phq", phq_first - phq_last, 6), ("gad", gad_first - gad_last, 4)) if drop >= size}
    rose = {name for name, rise, size in (("phq", phq_last - phq_first, 6), ("gad", gad_last - gad_first, 4)) if rise >= size}
    better, worse = bool(fell) and not rose, bool(rose) and not fell
    recovered: bool | str = not cases_after if cases_before else "not_elevated"
    return {
        "caseness": bool(cases_before),
        "recovery": recovered,
        "reliable_improvement": better,
        "reliable_deterioration": worse,
        "reliable_recovery": recovered if isinstance(recovered, str) else recovered and better,
    }


every_score = st.tuples(st.integers(0, 27), st.integers(0, 21), st.integers(0, 27), st.integers(0, 21))


@given(every_score)
@example((10, 7, 9, 7))
@example((15, 10, 21, 6))
def test_all_of_it_is_what_the_oracle_says(scores: Scores) -> None:
    assert measures(scores) == oracle(scores)


@given(every_score)
def test_nobody_is_reliably_better_and_worse_and_reliable_recovery_is_both_in_one(scores: Scores) -> None:
    found = measures(scores)
    assert not (found["reliable_improvement"] is True and found["reliable_deterioration"] is True)
    assert (found["reliable_recovery"] is True) == (found["recovery"] is True and found["reliable_improvement"] is True)


@given(every_score, st.integers(0, 27), st.integers(0, 21))
def test_a_lower_last_score_never_takes_an_improvement_away(scores: Scores, phq_less: int, gad_less: int) -> None:
    phq_first, gad_first, phq_last, gad_last = scores
    lower = measures((phq_first, gad_first, max(phq_last - phq_less, 0), max(gad_last - gad_less, 0)))
    now = measures(scores)
    for better in ("recovery", "reliable_improvement", "reliable_recovery"):
        assert now[better] is not True or lower[better] is True
    assert lower["reliable_deterioration"] is not True or now["reliable_deterioration"] is True
