"""64 clients at once want one slot: ours, and what others do about it, each on real connections to the same PostgreSQL.

`one`: all want the same time. `overlapping`: starts a minute apart, twenty minutes long, so that several at most fit in between.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bench import figures
from bench.machine import Processor
from bench.seeding import fresh_database
from common.db import Database
from common.migrate import migrate
from common.problems import Problem
from deploy.local.infrastructure import Infrastructure
from scheduling.app import MIGRATIONS
from scheduling.availability import slot_tables, slots, tables
from scheduling.availability.openings import recompute
from scheduling.availability.rules import Terms, Weekly
from scheduling.schema import metadata

CLIENTS = 64
MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
EARLY = datetime(2026, 6, 2, 10, tzinfo=UTC)
SCENARIOS = {"one": timedelta(0), "overlapping": MINUTE}

UNGUARDED = """
create table unguarded (slot_id uuid primary key, provider_id uuid not null, during tstzrange not null);
create index on unguarded using gist (provider_id, during)"""
ROW = "(slot_id, provider_id, during, state, appointment_id) values (:slot, :provider, tstzrange(:starts, :ends), 'booked', :slot)"
LOOK = sa.text("select 1 from unguarded where provider_id = :provider and during && tstzrange(:starts, :ends)")
INSERT = sa.text("insert into unguarded (slot_id, provider_id, during) values (:slot, :provider, tstzrange(:starts, :ends))")
CONSTRAINED = sa.text(f"insert into slot {ROW}")
UNLESS = sa.text(f"insert into slot {ROW} on conflict do nothing")
OVERLAPS = """
select count(*) from {table} a join {table} b on a.provider_id = b.provider_id and a.slot_id < b.slot_id and a.during && b.during"""

Book = Callable[[AsyncConnection, UUID, datetime], Awaitable[bool]]
"""Whether it was got. An error of the database is one."""


def _names(provider_id: UUID, starts_at: datetime) -> dict[str, object]:
    return {"slot": uuid4(), "provider": provider_id, "starts": starts_at, "ends": starts_at + 20 * MINUTE}


async def ours(tx: AsyncConnection, provider_id: UUID, starts_at: datetime) -> bool:
    """By a provider, who may book at any minute: hours and buffers are then nobody's concern, the next opening is."""
    asked = {"appointment_id": uuid4(), "booked_by": uuid4(), "only_open": False, "now": NOW}
    try:
        await slots.book(tx, provider_id=provider_id, starts_at=starts_at, ends_at=starts_at + 20 * MINUTE, **asked)  # type: ignore[arg-type]
    except Problem as refused:
        if refused.code != "slot_taken":
            raise
        return False
    return True


async def check_then_insert(tx: AsyncConnection, provider_id: UUID, starts_at: datetime) -> bool:
    names = _names(provider_id, starts_at)
    if await tx.scalar(LOOK, names) is not None:
        return False
    await tx.execute(INSERT, names)
    return True


async def constraint(tx: AsyncConnection, provider_id: UUID, starts_at: datetime) -> bool:
    await tx.execute(CONSTRAINED, _names(provider_id, starts_at))
    return True


async def on_conflict(tx: AsyncConnection, provider_id: UUID, starts_at: datetime) -> bool:
    return (await tx.execute(UNLESS, _names(provider_id, starts_at))).rowcount == 1


CONTENDERS: dict[str, Book] = {
    "ours": ours,
    "check_then_insert": check_then_insert,
    "constraint": constraint,
    "on_conflict": on_conflict,
}


HALF_A_MINUTE = ("overlapping", "constraint")
"""One such round is a deadlock after another, each found after a second: a tenth of the rounds will do."""


@dataclass
class Tally:
    """Of all rounds."""

    answered: list[float] = field(default_factory=list)
    """Milliseconds until everybody had an answer."""
    outcomes: Counter[str] = field(default_factory=Counter)
    winners: list[int] = field(default_factory=list)
    overlapping: int = 0
    """Pairs of bookings that are at the same time with the same provider."""


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    rounds = 2 if quick else 30
    db = await Database.open(await fresh_database(infrastructure, "bench_booking"))
    await migrate(db, "scheduling", MIGRATIONS, metadata, 16)
    await db.pool.execute(UNGUARDED)
    engine = create_async_engine(db.engine.url, pool_size=CLIENTS, max_overflow=0)
    tallies = {(scenario, name): Tally() for scenario in SCENARIOS for name in CONTENDERS}
    with Processor() as processor:
        for number in range(rounds + 1):
            for (scenario, name), tally in tallies.items():
                if (scenario, name) == HALF_A_MINUTE and number % 10 != 1:
                    continue
                # The first round warms.
                await _race(db, engine, CONTENDERS[name], SCENARIOS[scenario], tally if number else Tally())
    await engine.dispose()
    await db.close()
    _write(tallies, rounds, processor)


async def _race(db: Database, engine: AsyncEngine, book: Book, apart: timedelta, tally: Tally) -> None:
    provider_id = await _provider(db)
    for connection in [await engine.connect() for _ in range(CLIENTS)]:
        await connection.close()  # back into the pool, open
    began = time.perf_counter()
    outcomes = Counter(await asyncio.gather(*(_one(engine, book, provider_id, EARLY + n * apart) for n in range(CLIENTS))))
    tally.answered.append((time.perf_counter() - began) * 1000)
    tally.outcomes += outcomes
    tally.winners.append(outcomes["won"])
    for table in ("slot", "unguarded"):
        tally.overlapping += await db.pool.fetchval(f"{OVERLAPS.format(table=table)} where a.provider_id = $1", provider_id)


async def _one(engine: AsyncEngine, book: Book, provider_id: UUID, starts_at: datetime) -> str:
    try:
        async with engine.begin() as tx:
            return "won" if await book(tx, provider_id, starts_at) else "taken"
    except DBAPIError as error:
        return {"23P01": "taken", "40P01": "deadlock"}.get(getattr(error.orig, "sqlstate", ""), "error")


async def _provider(db: Database) -> UUID:
    provider_id = uuid4()
    async with db.begin() as tx:
        await slot_tables.lock_provider(tx, provider_id)
        await tables.put_terms(tx, provider_id, Terms(time_zone="UTC"), 1, [Weekly(day, (540, 1020)) for day in range(7)])
        await recompute(tx, [provider_id], NOW)
    return provider_id


def _write(tallies: dict[tuple[str, str], Tally], rounds: int, processor: Processor) -> None:
    made: dict[str, dict[str, dict[str, float]]] = {scenario: {} for scenario in SCENARIOS}
    head = (
        "wanted",
        "by",
        "rounds",
        "winners a round",
        "taken",
        "deadlocks",
        "other errors",
        "double bookings",
        "all answered, ms",
        "slowest, ms",
    )
    table: list[Sequence[object]] = [head]
    for (scenario, name), tally in tallies.items():
        found = made[scenario][name] = {
            "rounds": len(tally.winners),
            "winners_p50": median(tally.winners),
            "winners_most": max(tally.winners),
            "taken": tally.outcomes["taken"],
            "deadlocks": tally.outcomes["deadlock"],
            "errors": tally.outcomes["error"],
            "overlapping_pairs": tally.overlapping,
            "answered_p50_ms": round(median(tally.answered), 1),
            "answered_most_ms": round(max(tally.answered), 1),
        }
        winners = f"{min(tally.winners)}-{max(tally.winners)}"
        counts = (found["taken"], found["deadlocks"], found["errors"], found["overlapping_pairs"])
        table.append((scenario, name, len(tally.winners), winners, *counts, found["answered_p50_ms"], found["answered_most_ms"]))
    notes = [
        "answered: until all have an answer; doubles: pairs of bookings of one provider that overlap",
        f"{CLIENTS} connections at once, {rounds} rounds in turns, each with a provider of its own; times are medians over the rounds",
        "ours does more: it clears holds that have expired and keeps the next opening true, all under the provider's lock",
        str(processor),
    ]
    figures.write("booking", made, "64 clients race for a slot", table, notes)
