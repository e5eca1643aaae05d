"""Appointments over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.auth import Allow, Principal, Role
from common.contracts.scheduling import AppointmentKind
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.appointments import usecases
from scheduling.appointments.rules import Appointment
from scheduling.appointments.usecases import Booking, Completion
from scheduling.tenancy import narrow

router = APIRouter(prefix="/v1", tags=["appointments"])
Booker = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.CLIENT))]
TheProvider = Annotated[Principal, Depends(Allow(Role.PROVIDER))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]


class AppointmentIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "consultation", "starts_at": "2026-11-24T15:00:00-06:00"}}
    )

    kind: AppointmentKind
    starts_at: AwareDatetime


class CompletionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"held_on": "2026-11-24"}})

    held_on: date
    """The day where it was held."""


@router.post(
    "/consultation-requests/{request_id}/appointments",
    status_code=201,
    operation_id="scheduleAppointment",
    responses=problems("not_found", "wrong_state", "idempotency_key_reused"),
)
async def schedule_appointment(
    db: Db, journal: TheJournal, caller: Booker, key: Key, request_id: UUID, body: AppointmentIn, now: Now
) -> Appointment:
    """Only of an accepted request. A client books consultations, a provider schedules both."""
    booking = Booking(uuid4(), request_id, body.kind, body.starts_at)
    return await usecases.schedule_appointment(db, journal, caller, key, booking, now)


@router.post(
    "/appointments/{appointment_id}/completion",
    operation_id="completeAppointment",
    responses=problems("not_found", "wrong_state", "idempotency_key_reused"),
)
async def complete_appointment(
    db: Db, journal: TheJournal, caller: TheProvider, key: Key, appointment_id: UUID, body: CompletionIn, now: Now
) -> Appointment:
    """It took place, once."""
    return await usecases.complete_appointment(db, journal, caller, key, Completion(appointment_id, body.held_on), now)


@router.get("/appointments", operation_id="listAppointments", responses=problems("not_found"))
async def list_appointments(
    db: Db, caller: Reader, client_id: UUID | None = None, provider_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Appointment]:
    """A client's or a provider's own; operations may leave the filters out."""
    found = await usecases.list_appointments(db, *narrow(caller, client_id, provider_id), after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.appointment_id)
