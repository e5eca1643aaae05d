"""`consultation_request`: one row a request. The choice on sharing is no column: nothing here may depend on it (C3)."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.clients.tables import client
from scheduling.episodes.tables import episode
from scheduling.providers.tables import provider
from scheduling.requests.rules import ConsultationRequest
from scheduling.requests.states import OVER
from scheduling.schema import metadata

consultation_request = sa.Table(
    "consultation_request",
    metadata,
    sa.Column("request_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("provider_id", pg.UUID(as_uuid=True), sa.ForeignKey(provider.c.provider_id), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("first", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    moment("requested_at"),
    moment("answered_at", nullable=True),
    sa.Column("episode_id", pg.UUID(as_uuid=True), sa.ForeignKey(episode.c.episode_id), index=True),
    sa.Column("origin", sa.Text, nullable=False, server_default="directory"),
    sa.Column("specialties", pg.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("decline_reason", sa.Text),
    sa.Column("proposed_times", pg.ARRAY(pg.TIMESTAMP(timezone=True)), nullable=False, server_default="{}"),
    sa.Index("consultation_request_client_idx", "client_id", "request_id"),
    sa.Index("consultation_request_provider_idx", "provider_id", "request_id"),
    # The lock on the client's row sees to it (C2); this holds it for whoever forgets the lock.
    sa.Index("consultation_request_first_idx", "client_id", unique=True, postgresql_where=sa.text("first")),
)


async def insert(tx: AsyncConnection, added: ConsultationRequest) -> None:
    await tx.execute(sa.insert(consultation_request).values(added.model_dump()))


async def is_first(tx: AsyncConnection, client_id: UUID) -> bool:
    """A statement of its own after the client's row was locked: the locking one would still see what was there before it waited."""
    asked = sa.select(sa.true()).where(consultation_request.c.client_id == client_id).limit(1)
    return await tx.scalar(asked) is None


async def find(tx: AsyncConnection, request_id: UUID) -> ConsultationRequest | None:
    """No lock of its own: whoever changes a request holds the lock on its client's row."""
    row = (await tx.execute(sa.select(consultation_request).where(consultation_request.c.request_id == request_id))).one_or_none()
    return ConsultationRequest.model_validate(row, from_attributes=True) if row else None


async def find_all(tx: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, ConsultationRequest]:
    rows = await tx.execute(sa.select(consultation_request).where(consultation_request.c.request_id.in_(ids)))
    return {row.request_id: ConsultationRequest.model_validate(row, from_attributes=True) for row in rows}


async def change(tx: AsyncConnection, changed: ConsultationRequest) -> None:
    columns = {"state", "version", "answered_at", "decline_reason", "proposed_times", "episode_id"}
    values = changed.model_dump(include=columns)
    await tx.execute(sa.update(consultation_request).where(consultation_request.c.request_id == changed.request_id).values(values))


async def of_client(tx: AsyncConnection, client_id: UUID, programme: Programme) -> list[ConsultationRequest]:
    """All of them, the newest last."""
    columns = consultation_request.c
    wanted = sa.select(consultation_request).where(columns.client_id == client_id, columns.programme == programme)
    rows = await tx.execute(wanted.order_by(columns.requested_at, columns.request_id))
    return [ConsultationRequest.model_validate(row, from_attributes=True) for row in rows]


async def open_of_provider(tx: AsyncConnection, provider_id: UUID) -> list[ConsultationRequest]:
    wanted = sa.select(consultation_request).where(
        consultation_request.c.provider_id == provider_id, consultation_request.c.state.not_in(sorted(OVER))
    )
    return [ConsultationRequest.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]


async def list_after(
    tx: AsyncConnection, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int
) -> list[ConsultationRequest]:
    columns = consultation_request.c
    wanted = sa.select(consultation_request).where(columns.request_id > last).order_by(columns.request_id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(columns.client_id == client_id)
    if provider_id is not None:
        wanted = wanted.where(columns.provider_id == provider_id)
    return [ConsultationRequest.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
