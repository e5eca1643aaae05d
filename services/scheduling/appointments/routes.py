"""Appointments over HTTP."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.scheduling import AppointmentKind
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.appointments import usecases
from scheduling.appointments.invitations import calendar_file
from scheduling.appointments.rules import Appointment, Booking
from scheduling.appointments.usecases import Completion
from scheduling.availability.forms import Moment
from scheduling.tenancy import narrow

router = APIRouter(prefix="/v1", tags=["appointments"])
Booker = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.CLIENT))]
TheProvider = Annotated[Principal, Depends(Allow(Role.PROVIDER))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
CHANGING = problems("not_found", "wrong_state", "idempotency_key_reused")


class AppointmentIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "consultation", "starts_at": "2026-11-24T15:00:00-06:00"}}
    )

    kind: AppointmentKind
    starts_at: Moment
    minutes: int | None = Field(None, ge=5, le=180)
    """The provider's usual length where it is not given. Only the provider may give another."""
    hold_id: UUID | None = None


class MoveIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"starts_at": "2026-11-25T15:00:00-06:00"}})

    starts_at: Moment


class NoShowIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"by": "client"}})

    by: Literal["client", "provider"]
    """Who did not come."""


class CompletionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"held_on": "2026-11-24"}})

    held_on: date
    """The day where it was held."""


@router.post(
    "/consultation-requests/{request_id}/appointments",
    status_code=201,
    operation_id="scheduleAppointment",
    responses=problems(
        "not_found", "wrong_state", "slot_taken", "slot_not_open", "hold_expired", "visit_limit_reached", "idempotency_key_reused"
    ),
)
async def schedule_appointment(
    db: Db, journal: TheJournal, caller: Booker, key: Key, request_id: UUID, body: AppointmentIn, now: Now
) -> Appointment:
    """S6: a client books the consultation, from open slots or proposed times; a provider schedules both kinds."""
    minutes = body.minutes if caller.role is Role.PROVIDER else None
    booking = Booking(uuid4(), request_id, body.kind, body.starts_at, minutes, body.hold_id)
    return await usecases.schedule_appointment(db, journal, caller, key, booking, now)


@router.post(
    "/appointments/{appointment_id}/move",
    operation_id="moveAppointment",
    responses=problems("not_found", "wrong_state", "slot_taken", "slot_not_open", "visit_limit_reached", "idempotency_key_reused"),
)
async def move_appointment(
    db: Db, journal: TheJournal, caller: Booker, key: Key, appointment_id: UUID, body: MoveIn, now: Now
) -> Appointment:
    """A client to an open slot, a provider to wherever they are free."""
    return await usecases.move_appointment(db, journal, caller, key, appointment_id, body.starts_at, now)


@router.post("/appointments/{appointment_id}/cancellation", operation_id="cancelAppointment", responses=CHANGING)
async def cancel_appointment(db: Db, journal: TheJournal, caller: Booker, key: Key, appointment_id: UUID, now: Now) -> Appointment:
    return await usecases.cancel_appointment(db, journal, caller, key, appointment_id, now)


@router.post("/appointments/{appointment_id}/no-show", operation_id="missAppointment", responses=CHANGING)
async def miss_appointment(
    db: Db, journal: TheJournal, caller: TheProvider, key: Key, appointment_id: UUID, body: NoShowIn, now: Now
) -> Appointment:
    """It did not take place. It counts as no visit (S13)."""
    return await usecases.miss_appointment(db, journal, caller, key, appointment_id, body.by, now)


@router.post("/appointments/{appointment_id}/completion", operation_id="completeAppointment", responses=CHANGING)
async def complete_appointment(
    db: Db, journal: TheJournal, caller: TheProvider, key: Key, appointment_id: UUID, body: CompletionIn, now: Now
) -> Appointment:
    """It took place, once."""
    return await usecases.complete_appointment(db, journal, caller, key, Completion(appointment_id, body.held_on), now)


@router.get("/appointments/{appointment_id}", operation_id="readAppointment", responses=problems("not_found"))
async def read_appointment(db: Db, caller: Reader, appointment_id: UUID) -> Appointment:
    return await usecases.read_appointment(db, caller, appointment_id)


@router.get(
    "/appointments/{appointment_id}/invitation",
    operation_id="readInvitation",
    response_class=Response,
    responses={**problems("not_found"), 200: {"content": {"text/calendar": {}}}},
)
async def read_invitation(db: Db, caller: Reader, appointment_id: UUID, now: Now) -> Response:
    """For the person's own calendar (RFC 5545): a time and a neutral summary. Of one that was called off it says so."""
    found = await usecases.read_appointment(db, caller, appointment_id)
    file = calendar_file(found, now)
    headers = {"content-disposition": 'attachment; filename="appointment.ics"', "cache-control": "no-store"}
    return Response(file, media_type="text/calendar", headers=headers)


@router.get("/appointments", operation_id="listAppointments", responses=problems("not_found"))
async def list_appointments(
    db: Db, caller: Reader, client_id: UUID | None = None, provider_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Appointment]:
    """A client's or a provider's own; operations may leave the filters out."""
    found = await usecases.list_appointments(db, *narrow(caller, client_id, provider_id), after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.appointment_id)
