"""`recipient`: who may be given individual data, how it shows who it is, and how it takes it. The id is the plan's."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.recipients.rules import Registration
from reporting.schema import metadata

recipient = sa.Table(
    "recipient",
    metadata,
    sa.Column("recipient_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("smart_client_id", sa.Text, nullable=False, unique=True),
    sa.Column("jwks", pg.JSONB),
    sa.Column("jwks_url", sa.Text),
    sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("sealed", sa.Boolean, nullable=False),
    sa.Column("webhook_url", sa.Text),
    sa.Column("webhook_secret", sa.Text),
    sa.Column("acknowledge_hours", sa.Integer, nullable=False),
    sa.Column("attest_days", sa.Integer, nullable=False),
    sa.CheckConstraint("num_nonnulls(jwks, jwks_url) = 1", name="keys"),
    moment("registered_at"),
    moment("changed_at"),
)


COLUMNS = ", ".join("jwks::text" if name == "jwks" else name for name in Registration.model_fields)


async def find(tx: Connection, recipient_id: UUID) -> Registration | None:
    return await _one(tx, "where recipient_id = $1", recipient_id)


async def held(tx: Connection, recipient_id: UUID) -> Registration | None:
    """As it is until the transaction ends: nobody changes it meanwhile."""
    return await _one(tx, "where recipient_id = $1 for share", recipient_id)


async def for_change(tx: Connection, recipient_id: UUID) -> Registration | None:
    return await _one(tx, "where recipient_id = $1 for update", recipient_id)


async def of_smart_client(tx: Connection, smart_client_id: str) -> Registration | None:
    return await _one(tx, "where smart_client_id = $1", smart_client_id)


async def every(tx: Connection) -> list[Registration]:
    return [Registration.model_validate(dict(row)) for row in await tx.fetch(f"select {COLUMNS} from recipient order by slug")]


async def _one(tx: Connection, which: str, value: UUID | str) -> Registration | None:
    row = await tx.fetchrow(f"select {COLUMNS} from recipient {which}", value)
    return Registration.model_validate(dict(row)) if row else None
