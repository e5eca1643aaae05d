"""`provider`: the clinicians that clients find in the directory (S5)."""

from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.schema import metadata

Degree = Literal["masters", "psychology_doctorate", "nurse_practitioner"]
"""S3: the eligible ones."""


class Provider(BaseModel):
    model_config = ConfigDict(frozen=True)

    provider_id: UUID
    name: str
    state: str
    degree: Degree


provider = sa.Table(
    "provider",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("degree", sa.Text, nullable=False),
    sa.Index("provider_state_idx", "state", "provider_id"),
)


async def insert(tx: AsyncConnection, added: Provider) -> bool:
    """False where the id is taken."""
    result = await tx.execute(pg.insert(provider).values(added.model_dump()).on_conflict_do_nothing())
    return result.rowcount == 1


async def exists(tx: AsyncConnection, provider_id: UUID) -> bool:
    return await tx.scalar(sa.select(sa.true()).where(provider.c.provider_id == provider_id)) is not None


async def list_after(tx: AsyncConnection, state: str | None, last: UUID, limit: int) -> list[Provider]:
    wanted = sa.select(provider).where(provider.c.provider_id > last).order_by(provider.c.provider_id).limit(limit)
    if state is not None:
        wanted = wanted.where(provider.c.state == state)
    return [Provider.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
