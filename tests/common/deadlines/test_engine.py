"""What use cases do with deadlines, on PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from common.deadlines import engine
from common.deadlines.policies import Policy, Rung
from common.problems import Problem
from tests.common.deadlines.conftest import HOUR, MONDAY, NEW_YORK, QUIET, RESPOND, SESSION, Service

DUE = MONDAY + 24 * HOUR


async def test_arming_twice_by_the_same_anchor_changes_nothing_also_after_it_was_met(service: Service) -> None:
    first = await service.arm(RESPOND)
    again: dict[str, Any] = {"subject": first.subject, "about": first.about}
    assert await service.arm(RESPOND, now=MONDAY + HOUR, **again) == first
    await service.does(engine.stop, "respond", subject=first.subject, occurred_at=MONDAY + HOUR)
    assert (await service.arm(RESPOND, now=MONDAY + 2 * HOUR, **again)).deadline_id == first.deadline_id
    assert await service.history(first.deadline_id) == ["armed", "met"]
    assert await service.count("deadline") == 1


async def test_racing_arms_make_one_deadline(service: Service) -> None:
    subject, about = uuid4(), uuid4()
    armed = await asyncio.gather(*(service.arm(RESPOND, subject=subject, about=about) for _ in range(12)))
    assert len({deadline.deadline_id for deadline in armed}) == 1
    assert await service.count("deadline") == 1


async def test_racing_arms_by_other_anchors_leave_one_open(service: Service) -> None:
    subject, about = uuid4(), uuid4()
    await asyncio.gather(*(service.arm(SESSION, MONDAY + n * HOUR, subject=subject, about=about) for n in range(12)))
    rows = await service.db.pool.fetch("select state, generation from deadline order by generation")
    assert [row["generation"] for row in rows] == list(range(1, 13))
    assert [row["state"] for row in rows] == ["superseded"] * 11 + ["open"]


async def test_a_moved_anchor_is_a_new_generation_that_inherits_what_was_fired(service: Service) -> None:
    first = await service.arm(RESPOND)
    await service.drain(MONDAY + 13 * HOUR)
    moved = await service.arm(RESPOND, MONDAY + 10 * HOUR, subject=first.subject, about=first.about, now=MONDAY + 14 * HOUR)
    assert (moved.generation, moved.due_at) == (2, DUE + 10 * HOUR)
    assert await service.history(first.deadline_id) == ["armed", "fired", "superseded"]
    await service.drain(MONDAY + 35 * HOUR)
    assert await service.effects(first.subject) == ["remind", "warn", "breach"]
    assert (await service.read(first.deadline_id))["next_fire_at"] is None


async def test_a_reminder_of_the_new_date_fires_again_and_what_was_sent_once_does_not(service: Service) -> None:
    rungs = (
        Rung(key="week", action="effect", hours_after_anchor=-168, again=True),
        Rung(key="forms", action="effect", hours_after_anchor=-72),
        Rung(key="day", action="effect", hours_after_anchor=-24, again=True),
    )
    visit = Policy(code="visit", version=1, rule="A1", budget=0, unit="elapsed_hours", rungs=rungs)
    first = await service.arm(visit, MONDAY, now=MONDAY - 200 * HOUR)
    await service.drain(MONDAY - 20 * HOUR, service.sweep(visit))
    await service.arm(visit, MONDAY + 300 * HOUR, subject=first.subject, about=first.about)
    await service.drain(MONDAY + 290 * HOUR, service.sweep(visit))
    assert await service.effects(first.subject) == ["week", "forms", "day", "week", "day"]


async def test_a_stop_that_waits_for_a_moved_anchor_stops_the_new_generation(service: Service) -> None:
    armed = await service.arm(RESPOND)
    again: dict[str, Any] = {"subject": armed.subject, "about": armed.about, "zone": NEW_YORK, "now": MONDAY}
    async with service.db.begin() as tx:
        moved = await engine.arm(tx, RESPOND, anchor_at=MONDAY + HOUR, **again)
        stopping = asyncio.create_task(service.does(engine.stop, "respond", subject=armed.subject, occurred_at=MONDAY + 2 * HOUR))
        await asyncio.sleep(0.3)
        assert not stopping.done()
    outcome = await stopping
    assert (outcome.kind, outcome.deadline.deadline_id) == ("met", moved.deadline_id)


async def test_a_new_cycle_after_the_last_was_met_inherits_nothing(service: Service) -> None:
    first = await service.arm(RESPOND)
    await service.drain(MONDAY + 13 * HOUR)
    await service.does(engine.stop, "respond", subject=first.subject, occurred_at=MONDAY + 14 * HOUR)
    await service.arm(RESPOND, MONDAY + 100 * HOUR, subject=first.subject, about=first.about)
    await service.drain(MONDAY + 113 * HOUR)
    assert await service.effects(first.subject) == ["remind", "remind"]


async def test_a_shorter_second_clock_does_not_override_the_first(service: Service) -> None:
    """Zammad #5177: two clocks of one ticket, and the one that ended first decided about both."""
    first = await service.arm(RESPOND)
    second = await service.arm(QUIET, subject=first.subject, about=first.about)
    assert second.due_at is not None and first.due_at is not None and second.due_at < first.due_at
    await service.drain(MONDAY + 3 * HOUR)
    assert (await service.read(second.deadline_id))["state"] == "missed"
    await service.does(engine.stop, "quiet", subject=first.subject, occurred_at=MONDAY + 3 * HOUR)
    row = await service.read(first.deadline_id)
    assert (row["state"], row["due_at"], row["next_fire_at"]) == ("open", first.due_at, MONDAY + 12 * HOUR)


async def test_S7_a_met_that_arrives_late_retracts_the_breach_that_was_told(service: Service) -> None:
    armed = await service.arm(RESPOND)
    await service.drain(DUE + HOUR)
    assert (await service.read(armed.deadline_id))["missed_at"] == DUE
    outcome = await service.does(engine.stop, "respond", subject=armed.subject, occurred_at=DUE - HOUR, now=DUE + 2 * HOUR)
    assert (outcome.kind, outcome.deadline.state) == ("retracted", "met")
    assert await service.does(engine.stop, "respond", subject=armed.subject, occurred_at=DUE - HOUR, now=DUE + 3 * HOUR) is None
    await service.drain(DUE + 100 * HOUR)
    assert await service.effects(armed.subject) == ["remind", "warn", "breach"]
    assert await service.history(armed.deadline_id) == ["armed", "fired", "fired", "breached", "retracted", "met"]


async def test_S7_stops_that_come_twice_and_out_of_order_are_judged_by_the_first_that_occurred(service: Service) -> None:
    armed = await service.arm(RESPOND)
    stops = [(DUE + 5 * HOUR, "missed"), (DUE + 5 * HOUR, None), (DUE + HOUR, None), (DUE - HOUR, "retracted"), (DUE + 5 * HOUR, None)]
    for occurred_at, kind in stops:
        outcome = await service.does(engine.stop, "respond", subject=armed.subject, occurred_at=occurred_at, now=DUE + 6 * HOUR)
        assert (outcome and outcome.kind) == kind
    assert await service.does(engine.stop, "respond", subject=uuid4(), occurred_at=MONDAY) is None
    await service.drain(DUE + 10 * HOUR)
    assert await service.effects(armed.subject) == []


async def test_a_stop_and_the_sweep_at_once_judge_once(service: Service) -> None:
    armed = [await service.arm(RESPOND) for _ in range(40)]
    sweeps = [service.sweep() for _ in range(2)]
    stops = [service.does(engine.stop, "respond", subject=d.subject, occurred_at=DUE + HOUR, now=DUE + HOUR) for d in armed]
    service.clock.move_to(DUE + HOUR)
    outcomes, *_ = await asyncio.gather(asyncio.gather(*stops), *(sweep.drain() for sweep in sweeps))
    for deadline, outcome in zip(armed, outcomes, strict=True):
        told = (await service.effects(deadline.subject)).count("breach")
        assert (outcome.kind, outcome.announced) == ("missed", told == 1)
        assert (await service.history(deadline.deadline_id)).count("breached") == 1


async def test_cancelling_closes_all_that_is_open_and_leaves_others(service: Service) -> None:
    one = await service.arm(RESPOND)
    both: dict[str, Any] = {"subject": one.subject, "about": one.about}
    two, other = await service.arm(SESSION, **both), await service.arm(RESPOND)
    await service.does(engine.cancel, subject=one.subject, policy_codes=["respond"], reason="withdrawn")
    assert [d.deadline_id for d in await service.open(subject=one.subject)] == [two.deadline_id]
    await service.does(engine.cancel, subject=one.subject, reason="withdrawn")
    await service.drain(MONDAY + 300 * HOUR)
    assert await service.effects(one.subject) == []
    assert await service.effects(other.subject) == ["remind", "warn", "breach", "escalate"]


async def test_a_pause_stops_the_sweep_and_a_resumption_goes_on_with_what_is_left(service: Service) -> None:
    armed = await service.arm(RESPOND)
    await service.does(engine.pause, "respond", subject=armed.subject, at=MONDAY + 13 * HOUR, reason="holiday")
    await service.drain(MONDAY + 100 * HOUR)
    assert await service.effects(armed.subject) == []
    await service.does(engine.resume, "respond", subject=armed.subject, at=MONDAY + 113 * HOUR)
    await service.does(engine.resume, "respond", subject=armed.subject, at=MONDAY + 120 * HOUR)
    await service.drain(MONDAY + 119 * HOUR)
    row = await service.read(armed.deadline_id)
    assert (row["due_at"], row["state"]) == (DUE + 100 * HOUR, "open")
    assert await service.effects(armed.subject) == ["remind"]


async def test_a_pause_heard_of_late_retracts_the_breach_and_a_later_breach_is_told_anew(service: Service) -> None:
    armed = await service.arm(SESSION)
    assert armed.due_at is not None
    await service.drain(armed.due_at + HOUR)
    outcome = await service.does(
        engine.pause, "session", subject=armed.subject, at=armed.due_at - 48 * HOUR, now=armed.due_at + 2 * HOUR, reason="ill"
    )
    assert outcome.kind == "retracted"
    await service.does(engine.resume, "session", subject=armed.subject, at=armed.due_at + 48 * HOUR)
    await service.drain(armed.due_at + 1000 * HOUR)
    assert await service.told(armed.about) == ["warn", "missed", "missed"]


async def test_swapping_the_policy_keeps_what_was_consumed_and_is_refused_where_the_other_runs(service: Service) -> None:
    armed = await service.arm(RESPOND)
    await service.drain(MONDAY + 13 * HOUR)
    longer = RESPOND.model_copy(update={"version": 2, "budget": 48})
    swapped = await service.does(engine.swap_policy, "respond", longer, subject=armed.subject, reason="contract")
    assert (swapped.policy_version, swapped.generation, swapped.due_at) == (2, 2, MONDAY + 48 * HOUR)
    await service.drain(MONDAY + 49 * HOUR, service.sweep(RESPOND, longer))
    assert await service.effects(armed.subject) == ["remind", "warn", "breach"]
    two = await service.arm(RESPOND)
    await service.arm(SESSION, subject=two.subject, about=two.about)
    with pytest.raises(Problem, match="wrong_state"):
        await service.does(engine.swap_policy, "respond", SESSION, subject=two.subject, reason="contract")
    assert (await service.read(two.deadline_id))["state"] == "open"


async def test_open_deadlines_are_those_of_a_client_the_next_one_first(service: Service) -> None:
    later = await service.arm(RESPOND, MONDAY + 3 * HOUR)
    sooner = await service.arm(RESPOND, about=later.about)
    await service.arm(RESPOND)
    await service.drain(DUE + HOUR)
    found = await service.open(about=later.about, policy_code="respond")
    assert [(d.deadline_id, d.state) for d in found] == [(sooner.deadline_id, "missed"), (later.deadline_id, "open")]
    assert len(await service.open(limit=2)) == 2


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"zone": "Mars/Olympus"}, "unknown_zone"),
        ({"calendar": "mars"}, "unknown_calendar"),
        ({"anchor_at": MONDAY + timedelta(days=3650)}, "calendar_horizon"),
    ],
)
async def test_what_cannot_be_known_is_refused_and_nothing_is_armed(service: Service, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Problem, match=code):
        await service.arm(SESSION, **{"zone": NEW_YORK, **more})
    assert await service.count("deadline") == 0
