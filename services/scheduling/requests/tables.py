"""`consultation_request`: one row a request. The choice on sharing is no column: nothing here may depend on it (C3)."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.clients.tables import client
from scheduling.providers.tables import provider
from scheduling.requests.rules import ConsultationRequest
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


async def find(tx: AsyncConnection, request_id: UUID, *, lock: bool = False) -> ConsultationRequest | None:
    wanted = sa.select(consultation_request).where(consultation_request.c.request_id == request_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return ConsultationRequest.model_validate(row, from_attributes=True) if row else None


async def answer(tx: AsyncConnection, answered: ConsultationRequest) -> None:
    changed = {"state": answered.state, "version": answered.version, "answered_at": answered.answered_at}
    await tx.execute(sa.update(consultation_request).where(consultation_request.c.request_id == answered.request_id).values(changed))


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
