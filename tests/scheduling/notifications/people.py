"""Who is told something in these tests, and how it is looked up what became of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from common.db import Database
from scheduling.notifications import usecases
from scheduling.notifications.rules import Contact, Language, Notice, Recipient, RecipientKind

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""In New York."""


def told(to: Recipient, reason: str = "request_accepted:1", template: str = "request_accepted_client", **more: Any) -> Notice:
    return Notice(to, template, reason, **more)


async def reachable(db: Database, kind: RecipientKind = "client", language: Language = "en", email: str | None = None) -> Recipient:
    somebody = Recipient(kind, uuid4())
    address = email or f"{somebody.id.hex[:12]}@mail.example"
    await usecases.set_contact(db, somebody, Contact(email=address, language=language, updated_at=NOON))
    return somebody


async def tell(db: Database, *notices: Notice) -> None:
    async with db.begin() as tx:
        await usecases.notify(tx, notices, NOON)


async def rows(db: Database, of: Recipient) -> Sequence[Any]:
    return await db.pool.fetch("select * from notification where recipient_kind = $1 and recipient_id = $2", of.kind, of.id)


async def row(db: Database, of: Recipient) -> Any:
    (found,) = await rows(db, of)
    return found


async def come_due(db: Database, notification_id: UUID | None = None) -> None:
    """The pause after an attempt, or the claim of a mailer that died, is over."""
    await db.pool.execute(
        "update notification set next_attempt_at = clock_timestamp() where $1::uuid in (notification_id, $2)",
        notification_id or UUID(int=0),
        UUID(int=0),
    )
