"""A1, A3, A4 over half a year of a dozen clients, with a kill and an outage: each due assessment once, in its window, and no exceptions.

Not part of `make test`, which has 15 minutes: `make soak-assessments` runs it, and then all 2,000 clients with every kind of fault.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from copy import copy
from datetime import timedelta

import pytest

from common.contracts.assessments import AssessmentSent
from tests.simulation.checking import cases, check
from tests.simulation.half_year import half_year
from tests.simulation.record import Run
from tests.simulation.stops import Kind

SEED = int(os.environ.get("CARE_CONNECT_SEED") or 7)
pytestmark = pytest.mark.timeout(600)
CLIENTS, HOURS = 12, 96
FEW: Mapping[Kind, int] = {"kill both": 1, "scheduling refuses": 1}
SCHEDULES = {"first_assessments": 6, "follow_up": 1, "satisfaction_first": 6, "satisfaction_later": 1}
"""How often each is sent at least."""


@pytest.fixture(scope="module")
async def run() -> Run:
    if os.environ.get("CARE_CONNECT_TEST_STACK", "embedded") != "embedded":
        pytest.skip("only servers that run here can be killed: STACK is not embedded")
    return await asyncio.to_thread(half_year, CLIENTS, SEED, HOURS, FEW)


def test_A1_A3_A4_every_due_assessment_is_sent_once_in_its_window_in_half_a_year_of_outages_and_kills(run: Run) -> None:
    found = check(run)
    print(f"seed {SEED}: {run.figures}")
    assert not found, f"seed {SEED}\n" + "\n\n".join(found[:3])
    assert run.exceptions == []
    assert set(run.faults) == set(FEW)
    sent = {schedule: sum(fact.schedule == schedule for fact in run.told(AssessmentSent)) for schedule in SCHEDULES}
    assert all(count >= least for count, least in zip(sent.values(), SCHEDULES.values(), strict=True)), sent


def with_sent(run: Run, change: Callable[[AssessmentSent], list[AssessmentSent]], schedule: str) -> Run:
    """The same record, but for one sending."""
    one = next(fact for fact in run.told(AssessmentSent) if fact.schedule == schedule)
    changed = copy(run)
    changed.facts = [other for fact in run.facts for other in (change(one) if fact is one else [fact])]
    return changed


def later(**by: float) -> Callable[[AssessmentSent], list[AssessmentSent]]:
    return lambda sent: [sent.model_copy(update={"occurred_at": sent.occurred_at + timedelta(**by)})]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_checker_misses_what_was_not_sent_and_sees_what_was_sent_twice(run: Run, schedule: str) -> None:
    assert any("was due, and not sent" in found for found in check(with_sent(run, lambda _: [], schedule)))
    assert any("2 times" in found for found in check(with_sent(run, lambda sent: [sent, sent], schedule)))


@pytest.mark.parametrize(("schedule", "days"), [("first_assessments", 30), ("follow_up", 16), ("satisfaction_first", -3)])
def test_the_checker_sees_what_was_sent_outside_of_its_window(run: Run, schedule: str, days: float) -> None:
    assert any("outside of its window" in found for found in check(with_sent(run, later(days=days), schedule)))


def test_the_checker_sees_a_notice_that_was_lost_or_came_late_and_a_reminder_after_the_answer(run: Run) -> None:
    notice = next(n for n in run.notices if n["reason"].endswith(":sent"))
    lost, late, reminded = copy(run), copy(run), copy(run)
    lost.notices = [n for n in run.notices if n is not notice]
    late.notices = [n | {"taken_at": n["not_after"]} if n is notice else n for n in run.notices]
    case, sent, answered = next((c, s, at) for c in cases(run) for s in c.sent if (at := c.answered_at(s)))
    reason = f"assignment:{sent.assignment_id}:reminder_1"
    reminder = notice | {"recipient_id": case.history.client_id, "reason": reason, "taken_at": answered + timedelta(days=10)}
    reminded.notices = [*run.notices, reminder | {"not_after": answered + timedelta(days=20)}]
    assert any("was never told" in found for found in check(lost))
    assert any("too late" in found for found in check(late))
    assert any("reminded of" in found for found in check(reminded))
