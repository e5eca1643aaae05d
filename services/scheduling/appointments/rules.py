"""Appointments: when one may be scheduled, and that it is held once. Pure."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import AppointmentHeld, AppointmentKind, AppointmentScheduled
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.requests.rules import ConsultationRequest, RequestState


class Appointment(BaseModel):
    """`held_on` is absent until it took place."""

    model_config = ConfigDict(frozen=True)

    appointment_id: UUID
    request_id: UUID
    client_id: UUID
    provider_id: UUID
    programme: Programme
    kind: AppointmentKind
    starts_at: datetime
    scheduled_at: datetime
    held_on: date | None = None


def schedule(
    request: ConsultationRequest, appointment_id: UUID, kind: AppointmentKind, starts_at: datetime, now: datetime
) -> tuple[Appointment, AppointmentScheduled]:
    """Raises Problem unless the provider has accepted the request."""
    if request.state is not RequestState.ACCEPTED:
        raise Problem("wrong_state", f"The request is {request.state}, not accepted.", state=request.state)
    appointment = Appointment(
        appointment_id=appointment_id,
        request_id=request.request_id,
        client_id=request.client_id,
        provider_id=request.provider_id,
        programme=request.programme,
        kind=kind,
        starts_at=starts_at,
        scheduled_at=now,
    )
    return appointment, AppointmentScheduled(**_about(appointment, now), starts_at=starts_at)


def hold(appointment: Appointment, held_on: date, now: datetime) -> tuple[Appointment, AppointmentHeld]:
    """Raises Problem where it was held already, or on a day that has begun nowhere yet."""
    if appointment.held_on is not None:
        raise Problem("wrong_state", "The appointment was held already.", state="held")
    if held_on > (now + timedelta(days=1)).date():
        raise Problem("invalid_request", "An appointment is not held in the future.", field="held_on")
    return appointment.model_copy(update={"held_on": held_on}), AppointmentHeld(**_about(appointment, now), held_on=held_on)


def _about(appointment: Appointment, now: datetime) -> dict[str, Any]:
    return {
        "occurred_at": now,
        "client_id": appointment.client_id,
        "appointment_id": appointment.appointment_id,
        "request_id": appointment.request_id,
        "provider_id": appointment.provider_id,
        "programme": appointment.programme,
        "kind": appointment.kind,
    }
