"""`appointment`: one row a consultation or session."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.appointments.rules import Appointment, AppointmentState
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
    moment("ends_at"),
    moment("scheduled_at"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("held_on", sa.Date),
    sa.Index("appointment_client_idx", "client_id", "appointment_id"),
    sa.Index("appointment_provider_idx", "provider_id", "appointment_id"),
)


async def insert(tx: AsyncConnection, added: Appointment) -> None:
    await tx.execute(sa.insert(appointment).values(added.model_dump()))


async def find(tx: AsyncConnection, appointment_id: UUID) -> Appointment | None:
    row = (await tx.execute(sa.select(appointment).where(appointment.c.appointment_id == appointment_id))).one_or_none()
    return Appointment.model_validate(row, from_attributes=True) if row else None


async def find_all(tx: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Appointment]:
    rows = await tx.execute(sa.select(appointment).where(appointment.c.appointment_id.in_(ids)))
    return {row.appointment_id: Appointment.model_validate(row, from_attributes=True) for row in rows}


async def change(tx: AsyncConnection, changed: Appointment) -> None:
    columns = {"starts_at", "ends_at", "state", "sequence", "held_on"}
    values = changed.model_dump(include=columns)
    await tx.execute(sa.update(appointment).where(appointment.c.appointment_id == changed.appointment_id).values(values))


async def scheduled(tx: AsyncConnection, request_id: UUID) -> list[Appointment]:
    """What is still to come of a request."""
    wanted = sa.select(appointment).where(appointment.c.request_id == request_id, appointment.c.state == AppointmentState.SCHEDULED)
    return [Appointment.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]


async def list_after(tx: AsyncConnection, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int) -> list[Appointment]:
    columns = appointment.c
    wanted = sa.select(appointment).where(columns.appointment_id > last).order_by(columns.appointment_id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(columns.client_id == client_id)
    if provider_id is not None:
        wanted = wanted.where(columns.provider_id == provider_id)
    return [Appointment.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
