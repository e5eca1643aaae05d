"""What can be done about appointments: schedule one, record that it was held, look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.contracts.scheduling import AppointmentKind
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.appointments import rules, tables
from scheduling.appointments.rules import Appointment
from scheduling.requests import tables as requests
from scheduling.requests.usecases import seen_by


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment as it is asked for."""

    appointment_id: UUID
    request_id: UUID
    kind: AppointmentKind
    starts_at: datetime


async def schedule_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, booking: Booking, now: datetime
) -> Appointment:
    """S6: a client books the consultation; sessions are the provider's to schedule. Raises Problem."""
    if caller.role is Role.CLIENT and booking.kind != "consultation":
        raise Problem("forbidden", "Clients book consultations; sessions are scheduled by the provider.", field="kind", rule="S6")

    async def work(tx: AsyncConnection) -> Appointment:
        request = seen_by(caller, await requests.find(tx, booking.request_id, lock=True))
        appointment, event = rules.schedule(request, booking.appointment_id, booking.kind, booking.starts_at, now)
        await tables.insert(tx, appointment)
        await journal.append(tx, event)
        return appointment

    return await once(db, caller, key, Appointment, work)


@dataclass(frozen=True, slots=True)
class Completion:
    """That an appointment took place, and on which day."""

    appointment_id: UUID
    held_on: date


async def complete_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, completion: Completion, now: datetime
) -> Appointment:
    """Once: a second completion is refused, a repeated one (same idempotency key) gets the first answer."""

    async def work(tx: AsyncConnection) -> Appointment:
        appointment = await tables.lock(tx, completion.appointment_id)
        if appointment is None:
            raise Problem("not_found", "There is nothing here that you may see.")
        caller.own(Role.PROVIDER, appointment.provider_id)
        held, event = rules.hold(appointment, completion.held_on, now)
        await tables.hold(tx, held.appointment_id, held.held_on)
        await journal.append(tx, event)
        return held

    return await once(db, caller, key, Appointment, work)


async def list_appointments(
    db: Database, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int
) -> Sequence[Appointment]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, provider_id, last, limit)
