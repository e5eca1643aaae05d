"""Journal appends a second, beside the insert of the same row into a plain outbox: what gapless positions and the chain cost."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from bench import figures, seeding
from bench.machine import Processor
from common.contracts.consent import OptedOut
from common.contracts.vocabulary import Channel, Programme, Purpose, Recipient
from common.db import Connection, Pool, open_pool
from common.journal import APPEND, FIRST_DIGEST, Journal
from deploy.local.infrastructure import Infrastructure

# The row of the journal with its keys and indexes, but a serial number, and a digest that nobody computes.
OUTBOX = """
create table plain_outbox (
  id bigint generated always as identity primary key,
  stream int not null, event_id uuid not null unique, type text not null, subject uuid not null, payload text not null, traceparent text,
  digest bytea not null, recorded_at timestamptz not null default clock_timestamp());
create index on plain_outbox (subject)"""

INSERT = """
insert into plain_outbox (stream, event_id, type, subject, payload, traceparent, digest) values ($1, $2, $3, $4, $5, $6, $7)
returning id"""

CONNECTIONS = (1, 32)
JOURNAL = Journal("consent", seeding.STREAMS)

Write = Callable[[Connection, OptedOut], Awaitable[object]]


async def append(tx: Connection, event: OptedOut) -> object:
    return await tx.fetchrow(APPEND, *JOURNAL.arguments(event))


async def insert(tx: Connection, event: OptedOut) -> object:
    return await tx.fetchrow(INSERT, *JOURNAL.arguments(event), FIRST_DIGEST)


WRITES: dict[str, Write] = {"journal": append, "outbox": insert}


def new_opt_out() -> OptedOut:
    return OptedOut(
        occurred_at=datetime.now(UTC),
        client_id=uuid4(),
        programme=Programme.CARE_CONNECT,
        recipient=Recipient.HEALTH_PLAN,
        purpose=Purpose.PERSONALISED_RECOMMENDATIONS,
        channel=Channel.PORTAL,
    )


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    seconds, rounds = (0.3, 1) if quick else (1.5, 6)
    pool = await open_pool(await seeding.tables_of("consent", infrastructure, "bench_journal"), max(CONNECTIONS), max(CONNECTIONS))
    await pool.execute(OUTBOX)
    rates: dict[tuple[str, int], list[float]] = {(name, at_once): [] for at_once in CONNECTIONS for name in WRITES}
    with Processor() as processor:
        for number in range(rounds + 1):
            for (name, at_once), each in rates.items():
                rate = await _rate(pool, WRITES[name], at_once, seconds)
                if number:  # the first round warms
                    each.append(rate)
    await pool.close()
    _write(rates, seconds, processor)


async def _rate(pool: Pool, write: Write, at_once: int, seconds: float) -> float:
    """Transactions a second; each begins, writes one row, commits."""
    done, until = 0, time.perf_counter() + seconds

    async def work() -> None:
        nonlocal done
        async with pool.acquire() as tx:
            while time.perf_counter() < until:
                async with tx.transaction():
                    await write(tx, new_opt_out())
                done += 1

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return done / (time.perf_counter() - began)


def _write(rates: dict[tuple[str, int], list[float]], seconds: float, processor: Processor) -> None:
    made = {f"{name}_{at_once}": round(median(each)) for (name, at_once), each in rates.items()}
    table: list[Sequence[object]] = [("connections", "journal /s", "outbox /s", "journal / outbox")]
    for at_once in CONNECTIONS:
        ours, plain = made[f"journal_{at_once}"], made[f"outbox_{at_once}"]
        table.append((str(at_once), ours, plain, ours / plain))
    rounds = len(next(iter(rates.values())))
    notes = [
        f"medians over {rounds} rounds of {seconds:g} s each, in turns; one row a transaction; {seeding.STREAMS} streams",
        "driven by one Python process, which is what limits 32 connections",
        str(processor),
    ]
    figures.write("journal", {f"{name}_per_s": rate for name, rate in made.items()}, "Journal appends beside a plain outbox", table, notes)
