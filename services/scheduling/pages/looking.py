"""What the pages show of clients, providers and appointments: no more than is needed there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.appointments.rules import Appointment, AppointmentState
from scheduling.appointments.tables import appointment
from scheduling.availability.tables import availability
from scheduling.clients.tables import client
from scheduling.providers.tables import provider

LONGEST = 500
"""A provider with more appointments than that sees the earliest."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider needs to know of somebody who asks for a consultation."""

    state: str
    language: str


async def clients_known(tx: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Known]:
    rows = await tx.execute(sa.select(client.c.client_id, client.c.state, client.c.language).where(client.c.client_id.in_(ids)))
    return {row.client_id: Known(row.state, row.language.split("-")[0]) for row in rows}


async def zone_of_client(tx: AsyncConnection, client_id: UUID) -> str | None:
    zone: str | None = await tx.scalar(sa.select(client.c.time_zone).where(client.c.client_id == client_id))
    return zone


async def zone_of_provider(tx: AsyncConnection, provider_id: UUID) -> str:
    """That of the hours they have set, else of their state; UTC for somebody who is not registered yet, and so has no requests."""
    own = provider.outerjoin(availability, availability.c.provider_id == provider.c.provider_id)
    wanted = sa.select(sa.func.coalesce(availability.c.time_zone, provider.c.zone)).select_from(own)
    zone: str | None = await tx.scalar(wanted.where(provider.c.provider_id == provider_id))
    return zone or "UTC"


async def names_of(tx: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await tx.execute(sa.select(provider.c.provider_id, provider.c.name).where(provider.c.provider_id.in_(ids)))
    return {row.provider_id: row.name for row in rows}


async def scheduled_of_provider(tx: AsyncConnection, provider_id: UUID) -> Sequence[Appointment]:
    """The earliest first: what is over and was not recorded comes before what is still to come."""
    return await _appointments(tx, appointment.c.provider_id == provider_id, appointment.c.state == AppointmentState.SCHEDULED)


async def of_requests(tx: AsyncConnection, request_ids: Collection[UUID]) -> Sequence[Appointment]:
    return await _appointments(tx, appointment.c.request_id.in_(request_ids))


async def _appointments(tx: AsyncConnection, *wanted: sa.ColumnElement[Any]) -> Sequence[Appointment]:
    rows = await tx.execute(sa.select(appointment).where(*wanted).order_by(appointment.c.starts_at).limit(LONGEST))
    return [Appointment.model_validate(row, from_attributes=True) for row in rows]
