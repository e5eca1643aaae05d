"""What scheduling tells about care. Whoever it is about is planned anew (assignments/planning.py)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from assessments.assignments.marking import mark
from assessments.care import keeping
from common.applying import Handler, Received
from common.contracts import scheduling as facts
from common.contracts.event import Event
from common.db import Connection


async def on_consultation_requested(tx: Connection, received: Sequence[Received[facts.ConsultationRequested]]) -> None:
    await keeping.keep_requests(tx, [r.event for r in received])


async def on_appointment_scheduled(tx: Connection, received: Sequence[Received[facts.AppointmentScheduled]]) -> None:
    await keeping.keep_visits(tx, [r.event for r in received])
    await keeping.change_requests(tx, _requests(received), "in_care")
    await mark(tx, [r.event.client_id for r in received])


async def on_appointment_moved(tx: Connection, received: Sequence[Received[facts.AppointmentMoved]]) -> None:
    await keeping.move_visits(tx, [r.event for r in received])
    await mark(tx, [r.event.client_id for r in received])


async def on_appointment_held(tx: Connection, received: Sequence[Received[facts.AppointmentHeld]]) -> None:
    await keeping.hold_visits(tx, [r.event for r in received])
    await mark(tx, [r.event.client_id for r in received])


def _requests(received: Sequence[Received[Any]]) -> list[tuple[UUID, datetime]]:
    return [(r.event.request_id, r.event.occurred_at) for r in received]


def _closing(state: str) -> Handler:
    async def on_appointment_closed(
        tx: Connection, received: Sequence[Received[facts.AppointmentCancelled | facts.AppointmentMissed]]
    ) -> None:
        await keeping.close_visits(tx, [r.event.appointment_id for r in received], state)
        await mark(tx, [r.event.client_id for r in received])

    return on_appointment_closed


def _changing(state: str) -> Handler:
    async def on_request_changed(tx: Connection, received: Sequence[Received[Any]]) -> None:
        await keeping.change_requests(tx, _requests(received), state)
        await mark(tx, [r.event.client_id for r in received])

    return on_request_changed


async def on_fit_assessed(tx: Connection, received: Sequence[Received[facts.FitAssessed]]) -> None:
    await keeping.change_requests(tx, _requests([r for r in received if not r.event.good_fit]), "ended")


HANDLERS: dict[type[Event], Handler] = {
    facts.ConsultationRequested: on_consultation_requested,
    facts.RequestAccepted: _changing("in_care"),
    facts.RequestDeclined: _changing("ended"),
    facts.RequestTimedOut: _changing("requested"),
    facts.RequestWithdrawn: _changing("ended"),
    facts.FitAssessed: on_fit_assessed,
    facts.CareEnded: _changing("ended"),
    facts.AppointmentScheduled: on_appointment_scheduled,
    facts.AppointmentMoved: on_appointment_moved,
    facts.AppointmentCancelled: _closing("cancelled"),
    facts.AppointmentMissed: _closing("missed"),
    facts.AppointmentHeld: on_appointment_held,
}
