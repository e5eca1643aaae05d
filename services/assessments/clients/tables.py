"""`known_client`: the clients that scheduling has registered, and their programme."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.schema import metadata
from common.contracts.vocabulary import Programme
from common.db import Connection

known_client = sa.Table(
    "known_client",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("programme", sa.Text, nullable=False),
)

REMEMBER = """
insert into known_client (client_id, programme) select * from unnest($1::uuid[], $2::text[])
on conflict (client_id) do update set programme = excluded.programme"""


async def remember(tx: Connection, client_ids: Sequence[UUID], programmes: Sequence[Programme]) -> None:
    await tx.execute(REMEMBER, client_ids, programmes)


async def programme_of(tx: AsyncConnection, client_id: UUID) -> Programme | None:
    """None for a client that is not known."""
    name = await tx.scalar(sa.select(known_client.c.programme).where(known_client.c.client_id == client_id))
    return Programme(name) if name else None
