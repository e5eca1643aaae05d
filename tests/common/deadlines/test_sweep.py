"""The sweep, on PostgreSQL: each effect once, whatever goes wrong meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines import engine
from common.deadlines.deadline import Deadline
from common.deadlines.firing import Fired, Firing, Sweep
from common.deadlines.policies import Policy, Rung
from common.journal import first_broken
from tests.common.deadlines.conftest import HOUR, MONDAY, QUIET, RESPOND, STREAMS, Service, effect, eventually, told

DUE = MONDAY + 24 * HOUR
SECOND = timedelta(seconds=1)


@asynccontextmanager
async def running(sweep: Sweep) -> AsyncIterator[None]:
    task = asyncio.create_task(sweep.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def reminded(service: Service, armed: Deadline) -> bool:
    return await service.effects(armed.subject) == ["remind"]


async def test_nothing_fires_before_its_moment_and_all_of_it_at_its_moment(service: Service) -> None:
    armed = await service.arm(RESPOND)
    moments = {12: ["remind"], 20: ["remind", "warn"], 48: ["remind", "warn", "breach", "escalate"]}
    for hours, effects in moments.items():
        if hours < 24:
            await service.drain(MONDAY + hours * HOUR - SECOND)
            assert await service.effects(armed.subject) == effects[:-1]
        await service.drain(MONDAY + hours * HOUR)
        assert await service.effects(armed.subject) == effects


async def test_rungs_missed_in_an_outage_fire_in_ladder_order_each_once_and_say_how_late_they_are(service: Service) -> None:
    late: list[tuple[str, timedelta]] = []

    async def note(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        late.extend((firing.rung_key, firing.late_by) for firing in firings)
        return await effect(tx, firings, now)

    armed = await service.arm(RESPOND)
    sweep = service.sweep(actions={"effect": note})
    for _ in range(2):
        await service.drain(MONDAY + 72 * HOUR, sweep)
    assert [(key, round(by / HOUR)) for key, by in late] == [("remind", 60), ("warn", 52), ("breach", 48), ("escalate", 24)]
    assert await service.effects(armed.subject) == await service.told(armed.about) == ["remind", "warn", "breach", "escalate"]


async def test_a_rung_past_its_lateness_is_recorded_as_expired_and_not_run(service: Service) -> None:
    rungs = (
        Rung(key="forms", action="effect", hours_after_anchor=1, max_lateness_hours=2),
        Rung(key="call", action="effect", hours_after_anchor=2),
    )
    policy = Policy(code="visit", version=1, rule="A1", budget=24, unit="elapsed_hours", rungs=rungs)
    late, in_time = await service.arm(policy), await service.arm(policy, MONDAY + 3 * HOUR)
    await service.drain(MONDAY + 5 * HOUR, service.sweep(policy))
    assert (await service.effects(late.subject), await service.effects(in_time.subject)) == (["call"], ["forms", "call"])
    assert await service.history(late.deadline_id) == ["armed", "expired", "fired"]
    assert await service.count("deadline_rung where outcome = 'expired'") == 1


async def test_two_sweeps_over_many_deadlines_fire_each_once(service: Service) -> None:
    armed = await service.arm_many(RESPOND, [MONDAY + n * SECOND for n in range(1500)])
    taking: set[int] = set()

    async def slow(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        taking.add(id(asyncio.current_task()))
        await asyncio.sleep(random.random() / 50)
        return await effect(tx, firings, now)

    service.clock.move_to(DUE + HOUR)
    await asyncio.gather(*(service.sweep(actions={"effect": slow}).drain() for _ in range(2)))
    assert len(taking) == 2, "both had their share"
    rows = await service.db.pool.fetch("select subject, array_agg(key order by n) as keys from effect group by subject")
    assert {row["subject"] for row in rows} == {deadline.subject for deadline in armed}
    assert {tuple(row["keys"]) for row in rows} == {("remind", "warn", "breach")}
    assert await service.count("journal") == 4500
    async with service.db.pool.acquire() as tx:
        assert [await first_broken(service.journal, tx, stream) for stream in range(STREAMS)] == [None] * STREAMS


async def test_what_an_action_leaves_for_later_stays_as_it_was_and_holds_nobody_up(service: Service) -> None:
    locked = {d.deadline_id for d in await service.arm_many(RESPOND, [MONDAY + n * SECOND for n in range(600)])}
    behind = await service.arm(RESPOND, MONDAY + HOUR)
    held = set(locked)

    async def careful(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        fired = (
            await effect(tx, [f for f in firings if f.deadline.deadline_id not in held], now) if held else await effect(tx, firings, now)
        )
        return Fired(fired.events, [f.deadline.deadline_id for f in firings if f.deadline.deadline_id in held])

    sweep = service.sweep(actions={"effect": careful})
    await service.drain(MONDAY + 13 * HOUR, sweep)
    assert await service.effects(behind.subject) == ["remind"]
    assert await service.count("deadline_rung") == 1
    held.clear()
    await service.drain(MONDAY + 14 * HOUR, sweep)
    assert await service.count("effect where key = 'remind'") == 601


async def test_an_action_may_stop_the_deadline_that_set_it_off(service: Service) -> None:
    armed = await service.arm(RESPOND)

    async def answer(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        for firing in firings:
            await engine.stop(tx, "respond", subject=firing.deadline.subject, occurred_at=firing.fired_for, now=now)
        return Fired()

    for _ in range(2):
        await service.drain(MONDAY + 13 * HOUR, service.sweep(actions={"effect": answer}))
    row = await service.read(armed.deadline_id)
    assert (row["state"], row["closed_at"], row["next_fire_at"]) == ("met", MONDAY + 12 * HOUR, None)


async def test_one_that_fails_is_put_off_with_ever_longer_waits_and_holds_nobody_up(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    bad = await service.arm(RESPOND)
    good = await service.arm_many(RESPOND, [MONDAY + n * SECOND for n in range(30)])
    broken: set[UUID] = {bad.deadline_id}

    async def fragile(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        fired = await effect(tx, firings, now)
        if any(firing.deadline.deadline_id in broken for firing in firings):
            await tx.execute(sa.text("select 1 / 0"))
        return fired

    sweep, now = service.sweep(actions={"effect": fragile}), MONDAY + 13 * HOUR
    waits = []
    for _ in range(3):
        await service.drain(now, sweep)
        row = await service.read(bad.deadline_id)
        waits.append(round((row["next_fire_at"] - now) / SECOND))
        now = row["next_fire_at"] + SECOND
    assert waits == [1, 2, 4]
    assert [len(await service.effects(deadline.subject)) for deadline in good] == [1] * 30
    assert await service.effects(bad.subject) == []
    assert [record.message for record in caplog.records].count("deadlines are fired one at a time") == 1, "it is in no later batch"
    assert sweep.metrics.registry.get_sample_value("deadline_failures_total", {"policy": "respond"}) == 3
    broken.clear()
    await service.drain(now, sweep)
    assert (await service.effects(bad.subject), (await service.read(bad.deadline_id))["attempts"]) == (["remind"], 0)


async def test_one_whose_policy_is_not_known_here_holds_nobody_up(service: Service) -> None:
    stranger, good = await service.arm(QUIET), await service.arm(RESPOND)
    await service.drain(DUE, service.sweep(RESPOND))
    assert await service.effects(good.subject) == ["remind", "warn", "breach"]
    assert (await service.read(stranger.deadline_id))["attempts"] == 1


async def test_a_policy_with_an_action_that_nobody_has_is_refused_at_once(service: Service) -> None:
    with pytest.raises(ValueError, match="effect"):
        service.sweep(actions={"other": effect})


async def test_a_bulk_load_does_not_hold_up_what_was_due_before_it(service: Service) -> None:
    await service.arm_many(RESPOND, [MONDAY + SECOND] * 550)
    urgent = await service.arm(RESPOND, MONDAY)
    assert await service.sweep().sweep(MONDAY + 13 * HOUR) == 500
    assert await service.effects(urgent.subject) == ["remind"]


async def test_a_sweep_that_knows_of_the_next_looks_when_it_is_due(service: Service) -> None:
    armed = await service.arm(RESPOND)
    service.clock.move_to(MONDAY + 12 * HOUR - timedelta(seconds=0.5))
    async with running(service.sweep(poll=3600)):
        await eventually(lambda: reminded(service, armed))


async def test_the_sweep_runs_until_it_is_ended_also_when_the_database_was_away(service: Service) -> None:
    armed = await service.arm(RESPOND)
    service.clock.move_to(MONDAY + 11 * HOUR)
    async with running(service.sweep(poll=0.05)):
        await asyncio.sleep(0.2)
        ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        await service.db.pool.execute(ended)
        service.clock.move_to(MONDAY + 12 * HOUR)
        await eventually(lambda: reminded(service, armed))


async def test_lateness_is_measured(service: Service) -> None:
    await service.arm(RESPOND)
    sweep = service.sweep()
    await service.drain(MONDAY + 12 * HOUR + 3 * SECOND, sweep)
    value = sweep.metrics.registry.get_sample_value
    assert value("deadline_lateness_seconds_bucket", {"policy": "respond", "le": "2.0"}) == 0
    assert value("deadline_lateness_seconds_bucket", {"policy": "respond", "le": "5.0"}) == 1


async def test_the_age_of_what_waits_to_be_fired_is_told(service: Service) -> None:
    async def never(_tx: AsyncConnection, firings: Sequence[Firing], _now: datetime) -> Fired:
        return Fired(not_now={firing.deadline.deadline_id for firing in firings})

    await service.arm(RESPOND)
    service.clock.move_to(MONDAY + 13 * HOUR)
    sweep = service.sweep(actions={"effect": never}, poll=0.05)

    async def told() -> bool:
        return (sweep.metrics.registry.get_sample_value("deadline_oldest_due_seconds") or 0) >= 3600

    async with running(sweep):
        await eventually(told)


async def test_events_appended_first_in_a_transaction_go_with_it(service: Service) -> None:
    armed = await service.arm(RESPOND)
    with suppress(RuntimeError):
        async with service.db.begin() as tx:
            await service.journal.append_all(tx, [told(armed, key, MONDAY) for key in ("one", "two")])
            raise RuntimeError("after all not")
    assert await service.count("journal") == 0
