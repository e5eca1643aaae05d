"""`applied_correction`: what was corrected in a client's record, from what to what (45 CFR 164.526(c)(1): the old stays linked)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.clients.rules import Client
from scheduling.clients.tables import client
from scheduling.schema import metadata

applied_correction = sa.Table(
    "applied_correction",
    metadata,
    sa.Column("correction_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text, nullable=False),
    moment("applied_at"),
)


async def applied_at(tx: AsyncConnection, correction_id: UUID) -> datetime | None:
    """None where it is new."""
    c = applied_correction.c
    found: datetime | None = await tx.scalar(sa.select(c.applied_at).where(c.correction_id == correction_id))
    return found


async def lock_client(tx: AsyncConnection, client_id: UUID) -> Client | None:
    wanted = sa.select(client).where(client.c.client_id == client_id).with_for_update(key_share=True)
    row = (await tx.execute(wanted)).one_or_none()
    return Client.model_validate(row, from_attributes=True) if row else None


async def member_id_taken(tx: AsyncConnection, of: Client) -> bool:
    """By somebody else at the same employer."""
    c = client.c
    wanted = sa.select(c.client_id).where(c.employer_id == of.employer_id, c.member_id == of.member_id, c.client_id != of.client_id)
    return (await tx.scalar(wanted.limit(1))) is not None


async def write(tx: AsyncConnection, correction_id: UUID, field: str, before: Client, after: Client, now: datetime) -> None:
    value = getattr(after, field)
    await tx.execute(sa.update(client).where(client.c.client_id == after.client_id).values({field: value}))
    old = getattr(before, field)
    values = {"correction_id": correction_id, "client_id": after.client_id, "field": field, "applied_at": now}
    await tx.execute(sa.insert(applied_correction).values(before=None if old is None else str(old), after=str(value), **values))
