"""`appointment`: one row a consultation or session."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.appointments.rules import Appointment
from scheduling.requests.tables import consultation_request
from scheduling.schema import metadata

appointment = sa.Table(
    "appointment",
    metadata,
    sa.Column("appointment_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("request_id", pg.UUID(as_uuid=True), sa.ForeignKey(consultation_request.c.request_id), nullable=False, index=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    moment("starts_at"),
    moment("scheduled_at"),
    sa.Column("held_on", sa.Date),
    sa.Index("appointment_client_idx", "client_id", "appointment_id"),
    sa.Index("appointment_provider_idx", "provider_id", "appointment_id"),
)


async def insert(tx: AsyncConnection, added: Appointment) -> None:
    await tx.execute(sa.insert(appointment).values(added.model_dump()))


async def lock(tx: AsyncConnection, appointment_id: UUID) -> Appointment | None:
    wanted = sa.select(appointment).where(appointment.c.appointment_id == appointment_id).with_for_update()
    row = (await tx.execute(wanted)).one_or_none()
    return Appointment.model_validate(row, from_attributes=True) if row else None


async def hold(tx: AsyncConnection, appointment_id: UUID, held_on: date | None) -> None:
    await tx.execute(sa.update(appointment).where(appointment.c.appointment_id == appointment_id).values(held_on=held_on))


async def list_after(tx: AsyncConnection, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int) -> list[Appointment]:
    columns = appointment.c
    wanted = sa.select(appointment).where(columns.appointment_id > last).order_by(columns.appointment_id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(columns.client_id == client_id)
    if provider_id is not None:
        wanted = wanted.where(columns.provider_id == provider_id)
    return [Appointment.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
