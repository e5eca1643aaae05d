"""R1, D7: whatever is told twice, told late, or told while a process or PostgreSQL is taken away, the counts are those of the journals."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from random import Random

import asyncpg
import pytest

from bench.care_histories import DAY, World, in_time
from common import kafka
from common.cloudevents import Entry, to_headers
from common.contracts.catalogue import topic_of
from common.contracts.event import ClientEvent
from common.contracts.scheduling import CareSought
from common.db import Database, when_there
from common.journal import Journal, stream_of
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from reporting.rollups.closing import SOURCES, close_month
from reporting.rollups.rebuilding import compare
from reporting.rollups.verifying import verify
from tests.story import eventually

STREAMS = 16
CLIENTS = 40
CHUNK = 40
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEFT = """
select (select count(*) from recount_mark) + (select count(*) from parked_client)
       + (select count(*) from applied a join unnest($1::text[], $2::int[], $3::bigint[]) as h(source, stream, position)
            using (source, stream) where a.position < h.position)"""


@pytest.fixture(scope="module")
def infrastructure() -> Iterator[Infrastructure]:
    """Servers of our own, to stop."""
    if os.environ.get("CARE_CONNECT_TEST_STACK", "embedded") != "embedded":
        pytest.skip("only servers that run here can be stopped: STACK is not embedded")
    with Infrastructure(stack="embedded") as started:
        yield started


@pytest.fixture(scope="module")
def stack(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(infrastructure, tmp_path_factory.mktemp("rollups")) as started:
        yield started


@pytest.fixture
async def db(stack: Stack) -> AsyncIterator[Database]:
    db = await Database.open(stack.database("reporting"), 4)
    yield db
    await db.close()


async def connected(stack: Stack, service: str) -> asyncpg.Connection:  # type: ignore[type-arg]
    return await when_there(lambda: asyncpg.connect(stack.database(service)))


async def tell(stack: Stack, events: Sequence[ClientEvent]) -> None:
    """Appended to the journals of those whose facts they are; their relays and Kafka bring them."""
    for source in SOURCES:
        connection = await connected(stack, source)
        async with connection.transaction():
            await Journal(source, STREAMS).append_event(connection, *(e for e in events if e.type.startswith(source)))
        await connection.close()


async def page(stack: Stack, source: str, stream: int, after: int) -> Sequence[Entry]:
    connection = await connected(stack, source)
    try:
        return await Journal(source, STREAMS).page(connection, stream, after, 500)
    finally:
        await connection.close()


async def deliver_again(stack: Stack, client: ClientEvent) -> int:
    """Kafka brings a whole stream once more, from its beginning."""
    producer, stream = kafka.new_producer(stack.infrastructure.bootstrap), stream_of(client.subject, STREAMS)
    await producer.start()
    entries = [entry for source in SOURCES for entry in await page(stack, source, stream, 0)]
    for entry in entries:
        await producer.send(topic_of(entry.source), entry.payload.encode(), partition=stream, headers=to_headers(entry))
    await producer.stop()
    return len(entries)


async def kill_reporting(stack: Stack) -> None:
    process = stack.processes["reporting"]
    await asyncio.to_thread(process.kill)
    await asyncio.to_thread(process.start)


async def stop_postgres(stack: Stack) -> None:
    await asyncio.to_thread(stack.infrastructure.postgres.stop)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(stack.infrastructure.postgres.start)


async def all_there(stack: Stack, db: Database) -> None:
    """Applied and counted."""
    heads = []
    for source in SOURCES:
        connection = await connected(stack, source)
        heads += [(source, *row) for row in await connection.fetch("select stream, position from journal_head")]
        await connection.close()
    columns = [list(column) for column in zip(*heads, strict=True)]
    await eventually(lambda: _nothing_left(db, columns), 60)


async def _nothing_left(db: Database, heads: Sequence[Sequence[object]]) -> bool:
    return await db.pool.fetchval(LEFT, *heads) == 0


@pytest.mark.timeout(240)
async def test_after_duplicates_kills_and_late_news_counts_rebuilt_counts_and_a_second_engines_counts_agree(
    stack: Stack, db: Database
) -> None:
    events = list(in_time(World(Random(5), days=150), CLIENTS))
    late = [event for event in events if event.subject.int % 4 == 0 and event.occurred_at < events[0].occurred_at + 60 * DAY]
    waiting = [event for event in events if event not in late]
    chunks = [waiting[start : start + CHUNK] for start in range(0, len(waiting), CHUNK)]
    again = 0
    for number, chunk in enumerate(chunks):
        await tell(stack, chunk)
        if number % 4 == 1:
            await kill_reporting(stack)
        if number == len(chunks) // 3:
            await stop_postgres(stack)
        if number % 3 == 2:
            again += await deliver_again(stack, chunk[0])
        if number == len(chunks) // 2:
            await when_there(lambda: close_month(db, "care_sought", "2025-01", NOW))
            await close_month(db, "asked", "2025-01", NOW)
            await tell(stack, late)
    await all_there(stack, db)
    assert await compare(db, lambda source, stream, after: page(stack, source, stream, after)) == []
    verified = await verify(db)
    assert verified.differences == [] and verified.rows > 100
    units = await db.pool.fetchrow(
        "select count(*), count(*) filter (where late) as late from unit where family = 'care_sought' and year = 2025"
    )
    assert units["count"] == len({e.subject for e in events if isinstance(e, CareSought) and e.occurred_at.year == 2025})
    assert units["late"] and again, "there was something to get wrong"
    print(f"{len(events)} events, {again} of them once more, {len(late)} late, {units['late']} counted late, {verified.rows} rows agree")
