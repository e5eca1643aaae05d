"""A reporting database that journals are applied to, as the consumer does it, and what is counted in it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from bench.care_histories import SOURCES, Journals
from common.applying import Applier, Received, Subscription, layers, read
from common.cloudevents import Entry
from common.contracts.catalogue import EVENTS
from common.contracts.event import ClientEvent
from common.db import Database
from common.journal import FIRST_DIGEST
from common.migrate import migrate
from common.positions import FILL
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.rollups import counts, handlers
from reporting.rollups.closing import close_month
from reporting.rollups.counting import count_marked
from reporting.rollups.counts import Key
from reporting.schema import metadata

STREAMS = 4
NOW = datetime(2026, 11, 1, tzinfo=UTC)
HANDLERS = {"scheduling": handlers.SCHEDULING, "assessments": handlers.ASSESSMENTS}


@dataclass
class CountingHouse:
    db: Database
    journals: Journals = field(default_factory=lambda: Journals(STREAMS))
    appliers: Mapping[str, Applier] = field(init=False)

    def __post_init__(self) -> None:
        self.appliers = {source: Applier(self.db, Subscription(source, HANDLERS[source], EVENTS)) for source in SOURCES}

    async def open(self) -> "CountingHouse":
        for source in SOURCES:
            await self.db.pool.execute(FILL, source, STREAMS, FIRST_DIGEST)
        return self

    async def take(self, *events: ClientEvent) -> list[Entry]:
        """Told, and applied as one poll of each publisher."""
        entries = [self.journals.append(event) for event in events]
        await self.apply(entries)
        return entries

    async def apply(self, entries: Sequence[Entry]) -> None:
        for source in SOURCES:
            poll = [entry for entry in entries if entry.source == source]
            if poll:
                expected: dict[int, int] = {}
                for entry in poll:
                    expected.setdefault(entry.stream, entry.position - 1)
                await self.appliers[source].apply(poll, expected, dict.fromkeys(expected, 0))

    async def take_all(self, events: Iterable[ClientEvent], poll: int = 200) -> None:
        waiting = list(events)
        for start in range(0, len(waiting), poll):
            await self.take(*waiting[start : start + poll])

    async def handle(self, entries: Sequence[Entry]) -> None:
        """In this order, whatever the positions say: what the handlers alone make of it."""
        subscription = Subscription("", {**handlers.SCHEDULING, **handlers.ASSESSMENTS}, EVENTS)
        received = [
            Received(event, entry) for entry in entries for event in [read(subscription, entry)] if type(event) in subscription.handlers
        ]
        async with self.db.begin_event() as tx:
            for kind, group in layers(received):
                await subscription.handlers[kind](tx, group)

    async def count(self) -> None:
        while await count_marked(self.db, 100):
            pass

    async def close(self, family: str, month: str) -> None:
        await close_month(self.db, family, month, NOW)

    async def rollup(self) -> dict[Key, int]:
        async with self.db.pool.acquire() as tx:
            return await counts.everything(tx)

    async def counted(self, dimension: str, month: str) -> dict[tuple[str, int, int], int]:
        """Over all employers and providers."""
        found: dict[tuple[str, int, int], int] = {}
        for key, n in (await self.rollup()).items():
            if (key.dimension, key.month) == (dimension, month):
                found[key.kind, key.a, key.b] = found.get((key.kind, key.a, key.b), 0) + n
        return found


@asynccontextmanager
async def counting_house(infrastructure: Infrastructure) -> AsyncIterator[CountingHouse]:
    name = f"rollups_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, STREAMS)
    try:
        yield await CountingHouse(db).open()
    finally:
        await db.close()
        await infrastructure.drop_database(name)
