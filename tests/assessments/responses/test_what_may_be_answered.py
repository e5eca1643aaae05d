"""Who may answer what, and until when."""

from datetime import timedelta
from uuid import uuid4

import pytest

from assessments.assignments.rules import AssignmentState
from assessments.responses import conditions
from assessments.responses.rules import Answerer
from common.problems import Problem
from tests.assessments.responses.people import CLIENT, HERSELF, NOON, ON_BEHALF, PROVIDER, assignment

NEVER_SENT = (AssignmentState.QUEUED, AssignmentState.CANCELLED, AssignmentState.NOT_SENT)


def refused(state: AssignmentState, **more: object) -> Problem:
    with pytest.raises(Problem) as said:
        conditions.check_answerable(assignment(state, **more), NOON)
    return said.value


def test_what_was_sent_can_be_answered_until_the_moment_it_closes() -> None:
    asked = assignment()
    conditions.check_answerable(asked, asked.closes_at - timedelta(microseconds=1))
    with pytest.raises(Problem) as late:
        conditions.check_answerable(asked, asked.closes_at)
    assert (late.value.code, late.value.extra["closed_at"]) == ("assessment_closed", asked.closes_at.isoformat())


@pytest.mark.parametrize("state", NEVER_SENT)
def test_what_was_never_sent_cannot_be_answered(state: AssignmentState) -> None:
    assert refused(state).code == "not_found"


def test_late_and_twice_are_told_apart_and_say_when() -> None:
    closes_at, submitted_at = NOON - timedelta(days=1), NOON - timedelta(days=2)
    late = refused(AssignmentState.EXPIRED, closes_at=closes_at)
    assert (late.code, late.extra["closed_at"]) == ("assessment_closed", closes_at.isoformat())
    # Who handed it in in time is not told that they were late, whenever they look again.
    twice = refused(AssignmentState.COMPLETED, closes_at=closes_at, closed_at=submitted_at)
    assert (twice.code, twice.extra["submitted_at"]) == ("already_submitted", submitted_at.isoformat())


def test_only_the_client_and_who_takes_care_of_the_client_may_answer() -> None:
    conditions.check_may_answer(HERSELF, CLIENT, [])
    conditions.check_may_answer(ON_BEHALF, CLIENT, [uuid4(), PROVIDER])
    for by, providers in ((Answerer("client", uuid4()), []), (ON_BEHALF, [uuid4()]), (Answerer("client", PROVIDER), [PROVIDER])):
        with pytest.raises(Problem, match="not_found"):
            conditions.check_may_answer(by, CLIENT, providers)


def test_A4_nobody_says_for_the_client_how_likely_they_are_to_recommend_us() -> None:
    asked = assignment(instruments=("phq-9", "satisfaction"))
    conditions.check_asked(asked, "satisfaction", HERSELF)
    conditions.check_asked(asked, "phq-9", ON_BEHALF)
    with pytest.raises(Problem, match="forbidden"):
        conditions.check_asked(asked, "satisfaction", ON_BEHALF)
    with pytest.raises(Problem, match="not_found"):
        conditions.check_asked(asked, "gad-7", HERSELF)
