"""A recipient and a recall of its own, put into reporting's tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.schema import metadata

RECIPIENT = """
insert into recipient (recipient_id, slug, smart_client_id, jwks, scopes, purpose, sealed, webhook_url, webhook_secret,
                       acknowledge_hours, attest_days, registered_at, changed_at)
values ($1, $2, $2, '{"keys": []}', '{}', 'personalised_health_recommendations', false, $3, $4, 24, 10, now(), now())"""

RECALL = """
insert into recall (recall_id, client_id, programme, plan_id, decision_id, tokens, exports, sent_at)
values ($1, $2, 'care_connect', $3, $4, array[$5::uuid, gen_random_uuid()], array[gen_random_uuid()], $6)"""

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@asynccontextmanager
async def reporting_database(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"recalls_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, 4)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


@dataclass
class Recalled:
    """Ids of its own, so that tests can share a database."""

    db: Database
    plan_id: UUID = field(default_factory=uuid4)
    recall_id: UUID = field(default_factory=uuid4)
    client_id: UUID = field(default_factory=uuid4)
    decision_id: UUID = field(default_factory=uuid4)
    token: UUID = field(default_factory=uuid4)

    async def registered(self, webhook: str | None = "http://127.0.0.1:9/hook") -> "Recalled":
        secret = SECRET if webhook else None
        await self.db.pool.execute(RECIPIENT, self.plan_id, f"plan-{self.plan_id.hex[:12]}", webhook, secret)
        return self

    async def sent(self, at: datetime | None) -> "Recalled":
        await self.db.pool.execute(RECALL, self.recall_id, self.client_id, self.plan_id, self.decision_id, self.token, at)
        return self

    async def told(self) -> tuple[list[str], list[str]]:
        """The notices and the webhooks that are due to the recipient."""
        notices = await self.db.pool.fetch(
            "select kind from partner_notice where recipient_id = $1 and key = $2", self.plan_id, self.recall_id
        )
        webhooks = await self.db.pool.fetch("select kind from webhook_delivery where recall_id = $1 order by created_at", self.recall_id)
        return [row["kind"] for row in notices], [row["kind"] for row in webhooks]

    async def facts(self) -> list[str]:
        """What the journal has of the client."""
        rows = await self.db.pool.fetch("select type from journal where subject = $1 order by position", self.client_id)
        return [row["type"].split(".")[1] for row in rows]

    async def mark(self) -> tuple[str | None, int]:
        row = await self.db.pool.fetchrow("select overdue, reminders from recall where recall_id = $1", self.recall_id)
        assert row is not None
        return row["overdue"], row["reminders"]
