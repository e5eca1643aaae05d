"""A million open deadlines, and some become due: how many a second two processes fire, and how late, beside two job queues and a floor."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import asyncpg

from bench import figures, queue_libraries
from bench.deadline_contenders import CONTENDERS, Contender, forget, lateness, prepare, put, spread
from bench.machine import Processor
from deploy.local.infrastructure import Infrastructure
from deploy.local.processes import Process

PROCESSES = 2
LEAD = 3.0
"""Seconds between putting them there and the first that is due."""


@dataclass(frozen=True)
class Plan:
    future: int = 1_000_000
    burst: int = 20_000
    """Due at one moment."""
    trickle: int = 1_000
    per_second: float = 50.0
    cap: float = 60.0
    """Seconds that a contender is given to fire what is due."""
    rounds: int = 3


QUICK = Plan(future=20_000, burst=2_000, trickle=100, cap=20.0, rounds=1)


@dataclass
class Measured:
    """Of one contender, over the rounds."""

    rates: list[float] = field(default_factory=list)
    burst: list[list[float]] = field(default_factory=list)
    trickle: list[list[float]] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=lambda: {"burst": 0, "trickle": 0})


async def run(infrastructure: Infrastructure, folder: Path, plan: Plan) -> None:
    urls = {c.name: await prepare(infrastructure, c, plan.future, datetime.now(UTC)) for c in CONTENDERS}
    measured = {contender.name: Measured() for contender in CONTENDERS}
    with Processor() as processor:
        for turn in range(plan.rounds):
            first = turn % len(CONTENDERS)
            for contender in (*CONTENDERS[first:], *CONTENDERS[:first]):
                await _take_turn(contender, urls[contender.name], folder, plan, turn, measured[contender.name])
    _write(measured, plan, processor)


async def _take_turn(contender: Contender, url: str, folder: Path, plan: Plan, turn: int, into: Measured) -> None:
    connection = await asyncpg.connect(url)
    async with _workers(contender, url, folder):
        # Connections, plans and caches as they are after a while; what others do not survive at this, they would not at the rest.
        await _fire(connection, contender, [datetime.now(UTC)] * 20, plan.cap)
        begin = datetime.now(UTC) + timedelta(seconds=LEAD)
        burst, fired = await _fire(connection, contender, [begin] * plan.burst, plan.cap)
        into.burst.append(burst)
        into.rates.append(fired / max(burst))
        into.fired["burst"] += fired
        await forget(connection, contender, datetime.now(UTC) + timedelta(hours=1))
        begin = datetime.now(UTC) + timedelta(seconds=LEAD)
        trickle, fired = await _fire(connection, contender, spread(begin, plan.per_second, plan.trickle, turn), plan.cap)
        into.trickle.append(trickle)
        into.fired["trickle"] += fired
    await forget(connection, contender, datetime.now(UTC) + timedelta(hours=1))
    await connection.execute("vacuum analyze")
    await connection.close()


async def _fire(connection: asyncpg.Connection, contender: Contender, moments: Sequence[datetime], cap: float) -> tuple[list[float], int]:
    """Each one's lateness in seconds, and how many were fired within `cap` of the last. The others are as late as it was waited for."""
    await put(connection, contender, moments)
    until = max(moments) + timedelta(seconds=cap)
    late = await lateness(connection, contender)
    while None in late and datetime.now(UTC) < until:
        await asyncio.sleep(0.5)
        late = await lateness(connection, contender)
    waited = (datetime.now(UTC) - min(moments)).total_seconds()
    return [waited if seconds is None else seconds for seconds in late], sum(seconds is not None for seconds in late)


@asynccontextmanager
async def _workers(contender: Contender, url: str, folder: Path) -> AsyncIterator[None]:
    argv = [sys.executable, "-m", "bench.deadline_worker", "run", contender.name, url]
    processes = [Process(contender.name, argv, folder / f"{contender.name}{n}.log", contender.environment) for n in range(PROCESSES)]
    try:
        for process in processes:
            await asyncio.to_thread(process.start)
        yield
        for process in processes:
            if not process.alive:
                raise RuntimeError(f"{process.name} has ended:\n{process.log_tail()}")
    finally:
        for process in processes:
            await asyncio.to_thread(process.kill)


def _write(measured: dict[str, Measured], plan: Plan, processor: Processor) -> None:
    of = plan.burst * plan.rounds, plan.trickle * plan.rounds
    table: list[Sequence[object]] = [("", "fired /s", "fired of", "burst p99 s", "trickle p50 s", "trickle p99 s", "fired of")]
    made: dict[str, dict[str, float]] = {}
    for name, each in measured.items():
        burst, trickle = (figures.of_rounds([[1000 * s for s in samples] for samples in rounds]) for rounds in (each.burst, each.trickle))
        made[name] = {
            "per_s": round(median(each.rates), 1),
            "burst_p99_s": round(burst["p99_ms"] / 1000, 3),
            "trickle_p50_s": round(trickle["p50_ms"] / 1000, 3),
            "trickle_p99_s": round(trickle["p99_ms"] / 1000, 3),
            "burst_fired": each.fired["burst"],
            "trickle_fired": each.fired["trickle"],
        }
        row = made[name]
        late = row["burst_p99_s"], row["trickle_p50_s"], row["trickle_p99_s"]
        table.append((name, row["per_s"], f"{each.fired['burst']:,}/{of[0]:,}", *late, f"{each.fired['trickle']:,}/{of[1]:,}"))
    notes = [
        f"{plan.future:,} open in each one's tables; two processes each; medians over {plan.rounds} rounds, in turns",
        f"burst: {plan.burst:,} due at one moment, and {plan.cap:g} s to fire them",
        f"trickle: {plan.trickle:,} due one after the other, {plan.per_second:g} a second",
        "lateness is from when it was due to the row of its effect; what was not fired counts as late as it was waited for",
        f"{queue_libraries.versions()}; all three poll each second, ours and pgqueuer sooner where they know of one; the floor every 10 ms",
        str(processor),
    ]
    figures.write("deadlines", made, "Deadlines fired by two processes", table, notes)
