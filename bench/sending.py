"""100,000 assessments that are due at one moment: how many a second are sent, re-checked at that moment, beside writing the same rows.

`ours` is the sweep as the service runs it. `floor` writes what a sending leaves behind (the state, the client's notice, the event with its
digest) in batches of the same size, and looks at nothing. `one by one` does what a plain worker does: a transaction for each, re-checked.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.app import MIGRATIONS
from assessments.assignments import sending, tables
from assessments.assignments.facts import facts_of
from assessments.assignments.rules import AssignmentState
from assessments.assignments.telling import Told, notice_of, sent
from assessments.assignments.windows import window_of
from assessments.schedules.versions import Versions, ship
from assessments.schema import metadata
from bench import figures
from bench.machine import Processor
from bench.seeding import fresh_database
from common.clock import Clock
from common.db import Database
from common.deadlines.firing import BATCH, Sweep
from common.journal import Journal
from common.migrate import migrate
from common.notices.usecases import tell
from deploy.local.infrastructure import Infrastructure

STREAMS = 16
BOOKED = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW = BOOKED + timedelta(hours=2)
TOLD = Told("https://forms.example", b"bench")
CODE = "first_assessments"

CLIENTS = """
insert into known_client (client_id, programme, language, time_zone)
select gen_random_uuid(), 'care_connect', 'en', 'America/New_York' from generate_series(1, $1)"""
VISITS = """
insert into care_visit (visit_id, client_id, episode_id, provider_id, programme, kind, state, booked_at, starts_at)
select gen_random_uuid(), client_id, gen_random_uuid(), gen_random_uuid(), 'care_connect', 'consultation', 'scheduled', $1::timestamptz,
       $1::timestamptz + interval '5 days' from known_client"""
ASSIGNMENTS = """
insert into assignment (assignment_id, client_id, episode_id, programme, schedule, schedule_version, instruments, visit_id, state,
                        send_at, due_at, closes_at)
select gen_random_uuid(), client_id, episode_id, programme, $2, 1, '{phq-9,gad-7}', visit_id, 'queued', $1::timestamptz + interval '1 hour',
       $1::timestamptz + interval '48 hours', starts_at + interval '24 hours' from care_visit"""
POLICY = "insert into deadline_policy (code, version, body, recorded_at) values ($1, 1, $2::text::jsonb, $3)"
DEADLINES = """
insert into deadline (deadline_id, policy_code, policy_version, subject, about, zone, generation, anchor_at, due_at, next_fire_at,
                      next_rung, pauses, state)
select gen_random_uuid(), $1, 1, assignment_id, client_id, 'America/New_York', 1, send_at, send_at + interval '96 hours', send_at,
       0, '{}', 'open' from assignment"""
DUE = """
select assignment_id from assignment where state = 'queued' and send_at <= $1 order by send_at, assignment_id limit $2
   for update skip locked"""

Send = Callable[[Database, Journal], Awaitable[None]]


@dataclass
class Contender:
    """`count`: how many it is given; what takes a transaction each is given fewer."""

    name: str
    send: Send
    share: float = 1.0
    rates: list[float] = field(default_factory=list)


async def ours(db: Database, journal: Journal) -> None:
    versions, clock = Versions({}), Clock(simulated=True)
    clock.move_to(NOW)
    await versions.refresh(db)
    sweep = Sweep(db, journal, clock, versions.policies, sending.actions(versions, TOLD), lambda *_: ())
    await sweep.drain()


async def floor(db: Database, journal: Journal) -> None:
    versions = Versions({})
    await versions.refresh(db)
    while await _batch(db, journal, versions, BATCH, check=False):
        pass


async def one_by_one(db: Database, journal: Journal) -> None:
    versions = Versions({})
    await versions.refresh(db)
    while await _batch(db, journal, versions, 1, check=True):
        pass


async def _batch(db: Database, journal: Journal, versions: Versions, size: int, *, check: bool) -> int:
    schedule = versions.newest[CODE]
    async with db.begin() as tx:
        due = (await tx.exec_driver_sql(DUE, (NOW, size))).scalars().all()
        found = (await tables.lock_idle(tx, due)).values() if due else []
        if check and found:
            await _check(tx, versions, [item.client_id for item in found])
        mailed = [item.model_copy(update={"state": AssignmentState.SENT, "sent_at": NOW}) for item in found]
        await tables.save(tx, mailed)
        await tell(tx, [notice_of(item, schedule, TOLD, "sent") for item in mailed], NOW)
        await journal.append_all(tx, [sent(item, NOW) for item in mailed])
    return len(due)


async def _check(tx: AsyncConnection, versions: Versions, clients: list[UUID]) -> None:
    for facts in (await facts_of(tx, clients)).values():
        assert window_of(versions.newest[CODE], facts.episodes[0], facts, NOW)


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    count, rounds = (2_000, 1) if quick else (100_000, 1)
    contenders = [Contender("floor", floor), Contender("ours", ours), Contender("one by one", one_by_one, 0.02)]
    with Processor() as processor:
        for turn in range(rounds):
            for contender in (*contenders[turn % 3 :], *contenders[: turn % 3]):
                contender.rates.append(await _turn(infrastructure, contender, max(1, int(count * contender.share))))
    _write(contenders, count, rounds, processor)


async def _turn(infrastructure: Infrastructure, contender: Contender, count: int) -> float:
    """A second's sendings. Raises AssertionError where not all were sent, each once."""
    db = await Database.open(await fresh_database(infrastructure, "sending"))
    journal = Journal("assessments", STREAMS)
    try:
        await migrate(db, "assessments", MIGRATIONS, metadata, STREAMS)
        await _seed(db, count)
        begin = time.perf_counter()
        await contender.send(db, journal)
        took = time.perf_counter() - begin
        told = await db.pool.fetchval("select count(*) from waiting_notice")
        facts = await db.pool.fetchval("select count(distinct payload::jsonb ->> 'assignment_id') from journal")
        done = await db.pool.fetchval("select count(*) from assignment where state = 'sent'")
        assert (told, facts, done) == (count, count, count), (contender.name, told, facts, done)
    finally:
        await db.close()
    return count / took


async def _seed(db: Database, count: int) -> None:
    await ship(db, BOOKED)
    versions = Versions({})
    await versions.refresh(db)
    policy = versions.newest[CODE].policy
    for statement, *parameters in (
        (CLIENTS, count),
        (VISITS, BOOKED),
        (ASSIGNMENTS, BOOKED, CODE),
        (POLICY, policy.code, policy.model_dump_json(), BOOKED),
        (DEADLINES, CODE),
        ("create index on assignment (send_at) where state = 'queued'",),
        ("vacuum analyze",),
    ):
        await db.pool.execute(statement, *parameters, timeout=300)


def _write(contenders: list[Contender], count: int, rounds: int, processor: Processor) -> None:
    bare = median(contenders[0].rates)
    table = [
        ("", "sent /s", "of the floor", "count"),
        *((c.name, median(c.rates), median(c.rates) / bare, int(count * c.share)) for c in contenders),
    ]
    made = {c.name: {"per_s": round(median(c.rates), 1), "of_floor": round(median(c.rates) / bare, 3)} for c in contenders}
    notes = [
        f"{count:,} due at one moment, one process, batches of {BATCH}; medians over {rounds} rounds, in turns, each on a fresh database",
        "each was sent exactly once: assignment, notice and event were counted after every turn",
        str(processor),
    ]
    figures.write("sending", made, "Assessments that are due, sent", table, notes)
