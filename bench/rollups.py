"""Events a second that become counts, beside a COPY of the same rows and beside counters that are only added to.

`ours` is the consumer's applier with the handlers of the rollups, poll by poll, and the counting worker beside it, until nobody is marked.
`copy` writes the same events into a bare table. `upsert` adds each poll to counters by type, month and employer: it counts what comes twice
twice, cannot take anything back, and knows no client.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from statistics import median

import asyncpg

from bench import figures, seeding
from bench.care_histories import SOURCES, Journals, World, in_time
from bench.machine import Processor
from common.applying import Applier
from common.cloudevents import Entry
from common.consumer import POLL_RECORDS
from common.db import Database
from common.journal import FIRST_DIGEST
from common.positions import FILL
from deploy.local.infrastructure import Infrastructure
from reporting.rollups.counting import AT_ONCE, count_clients, count_marked
from reporting.rollups.replaying import SUBSCRIPTIONS

Poll = Sequence[Entry]

TABLES = (
    "create table copied (event_id uuid, type text, client_id uuid, payload text)",
    "create table added (type text, month text, employer_id text, n integer not null, primary key (type, month, employer_id))",
)
ADD = """
insert into added (type, month, employer_id, n)
select type, left(payload ->> 'occurred_at', 7), coalesce(payload ->> 'employer_id', ''), count(*)
  from (select type, payload::jsonb as payload from unnest($1::text[], $2::text[]) as e(type, payload)) e group by 1, 2, 3
on conflict (type, month, employer_id) do update set n = added.n + excluded.n"""


async def ours(db: Database, polls: Sequence[Poll]) -> None:
    appliers = {source: Applier(db, SUBSCRIPTIONS[source]) for source in SOURCES}
    counting = asyncio.create_task(count_clients(db))
    for poll in polls:
        expected: dict[int, int] = {}
        for entry in poll:
            expected.setdefault(entry.stream, entry.position - 1)
        await appliers[poll[0].source].apply(poll, expected, dict.fromkeys(expected, 0))
    while await count_marked(db, AT_ONCE):
        pass
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting


async def copy(db: Database, polls: Sequence[Poll]) -> None:
    for poll in polls:
        rows = [(entry.event_id, entry.type, entry.subject, entry.payload) for entry in poll]
        await db.pool.copy_records_to_table("copied", records=rows)


async def upsert(db: Database, polls: Sequence[Poll]) -> None:
    for poll in polls:
        await db.pool.execute(ADD, [entry.type for entry in poll], [entry.payload for entry in poll])


@dataclass
class Contender:
    name: str
    work: Callable[[Database, Sequence[Poll]], Awaitable[None]]
    rates: list[float] = field(default_factory=list)


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    clients, rounds = (150, 1) if quick else (600, 3)
    polls = _polls(clients)
    events = sum(map(len, polls))
    contenders = [Contender("copy", copy), Contender("upsert", upsert), Contender("ours", ours)]
    with Processor() as processor:
        for turn in range(rounds):
            for contender in (*contenders[turn % 3 :], *contenders[: turn % 3]):
                contender.rates.append(events / await _turn(infrastructure, contender, polls, clients))
    _write(contenders, events, rounds, processor)


def _polls(clients: int) -> list[Poll]:
    """As the consumer of each publisher gets them, the publishers in turns."""
    journals = Journals(seeding.STREAMS)
    waiting: dict[str, list[Entry]] = {source: [] for source in SOURCES}
    polls: list[Poll] = []
    for event in in_time(World(Random(1)), clients):
        entry = journals.append(event)
        waiting[entry.source].append(entry)
        if len(waiting[entry.source]) == POLL_RECORDS:
            polls.append(waiting[entry.source])
            waiting[entry.source] = []
    return [*polls, *filter(None, waiting.values())]


async def _turn(infrastructure: Infrastructure, contender: Contender, polls: Sequence[Poll], clients: int) -> float:
    """Seconds. Raises AssertionError where not everybody was counted."""
    db = await Database.open(await seeding.tables_of("reporting", infrastructure, "bench_rollups"))
    try:
        for statement in TABLES:
            await db.pool.execute(statement)
        for source in SOURCES:
            await db.pool.execute(FILL, source, seeding.STREAMS, FIRST_DIGEST)
        begin = time.perf_counter()
        await contender.work(db, polls)
        took = time.perf_counter() - begin
        if contender.name == "ours":
            counted = await db.pool.fetchval("select count(distinct client_id) from unit where family = 'care_sought'")
            assert counted == clients, f"{counted} of {clients} clients were counted"
    finally:
        await db.close()
    return took


def _write(contenders: Sequence[Contender], events: int, rounds: int, processor: Processor) -> None:
    bare = median(contenders[0].rates)
    table: list[Sequence[object]] = [("", "events /s", "of copy", "n")]
    table += [(c.name, median(c.rates), median(c.rates) / bare, events * rounds) for c in contenders]
    made = {c.name: {"per_s": round(median(c.rates), 1), "of_copy": round(median(c.rates) / bare, 3)} for c in contenders}
    notes = [
        f"{events:,} events a turn in polls of up to {POLL_RECORDS:,}; medians over {rounds} rounds, in turns, each on fresh tables",
        "ours: applied, and every client counted; checked after every turn",
        str(processor),
    ]
    figures.write("rollups", made, "Events that become counts", table, notes)


# How many events stand behind a client that is counted, about.
EVENTS_A_CLIENT = 16

CLIENTS = """
create temporary table synthetic on commit drop as
select to_char(date '2025-01-01' + (random() * 729)::int, 'YYYY-MM') as month, md5('plan')::uuid as plan_id,
       md5('employer' || (500 * random() ^ 2.5)::int)::uuid as employer_id, md5('provider' || (2000 * random())::int)::uuid as provider_id,
       case when random() < 0.7 then 'care_connect' else 'emotional_wellbeing_solutions' end as programme,
       (random() ^ 2 * 400)::int as hours, random() as chance, (random() * 10)::int as score, (random() * 27)::int as before,
       (random() * 15)::int as after, (random() * 2.99)::int as band
  from generate_series(1, $1::int)"""

REACHED = (
    "case when chance < 0.8 then 'reached' else 'open' end",
    "case when chance < 0.8 then hours else -1 end",
    ("case when chance < 0.8 then hours / 34 else -1 end"),
)
PAIRED = "case when chance < 0.3 then 'no_baseline' when chance < 0.5 then 'no_follow_up' else 'paired' end"
SCALE = PAIRED, "case when chance < 0.3 then -1 else least(before, 21) end", "case when chance < 0.5 then -1 else after end"
DIMENSIONS = {
    ("care_sought", "time_to_schedule"): REACHED,
    ("care_sought", "time_to_consultation"): REACHED,
    ("care_sought", "time_to_first_session"): REACHED,
    ("asked", "recommendation"): (
        "case when chance < 0.5 then 'answered' else 'unanswered' end",
        "case when chance < 0.5 then score else -1 end",
        "0",
    ),
    ("in_treatment", "outcome"): (PAIRED, "case when chance < 0.3 then 0 when chance < 0.5 then 1 else 1 + 2 * (score % 2) end", "0"),
    ("in_treatment", "phq_9"): SCALE,
    ("in_treatment", "gad_7"): SCALE,
    ("in_treatment", "engagement"): ("'sessions'", "band", "0"),
}


async def fill(url: str, events: int = 10_000_000) -> int:
    """Fills an empty `rollup` as so many events would have: 500 employers of uneven size, two years. How many rows it has then."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select setseed(0.5)")
            await connection.execute(CLIENTS, events // EVENTS_A_CLIENT, timeout=600)
            for (family, dimension), (kind, a, b) in DIMENSIONS.items():
                await connection.execute(
                    f"""insert into rollup (family, dimension, month, plan_id, employer_id, programme, provider_id, kind, a, b, n)
                    select '{family}', '{dimension}', month, plan_id, employer_id, programme, provider_id, {kind}, {a}, {b}, count(*)
                      from synthetic group by 3, 4, 5, 6, 7, 8, 9, 10""",
                    timeout=600,
                )
        await connection.execute("vacuum analyze rollup", timeout=600)
        return int(await connection.fetchval("select count(*) from rollup"))
    finally:
        await connection.close()
