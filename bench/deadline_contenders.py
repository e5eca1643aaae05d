"""Who fires deadlines: ours, two job queues, and a floor. Each has a database with the same number of future ones in its own tables.

`due` has the ones that are measured, whoever fires them; the effect is one row about the same subject, ours in the journal, others' in a
plain outbox that has the same columns and indexes, but a digest that nobody computes.
"""

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import sqlalchemy as sa

from bench import queue_libraries, seeding
from bench.journal import OUTBOX
from common.db import Database, new_metadata
from common.deadlines.tables import add_deadlines
from common.migrate import SEED_HEADS
from common.schema import add_journal
from deploy.local.infrastructure import Infrastructure

DUE = "create table due (subject uuid primary key, due_at timestamptz not null)"

FUTURE = (
    "insert into due select gen_random_uuid(), $2::timestamptz + interval '1 day' * (1 + 60 * random()) from generate_series(1, $1::int)"
)

# As arming would have left them.
DEADLINE = """
insert into deadline (deadline_id, policy_code, policy_version, subject, about, zone, generation, anchor_at, due_at, next_fire_at,
                      next_rung, pauses, state)
select gen_random_uuid(), 'bench', 1, subject, subject, 'UTC', 1, due_at - interval '24 hours', due_at, due_at, 0, '{}', 'open' from due"""

PROCRASTINATE = """
insert into procrastinate_jobs (queue_name, task_name, args, scheduled_at)
select 'bench', 'fire', jsonb_build_object('subject', subject), due_at from due"""

PGQUEUER = """
insert into pgqueuer (priority, entrypoint, payload, execute_after, status)
select 0, 'fire', convert_to(subject::text, 'UTF8'), due_at, 'queued' from due"""


@dataclass(frozen=True)
class Contender:
    """The statement that takes over what is in `due`; its table, when a row of it is to be done, and where the effects are."""

    name: str
    take: str
    table: str
    moment: str
    effects: str = "plain_outbox"

    @property
    def environment(self) -> dict[str, str]:
        return queue_libraries.environment() if self.name in queue_libraries.NAMES else {}


CONTENDERS = (
    Contender("floor", DEADLINE, "deadline", "next_fire_at"),
    Contender("ours", DEADLINE, "deadline", "next_fire_at", "journal"),
    Contender("pgqueuer", PGQUEUER, "pgqueuer", "execute_after"),
    Contender("procrastinate", PROCRASTINATE, "procrastinate_jobs", "scheduled_at"),
)


async def prepare(infrastructure: Infrastructure, contender: Contender, future: int, now: datetime) -> str:
    """Its database, with so many that are due in one to sixty days; the address."""
    url = await seeding.fresh_database(infrastructure, f"bench_deadlines_{contender.name}")
    await _create(url, contender)
    connection = await asyncpg.connect(url)
    await connection.execute(DUE)
    await connection.execute(FUTURE, future, now)
    await take(connection, contender)
    await connection.execute("truncate due")
    await connection.execute("vacuum analyze")
    await connection.close()
    return url


async def put(connection: asyncpg.Connection, contender: Contender, moments: Sequence[datetime]) -> None:
    """Due then: each about a subject of its own."""
    await connection.execute("truncate due")
    rows = [(uuid4(), at) for at in moments]
    await connection.copy_records_to_table("due", records=rows)
    await take(connection, contender)


async def take(connection: asyncpg.Connection, contender: Contender) -> None:
    """What is in `due`. Without triggers: nobody is notified of thousands of jobs that were put there long before they are due."""
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(contender.take)


async def lateness(connection: asyncpg.Connection, contender: Contender) -> list[float | None]:
    """Seconds from due to the effect, by the database's clock; None for what was not fired."""
    rows = await connection.fetch(
        f"select extract(epoch from e.recorded_at - d.due_at)::float8 as late from due d left join {contender.effects} e using (subject)"
    )
    return [row["late"] for row in rows]


async def forget(connection: asyncpg.Connection, contender: Contender, before: datetime) -> None:
    """What was left undone, for the next turn to be like the first."""
    await connection.execute(f"delete from {contender.table} where {contender.moment} < $1", before)


def spread(begin: datetime, per_second: float, n: int, seed: int) -> list[datetime]:
    """At uneven gaps, alike for everybody: at even ones whoever polls would be met at the same moment of its turn."""
    gaps, at, moments = random.Random(seed), begin, list[datetime]()
    for _ in range(n):
        at += timedelta(seconds=gaps.uniform(0.5, 1.5) / per_second)
        moments.append(at)
    return moments


async def _create(url: str, contender: Contender) -> None:
    if contender.name in queue_libraries.NAMES:
        command = [sys.executable, "-m", "bench.deadline_worker", "create", contender.name, url]
        created = await asyncio.create_subprocess_exec(*command, env={**os.environ, **contender.environment})
        if await created.wait():
            raise RuntimeError(f"the tables of {contender.name} were not made")
    else:
        metadata = new_metadata()
        add_journal(metadata)
        add_deadlines(metadata)
        db = await Database.open(url)
        async with db.engine.begin() as tx:
            await tx.run_sync(metadata.create_all)
            await tx.execute(sa.text(SEED_HEADS), {"streams": seeding.STREAMS})
        await db.close()
    connection = await asyncpg.connect(url)
    await connection.execute(OUTBOX)
    await connection.close()
