"""HEDIS DRR-E and NQF 0710: the index score, the window to the day, and the thresholds."""

from datetime import date, timedelta

import pytest

from assessments.outcomes.picks import window_of
from assessments.outcomes.shipped import newest
from tests.assessments.outcomes.making import at, course, measured, phq, score

HEDIS, NQF = "hedis-drr-e", "nqf-0710"
PASSED = 500


@pytest.mark.parametrize("code", [HEDIS, NQF])
@pytest.mark.parametrize(("total", "is_elevated"), [(9, False), (10, True)])
def test_elevated_is_above_9(code: str, total: int, is_elevated: bool) -> None:
    found = measured(code, phq(total, 0), phq(0, 130), phq(0, 370), day=PASSED)
    assert found["elevated"] is is_elevated
    assert found["remission"] == (True if is_elevated else "not_elevated")


@pytest.mark.parametrize("code", [HEDIS, NQF])
def test_the_index_score_is_the_first_elevated_one_of_the_episode(code: str) -> None:
    """An earlier low one does not stand in its way, a later higher one does not take its place."""
    found = measured(code, phq(8, -10), phq(12, 0), phq(20, 30), phq(4, 150), phq(4, 365), day=PASSED)
    assert found["remission"] is True
    if code == HEDIS:  # half of 12, not of 20
        assert measured(code, phq(8, -10), phq(12, 0), phq(20, 30), phq(7, 150), day=PASSED)["response"] is False


@pytest.mark.parametrize(("before", "after", "remission", "response"), [(10, 5, False, True), (11, 5, False, True), (11, 6, False, False)])
def test_half_of_an_odd_score_is_not_rounded(before: int, after: int, remission: bool, response: bool) -> None:
    found = measured(HEDIS, phq(before, 0), phq(after, 130), day=PASSED)
    assert (found["remission"], found["response"]) == (remission, response)


@pytest.mark.parametrize(("total", "remission"), [(4, True), (5, False)])
def test_remission_is_below_5(total: int, remission: bool) -> None:
    assert measured(HEDIS, phq(20, 0), phq(total, 130), day=PASSED)["remission"] is remission
    assert measured(NQF, phq(20, 0), phq(total, 365), day=PASSED)["remission"] is remission


@pytest.mark.parametrize(("day", "followed_up"), [(119, False), (120, True), (240, True), (241, False)])
def test_HEDIS_follows_up_from_day_120_to_day_240(day: int, followed_up: bool) -> None:
    found = measured(HEDIS, phq(20, 0), phq(3, day), day=PASSED)
    assert found["follow_up"] is followed_up
    assert found["response"] == (True if followed_up else "window_passed_without")


@pytest.mark.parametrize(("day", "followed_up"), [(304, False), (305, True), (425, True), (426, False)])
def test_NQF_looks_60_days_to_either_side_of_twelve_months(day: int, followed_up: bool) -> None:
    found = measured(NQF, phq(20, 0), phq(3, day), day=PASSED)
    assert found["follow_up"] is followed_up


def test_a_year_after_a_leap_day_is_the_28th_of_february() -> None:
    leap = score("phq-9", 20, at(0, first=date(2028, 2, 29)))
    window = newest(NQF).follow_up.window
    assert window is not None
    assert window_of(window, course(leap), leap) == (date(2029, 2, 28) - timedelta(days=60), date(2029, 2, 28) + timedelta(days=60))
    before = score("phq-9", 20, at(0, first=date(2027, 2, 28)))
    assert window_of(window, course(before), before) == (date(2028, 2, 28) - timedelta(days=60), date(2028, 4, 28))
    on_the_31st = score("phq-9", 20, at(0, first=date(2027, 1, 31)))
    assert window_of(window, course(on_the_31st), on_the_31st) == (date(2027, 12, 2), date(2028, 3, 31))


def test_a_window_counts_days_over_a_leap_day_and_over_the_change_of_the_clocks() -> None:
    first = date(2028, 1, 1)
    index, follow_up = (score("phq-9", total, at(day, 23, first)) for total, day in ((20, 0), (3, 120)))
    assert measured(HEDIS, index, follow_up, day=PASSED + 900)["follow_up"] is True
    assert (first + timedelta(days=120)) == date(2028, 4, 30)
    early = score("phq-9", 3, at(119, 23, first))
    assert measured(HEDIS, index, early, day=PASSED + 900)["follow_up"] is False


def test_days_are_the_clients_own() -> None:
    """At 23 o'clock in Boston it is the next day in Greenwich already."""
    assert measured(HEDIS, phq(20, 0), phq(3, 119, hour=23), day=PASSED)["follow_up"] is False
    assert measured(HEDIS, phq(20, 0, hour=23), phq(3, 120, hour=0), day=PASSED)["follow_up"] is True


@pytest.mark.parametrize(
    ("today", "follow_up", "remission"),
    [
        (119, "window_not_open", "window_not_open"),
        (120, "no_follow_up_yet", "no_follow_up_yet"),
        (240, "no_follow_up_yet", "no_follow_up_yet"),
        (241, False, "window_passed_without"),
    ],
)
def test_the_reason_follows_the_calendar(today: int, follow_up: bool | str, remission: str) -> None:
    found = measured(HEDIS, phq(20, 0), phq(3, 60), day=today)
    assert (found["follow_up"], found["remission"], found["response"]) == (follow_up, remission, remission)


def test_the_most_recent_in_the_window_counts() -> None:
    assert measured(HEDIS, phq(20, 0), phq(3, 130), phq(12, 200), phq(3, 250), day=PASSED)["remission"] is False
    assert measured(HEDIS, phq(20, 0), phq(12, 130), phq(3, 200), phq(12, 250), day=PASSED)["remission"] is True


def test_only_complete_scores_count() -> None:
    assert measured(HEDIS, phq(20, 0, "prorated"))["elevated"] == "baseline_incomplete"
    assert measured(HEDIS, phq(None, 0, "invalid"))["elevated"] == "baseline_incomplete"
    assert measured(HEDIS)["elevated"] == "no_baseline"
    found = measured(HEDIS, phq(20, 0), phq(3, 130, "prorated"), day=200)
    assert (found["follow_up"], found["remission"]) == ("follow_up_incomplete", "follow_up_incomplete")
    late = measured(HEDIS, phq(20, 0), phq(None, 130, "invalid"), day=PASSED)
    assert (late["follow_up"], late["remission"]) == (False, "follow_up_incomplete")
    assert measured(HEDIS, phq(20, 0), phq(3, 130), phq(20, 200, "prorated"), day=PASSED)["remission"] is True
