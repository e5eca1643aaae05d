"""Scheduling's database as the migrations make it, and providers in it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import scheduling
from common.auth import Principal, Role
from common.db import Database
from common.idempotency import IdempotencyKey
from common.migrate import migrate
from common.problems import Problem
from deploy.local.infrastructure import Infrastructure
from scheduling.availability import slot_tables, slots, tables, usecases
from scheduling.availability.openings import recompute
from scheduling.availability.rules import Hold, Slot, Terms, Weekly
from scheduling.schema import metadata
from tests.scheduling.availability.calendars import NEW_YORK, at, weekly

NOW = at("2026-06-01T08:00", NEW_YORK)
"""A Monday morning."""
MINUTE = timedelta(minutes=1)
NO_KEY = IdempotencyKey(None, b"")
TOGETHER = 64
MIGRATIONS = Path(str(scheduling.__file__)).parent / "migrations"


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"availability_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "scheduling", MIGRATIONS, metadata, 4)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture(scope="module")
async def many(db: Database) -> AsyncIterator[AsyncEngine]:
    """A connection for each who race."""
    engine = create_async_engine(db.engine.url, pool_size=TOGETHER, max_overflow=0)
    yield engine
    await engine.dispose()


def monday(text: str) -> datetime:
    return at(f"2026-06-01T{text}", NEW_YORK)


def client(client_id: UUID) -> Principal:
    return Principal(client_id, Role.CLIENT, 0)


def apart(taken: Sequence[Slot], minutes: int = 0) -> bool:
    return all(a.ends_at + minutes * MINUTE <= b.starts_at for a, b in pairwise(taken))


async def outcome(work: Any) -> str:
    """`done`, or the code of the refusal. Anything else is an error of the test."""
    try:
        await work
    except Problem as problem:
        return problem.code
    return "done"


@dataclass
class Provider:
    """Open every day from 9:00 to 17:00 in New York, unless it is said otherwise."""

    db: Database
    provider_id: UUID = field(default_factory=uuid4)

    async def opens(self, hours: Sequence[Weekly] | None = None, now: datetime = NOW, **terms: Any) -> "Provider":
        asked = Terms(**{"time_zone": NEW_YORK, "buffer_minutes": 0, **terms})
        async with self.db.begin() as tx:
            await slot_tables.lock_provider(tx, self.provider_id)
            await tables.put_terms(tx, self.provider_id, asked, 1, weekly("09:00-17:00") if hours is None else hours)
            await recompute(tx, [self.provider_id], now)
        return self

    async def book(self, starts_at: datetime, *, now: datetime = NOW, engine: AsyncEngine | None = None, **more: Any) -> UUID:
        """A consultation, by a client where it is not said otherwise. Answers the appointment."""
        appointment_id: UUID = more.pop("appointment_id", None) or uuid4()
        asked = {"booked_by": uuid4(), "only_open": True, "ends_at": starts_at + 20 * MINUTE, **more}
        async with (engine or self.db.engine).begin() as tx:
            await slots.book(tx, provider_id=self.provider_id, appointment_id=appointment_id, starts_at=starts_at, now=now, **asked)
        return appointment_id

    async def move(
        self, appointment_id: UUID, starts_at: datetime, *, now: datetime = NOW, engine: AsyncEngine | None = None, **more: Any
    ) -> None:
        asked = {"moved_by": uuid4(), "only_open": True, "ends_at": starts_at + 20 * MINUTE, **more}
        async with (engine or self.db.engine).begin() as tx:
            await slots.move(tx, appointment_id=appointment_id, starts_at=starts_at, now=now, **asked)

    async def release(self, appointment_id: UUID, now: datetime = NOW) -> None:
        async with self.db.begin() as tx:
            await slots.release(tx, appointment_id, now)

    async def hold(self, by: UUID, starts_at: datetime, now: datetime = NOW) -> Hold:
        wish = usecases.Wish(self.provider_id, "consultation", starts_at)
        return await usecases.hold_slot(self.db, client(by), NO_KEY, wish, now)

    async def offered(self, now: datetime = NOW, days: int = 1) -> list[datetime]:
        async with self.db.begin() as tx:
            found = await slots.open_slots(tx, self.provider_id, kind="consultation", first=now, last=now + timedelta(days=days), now=now)
        return [slot.starts_at for slot in found]

    async def next_opening(self) -> datetime | None:
        async with self.db.begin() as tx:
            return (await slots.next_open_at(tx, [self.provider_id])).get(self.provider_id)

    async def taken(self) -> list[Slot]:
        async with self.db.begin() as tx:
            found = await tables.calendars(tx, [self.provider_id], NOW - timedelta(days=30), NOW + timedelta(days=90), NOW)
        return list(found[self.provider_id][0].busy)


@pytest.fixture
async def provider(db: Database) -> Provider:
    return await Provider(db).opens()
