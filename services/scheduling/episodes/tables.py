"""`episode`: one row an episode of seeking care."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.episodes.rules import Episode
from scheduling.schema import metadata

episode = sa.Table(
    "episode",
    metadata,
    sa.Column("episode_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("employer_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("first", sa.Boolean, nullable=False),
    sa.Column("served", sa.Boolean, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("calendar", sa.Text, nullable=False),
    moment("sought_at"),
    moment("scheduled_at", nullable=True),
    moment("consulted_at", nullable=True),
    moment("in_care_at", nullable=True),
    moment("ended_at", nullable=True),
    sa.Column("outcome", sa.Text),
    sa.Index("episode_client_idx", "client_id", "programme", "sought_at"),
    # The lock on the client's row sees to it; this holds it for whoever forgets the lock.
    sa.Index("episode_open_idx", "client_id", "programme", unique=True, postgresql_where=sa.text("ended_at is null")),
)


async def latest(tx: AsyncConnection, client_id: UUID, programme: Programme) -> Episode | None:
    wanted = sa.select(episode).where(episode.c.client_id == client_id, episode.c.programme == programme)
    row = (await tx.execute(wanted.order_by(episode.c.sought_at.desc()).limit(1))).one_or_none()
    return Episode.model_validate(row, from_attributes=True) if row else None


async def find(tx: AsyncConnection, episode_id: UUID) -> Episode | None:
    row = (await tx.execute(sa.select(episode).where(episode.c.episode_id == episode_id))).one_or_none()
    return Episode.model_validate(row, from_attributes=True) if row else None


async def keep(tx: AsyncConnection, kept: Episode) -> None:
    values = kept.model_dump()
    statement = pg.insert(episode).values(values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["episode_id"], set_=values))


async def list_after(tx: AsyncConnection, client_id: UUID, last: UUID, limit: int) -> list[Episode]:
    wanted = sa.select(episode).where(episode.c.client_id == client_id, episode.c.episode_id > last)
    rows = await tx.execute(wanted.order_by(episode.c.episode_id).limit(limit))
    return [Episode.model_validate(row, from_attributes=True) for row in rows]
