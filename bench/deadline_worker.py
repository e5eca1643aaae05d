"""One of two processes that fire: `python -m bench.deadline_worker run|create floor|ours|procrastinate|pgqueuer URL`.

The job queues are set as good hands would: the same poll of a second, jobs abreast, batches where there are any, raw asyncpg in the task.
"""

import asyncio
import importlib
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import uvloop
from sqlalchemy.ext.asyncio import AsyncConnection

from bench import seeding
from bench.journal import INSERT
from common.clock import Clock
from common.contracts.event import ClientEvent
from common.db import Database
from common.deadlines.firing import Fired, Firing, Sweep
from common.deadlines.policies import Policy
from common.journal import FIRST_DIGEST, Journal

POLL = 1.0
ABREAST = 50
BATCH = 500

JOURNAL = Journal("bench", seeding.STREAMS)

FLOOR = """
with claimed as (
  select deadline_id, about from deadline where next_fire_at <= clock_timestamp() and attempts = 0
   order by next_fire_at limit 500 for update skip locked),
fired as (
  update deadline d set next_fire_at = null, state = 'missed', missed_at = due_at from claimed c where d.deadline_id = c.deadline_id),
told as (
  insert into plain_outbox (stream, event_id, type, subject, payload, digest)
  select 0, gen_random_uuid(), 'bench.reminded.v1', about, $1::text, $2::bytea from claimed)
select count(*) from claimed"""


class Reminded(ClientEvent):
    """What firing leads to."""

    type: ClassVar[str] = "bench.reminded.v1"


async def insert(pool: "asyncpg.Pool[asyncpg.Record]", subject: UUID) -> None:
    """The effect of a job: the row that the journal would have, without its chain."""
    event = Reminded(client_id=subject, occurred_at=datetime.now(UTC))
    await pool.execute(INSERT, *JOURNAL.arguments(event), FIRST_DIGEST)


async def floor(url: str) -> None:
    """Claim, update and effect in one statement, asked again at once while there is something, ten milliseconds later where not."""
    connection = await asyncpg.connect(url)
    payload = Reminded(client_id=UUID(int=0), occurred_at=datetime.now(UTC)).to_json()
    while True:
        if not await connection.fetchval(FLOOR, payload, FIRST_DIGEST):
            await asyncio.sleep(0.01)


async def ours(url: str) -> None:
    policy = Policy(code="bench", version=1, rule="S7", budget=24, unit="elapsed_hours", on_breach="remind")

    async def remind(_tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        return Fired([Reminded(event_id=f.event_id, client_id=f.deadline.about, occurred_at=now) for f in firings])

    db = await Database.open(url)
    sweep = Sweep(db, JOURNAL, Clock(), {("bench", 1): policy}, {"remind": remind}, lambda *_: [], poll=POLL)
    await sweep.run()


def _procrastinate(url: str) -> Any:
    library = importlib.import_module("procrastinate")
    return library.App(connector=library.PsycopgConnector(conninfo=url, max_size=10))


async def procrastinate(url: str) -> None:
    app, pool = _procrastinate(url), await asyncpg.create_pool(url, min_size=2, max_size=10)

    @app.task(name="fire", queue="bench")  # type: ignore[untyped-decorator]
    async def fire(subject: str) -> None:
        await insert(pool, UUID(subject))

    async with app.open_async():
        await app.run_worker_async(concurrency=ABREAST, fetch_job_polling_interval=POLL, queues=["bench"])


async def pgqueuer(url: str) -> None:
    library = importlib.import_module("pgqueuer")
    drivers = importlib.import_module("pgqueuer.db")
    pool, queue = await asyncpg.create_pool(url, min_size=2, max_size=10), await asyncpg.create_pool(url, min_size=2, max_size=10)
    worker = library.PgQueuer(drivers.AsyncpgPoolDriver(queue))

    @worker.entrypoint("fire")  # type: ignore[untyped-decorator]
    async def fire(job: Any) -> None:
        await insert(pool, UUID(job.payload.decode()))

    await worker.run(batch_size=BATCH, dequeue_timeout=timedelta(seconds=POLL))


async def create(name: str, url: str) -> None:
    if name == "procrastinate":
        app = _procrastinate(url)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
    else:
        drivers, queries = importlib.import_module("pgqueuer.db"), importlib.import_module("pgqueuer.queries")
        connection = await asyncpg.connect(url)
        await queries.Queries(drivers.AsyncpgDriver(connection)).install()
        await connection.close()


WORKERS: dict[str, Callable[[str], Awaitable[None]]] = {"floor": floor, "ours": ours, "procrastinate": procrastinate, "pgqueuer": pgqueuer}


async def main(what: str, name: str, url: str) -> None:
    await (create(name, url) if what == "create" else WORKERS[name](url))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(main(*sys.argv[1:]))
