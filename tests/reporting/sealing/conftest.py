"""A reporting database and a folder of epochs of its own, with people whose consents begin and end in it as the consumer applies them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

import reporting.schema
from common.applying import Received
from common.cloudevents import Entry
from common.contracts.consent import Decided, OptedIn, OptedOut
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Channel, Programme, Purpose, Recipient
from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from reporting.redaction.tables import close_sharing, open_sharing
from reporting.schema import metadata
from reporting.sealing.epochs import begin_epoch, epochs
from reporting.sealing.keys import Sealer
from reporting.sealing.rotation import reconcile, turn

STREAMS = 4
MIGRATIONS = Path(reporting.schema.__file__).parent / "migrations"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS = 24.0


@dataclass
class House:
    db: Database
    folder: Path
    positions: dict[UUID, int] = field(default_factory=dict)

    @property
    def sealer(self) -> Sealer:
        return Sealer(self.folder, HOURS)

    async def shares(self) -> tuple[UUID, UUID]:
        """A client who opts in: its id, and the token that the recipient knows it by."""
        client = uuid4()
        more = {"categories": DEFAULT_CATEGORIES, "notice_version": "1", "notice_language": "en", "notice_digest": "0"}
        async with self.db.begin_event() as tx:
            await open_sharing(tx, [self._received(OptedIn, client, **more)])
        return client, await self.db.pool.fetchval("select token from sharing where client_id = $1", client)

    async def opts_out(self, client: UUID) -> None:
        async with self.db.begin_event() as tx:
            await close_sharing(tx, [self._received(OptedOut, client)], "opted_out")

    def _received(self, kind: type[Decided], client: UUID, **more: Any) -> Received[Any]:
        event = kind(
            client_id=client,
            programme=Programme.CARE_CONNECT,
            recipient=Recipient.HEALTH_PLAN,
            purpose=Purpose.PERSONALISED_RECOMMENDATIONS,
            channel=Channel.PORTAL,
            occurred_at=NOON,
            **more,
        )
        position = self.positions[client] = self.positions.get(client, 0) + 1
        return Received(event, Entry("consent", 1, position, event.event_id, event.type, client, event.to_json(), b""))

    async def keys(self, *tokens: UUID, make: bool = True) -> dict[UUID, bytes]:
        async with self.db.pool.acquire() as tx:
            return await self.sealer.keys_of(tx, tokens, make=make)

    async def turn(self, now: datetime) -> None:
        async with self.db.pool.acquire() as tx:
            await turn(tx, self.folder, HOURS, now)

    async def restart(self) -> None:
        async with self.db.pool.acquire() as tx:
            await reconcile(tx, self.folder)

    async def rows(self) -> list[tuple[UUID, str, bytes]]:
        return [tuple(row) for row in await self.db.pool.fetch("select token, epoch, wrapped from sealing_key order by token")]

    async def put_back(self, rows: list[tuple[UUID, str, bytes]]) -> None:
        """What a backup holds of the table."""
        async with self.db.begin_event() as tx:
            await tx.execute("delete from sealing_key")
            await tx.executemany("insert into sealing_key (token, epoch, wrapped) values ($1, $2, $3)", rows)

    def epochs(self) -> list[str]:
        return epochs(self.folder)


@pytest.fixture
async def house(infrastructure: Infrastructure, tmp_path: Path) -> AsyncIterator[House]:
    name = f"sealing_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, STREAMS)
    begin_epoch(tmp_path / "epochs", NOON)
    try:
        yield House(db, tmp_path / "epochs")
    finally:
        await db.close()
        await infrastructure.drop_database(name)
