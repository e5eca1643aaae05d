"""A publisher and a reader, each with a database of its own and no service around them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from common import kafka
from common.applying import Applier, Received, Subscription
from common.catching_up import CatchUp
from common.cloudevents import Entry
from common.consumer import Consumer
from common.contracts.event import ClientEvent
from common.db import Connection, Database, new_metadata
from common.journal import Journal, heads
from common.metrics import Metrics
from common.migrate import SEED_HEADS
from common.positions import Positions
from common.relay import Relay
from common.schema import add_applied, add_idempotency, add_journal
from deploy.local.infrastructure import Infrastructure

STREAMS = 4
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

metadata = new_metadata()
add_journal(metadata)
add_applied(metadata)
add_idempotency(metadata)
sa.Table(
    "effect",
    metadata,
    sa.Column("n", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("client_id", sa.Uuid),
    sa.Column("number", sa.Integer),
)


class Counted(ClientEvent):
    """The number-th fact about a client."""

    type: ClassVar[str] = "test.counted.v1"
    number: int
    poison: bool = False


def counted(client_id: UUID, number: int, **more: bool) -> Counted:
    return Counted(client_id=client_id, number=number, occurred_at=NOON, **more)


async def eventually(true: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Waits until it is so; fails loudly when it never is."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


@dataclass
class Publisher:
    """A service reduced to its journal."""

    db: Database
    journal: Journal
    topic: str
    bootstrap: str
    metrics: Metrics = field(default_factory=Metrics)

    async def append(self, *events: Counted) -> None:
        async with self.db.begin_event() as tx:
            await self.journal.append_event(tx, *events)

    def relay(self, poll: float = 0.1) -> Relay:
        relay = Relay(self.db, self.journal, self.bootstrap, self.topic, self.metrics, poll)
        self.db.on_commit = relay.committed
        return relay


@dataclass
class JournalOwner:
    """What `common.owner.Owner` answers, without the HTTP between."""

    publisher: Publisher
    source: str = "test"
    asked: int = 0

    async def heads(self) -> dict[int, int]:
        async with self.publisher.db.pool.acquire() as tx:
            return dict(await heads(tx))

    async def page(self, stream: int, after: int) -> list[Entry]:
        self.asked += 1
        async with self.publisher.db.pool.acquire() as tx:
            return await self.publisher.journal.page(tx, stream, after, 100)


@dataclass
class Reader:
    """A service reduced to its consumer; its one handler notes every effect."""

    db: Database
    owner: JournalOwner
    metrics: Metrics = field(default_factory=Metrics)
    poisoned: bool = True
    sweep: float = 3600

    def __post_init__(self) -> None:
        self.subscription = Subscription("test", {Counted: self.on_counted}, {Counted.type: Counted})
        self.applier = Applier(self.db, self.subscription)
        self.positions = Positions(self.db, "test", STREAMS, self.metrics)

    async def on_counted(self, tx: Connection, received: list[Received[Counted]]) -> None:
        if self.poisoned and any(r.event.poison for r in received):
            raise ValueError("poison")
        await tx.executemany(
            "insert into effect (client_id, number) values ($1, $2)", [(r.event.client_id, r.event.number) for r in received]
        )

    def consumer(self, group: str) -> tuple[Consumer, CatchUp]:
        catch_up = CatchUp(self.applier, self.owner, self.positions, self.metrics, self.sweep)  # type: ignore[arg-type]
        publisher = self.owner.publisher
        return Consumer(catch_up, publisher.bootstrap, publisher.topic, group, "1"), catch_up

    async def numbers(self, client_id: UUID) -> list[int]:
        rows = await self.db.pool.fetch("select number from effect where client_id = $1 order by n", client_id)
        return [row["number"] for row in rows]

    async def total(self) -> int:
        count: int = await self.db.pool.fetchval("select count(*) from effect")
        return count


async def _database(infrastructure: Infrastructure, name: str) -> Database:
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    async with db.engine.begin() as tx:
        await tx.run_sync(metadata.create_all)
        await tx.execute(sa.text(SEED_HEADS), {"streams": STREAMS})
    return db


@pytest.fixture
async def publisher(infrastructure: Infrastructure) -> AsyncIterator[Publisher]:
    name = f"publisher_{uuid4().hex[:8]}"
    db = await _database(infrastructure, name)
    await kafka.ensure_topics(infrastructure.bootstrap, [name], STREAMS, 1)
    yield Publisher(db, Journal("test", STREAMS), name, infrastructure.bootstrap)
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture
async def reader(infrastructure: Infrastructure, publisher: Publisher) -> AsyncIterator[Reader]:
    name = f"reader_{uuid4().hex[:8]}"
    db = await _database(infrastructure, name)
    yield Reader(db, JournalOwner(publisher))
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture
async def running() -> AsyncIterator[Callable[[Awaitable[None]], "asyncio.Future[None]"]]:
    """Runs something beside the test, and ends it."""
    tasks: list[asyncio.Future[None]] = []

    def start(work: Awaitable[None]) -> "asyncio.Future[None]":
        tasks.append(asyncio.ensure_future(work))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
