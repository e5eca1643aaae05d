"""Appointments: when one may be scheduled, moved, called off, and that it is held once. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import (
    AppointmentCancelled,
    AppointmentHeld,
    AppointmentKind,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentScheduled,
    Party,
)
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.notifications.rules import Notice, Recipient
from scheduling.requests.outcomes import fit_by_session
from scheduling.requests.rules import ConsultationRequest, answered_by_booking, moved
from scheduling.requests.states import Move
from scheduling.service_levels.rules import (
    APPOINTMENT_OUTCOME,
    CONSULTATION_SCHEDULED,
    PROPOSAL_ANSWERED,
    Arm,
    Cancel,
    Consequences,
    Stop,
)


class AppointmentState(StrEnum):
    SCHEDULED = "scheduled"
    HELD = "held"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Appointment(BaseModel):
    """`held_on` is absent until it took place. `sequence` counts how often it was moved or called off (RFC 5545)."""

    model_config = ConfigDict(frozen=True)

    appointment_id: UUID
    request_id: UUID
    client_id: UUID
    provider_id: UUID
    programme: Programme
    kind: AppointmentKind
    starts_at: datetime
    ends_at: datetime
    scheduled_at: datetime
    state: AppointmentState = AppointmentState.SCHEDULED
    sequence: int = 0
    held_on: date | None = None

    def about(self, now: datetime) -> dict[str, Any]:
        return {
            "occurred_at": now,
            "client_id": self.client_id,
            "appointment_id": self.appointment_id,
            "request_id": self.request_id,
            "provider_id": self.provider_id,
            "programme": self.programme,
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment as it is asked for. No length: the provider's usual one."""

    appointment_id: UUID
    request_id: UUID
    kind: AppointmentKind
    starts_at: datetime
    minutes: int | None = None
    hold_id: UUID | None = None


def schedule(
    request: ConsultationRequest, booking: Booking, minutes: int, now: datetime
) -> tuple[ConsultationRequest, Appointment, Consequences]:
    """Raises Problem unless the request is so far. What the client books answers a request that nobody has answered (S6)."""
    consultation = booking.kind == "consultation"
    scheduled = moved(
        request,
        Move.SCHEDULE_CONSULTATION if consultation else Move.SCHEDULE_SESSION,
        answered_at=request.answered_at or now,
        proposed_times=(),
    )
    appointment = Appointment(
        appointment_id=booking.appointment_id,
        request_id=request.request_id,
        client_id=request.client_id,
        provider_id=request.provider_id,
        programme=request.programme,
        kind=booking.kind,
        starts_at=booking.starts_at,
        ends_at=booking.starts_at + timedelta(minutes=minutes),
        scheduled_at=now,
    )
    event = AppointmentScheduled(starts_at=appointment.starts_at, ends_at=appointment.ends_at, **appointment.about(now))
    running = (
        Stop(CONSULTATION_SCHEDULED, request.request_id, now),
        Cancel(request.request_id, "scheduled", (PROPOSAL_ANSWERED,)),
        Arm(APPOINTMENT_OUTCOME, appointment.appointment_id, appointment.starts_at),
    )
    before = answered_by_booking(request, now) + fit_by_session(request, now)
    return scheduled, appointment, before + Consequences((event,), running, tell_both(appointment, "appointment_scheduled"))


def move(appointment: Appointment, starts_at: datetime, by: Party, now: datetime) -> tuple[Appointment, Consequences]:
    """It keeps its length. Its deadlines begin anew from where it is now."""
    _check_open(appointment)
    ends_at = starts_at + (appointment.ends_at - appointment.starts_at)
    moved_to = appointment.model_copy(update={"starts_at": starts_at, "ends_at": ends_at, "sequence": appointment.sequence + 1})
    event = AppointmentMoved(moved_from=appointment.starts_at, starts_at=starts_at, ends_at=ends_at, by=by, **moved_to.about(now))
    running = (Arm(APPOINTMENT_OUTCOME, appointment.appointment_id, starts_at),)
    return moved_to, Consequences((event,), running, tell_both(moved_to, "appointment_moved", f":{moved_to.sequence}"))


def cancel(appointment: Appointment, by: Party, now: datetime) -> tuple[Appointment, Consequences]:
    _check_open(appointment)
    cancelled = appointment.model_copy(update={"state": AppointmentState.CANCELLED, "sequence": appointment.sequence + 1})
    event = AppointmentCancelled(starts_at=appointment.starts_at, by=by, **appointment.about(now))
    running = (Cancel(appointment.appointment_id, "cancelled"),)
    return cancelled, Consequences((event,), running, tell_both(cancelled, "appointment_cancelled"))


def miss(appointment: Appointment, by: Party, now: datetime) -> tuple[Appointment, Consequences]:
    """A no-show, told by the provider. Nobody can have missed what has not begun."""
    _check_open(appointment)
    if now < appointment.starts_at:
        raise Problem("wrong_state", "The appointment has not begun.", state=appointment.state, allowed=["move", "cancel"])
    missed = appointment.model_copy(update={"state": AppointmentState.MISSED})
    event = AppointmentMissed(starts_at=appointment.starts_at, by=by, **appointment.about(now))
    told = (tell(missed, "client", "appointment_missed_client"),)
    return missed, Consequences((event,), (Stop(APPOINTMENT_OUTCOME, appointment.appointment_id, now),), told)


def lost(
    request: ConsultationRequest, appointment: Appointment, *, others: bool, now: datetime
) -> tuple[ConsultationRequest, Consequences]:
    """What it means for the request that one of its appointments fell through; `others` of the same kind may still stand."""
    if others:
        return request, Consequences()
    if appointment.kind == "session":
        return moved(request, Move.LOSE_SESSION), Consequences()
    again = Consequences(deadlines=(Arm(CONSULTATION_SCHEDULED, request.request_id, now),))
    return moved(request, Move.LOSE_CONSULTATION), again


def hold(appointment: Appointment, held_on: date, now: datetime) -> tuple[Appointment, Consequences]:
    """Raises Problem where it was held already or called off, or on a day that has begun nowhere yet."""
    _check_open(appointment)
    if held_on > (now + timedelta(days=1)).date():
        raise Problem("invalid_request", "An appointment is not held in the future.", field="held_on")
    held = appointment.model_copy(update={"held_on": held_on, "state": AppointmentState.HELD})
    event = AppointmentHeld(held_on=held_on, **appointment.about(now))
    return held, Consequences((event,), (Stop(APPOINTMENT_OUTCOME, appointment.appointment_id, now),))


def held_at(appointment: Appointment, zone: str) -> datetime:
    """The moment that speed to care is measured to: when it was to begin, on the day on which it was held."""
    begins = appointment.starts_at.astimezone(ZoneInfo(zone))
    day = appointment.held_on or begins.date()
    return appointment.starts_at if day == begins.date() else datetime.combine(day, time(begins.hour, begins.minute), ZoneInfo(zone))


def tell(appointment: Appointment, whom: Party, template: str, more: str = "") -> Notice:
    to = Recipient("client", appointment.client_id) if whom == "client" else Recipient("provider", appointment.provider_id)
    reason = f"{template}:{appointment.appointment_id}{more}"
    return Notice(to, template, reason, appointment.appointment_id, appointment.starts_at)


def tell_both(appointment: Appointment, template: str, more: str = "") -> tuple[Notice, ...]:
    return tell(appointment, "client", f"{template}_client", more), tell(appointment, "provider", f"{template}_provider", more)


def _check_open(appointment: Appointment) -> None:
    if appointment.state is not AppointmentState.SCHEDULED:
        raise Problem("wrong_state", f"The appointment is {appointment.state}.", state=appointment.state, allowed=[])
