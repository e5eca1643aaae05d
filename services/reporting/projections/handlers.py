"""Facts from scheduling and assessments become records. A record is kept whoever shares what: aggregates include everybody (R6)."""

import json
from collections.abc import Mapping, Sequence

from common.applying import Handler, Received
from common.contracts.assessments import AssessmentCompleted, SatisfactionAnswered
from common.contracts.event import Event
from common.contracts.scheduling import (
    AppointmentCancelled,
    AppointmentHeld,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentScheduled,
    ClientRegistered,
)
from common.contracts.vocabulary import Category
from common.db import Connection
from reporting.partner_topics.tables import mark_dirty
from reporting.projections import tables


async def on_client_registered(tx: Connection, received: Sequence[Received[ClientRegistered]]) -> None:
    events = [r.event for r in received]
    await tables.keep_clients(tx, events)
    bodies = [json.dumps({"resourceType": "Patient", "birthYear": e.birth_year, "gender": e.sex, "state": e.state}) for e in events]
    await tables.keep_records(
        tx, events, [r.entry.stream for r in received], [e.client_id for e in events], Category.CONTACT_AND_DEMOGRAPHICS, bodies
    )
    await mark_dirty(tx, [e.client_id for e in events])


async def on_appointment_scheduled(tx: Connection, received: Sequence[Received[AppointmentScheduled]]) -> None:
    await tables.keep_appointments(tx, [r.event for r in received], [r.entry.stream for r in received])
    await mark_dirty(tx, [r.event.client_id for r in received])


async def on_appointment_moved(tx: Connection, received: Sequence[Received[AppointmentMoved]]) -> None:
    await tables.move_appointments(tx, [r.event for r in received])
    await mark_dirty(tx, [r.event.client_id for r in received])


async def on_appointment_cancelled(tx: Connection, received: Sequence[Received[AppointmentCancelled]]) -> None:
    await tables.call_off_appointments(tx, [r.event for r in received], "cancelled")
    await mark_dirty(tx, [r.event.client_id for r in received])


async def on_appointment_missed(tx: Connection, received: Sequence[Received[AppointmentMissed]]) -> None:
    await tables.call_off_appointments(tx, [r.event for r in received], "noshow")
    await mark_dirty(tx, [r.event.client_id for r in received])


async def on_appointment_held(tx: Connection, received: Sequence[Received[AppointmentHeld]]) -> None:
    await tables.fulfil_appointments(tx, [r.event for r in received])
    await mark_dirty(tx, [r.event.client_id for r in received])


async def on_assessment_completed(tx: Connection, received: Sequence[Received[AssessmentCompleted]]) -> None:
    events = [r.event for r in received]
    bodies = [
        json.dumps(
            {
                "resourceType": "Observation",
                "code": e.instrument,
                "value": e.total,
                "method": e.total_method,
                "interpretation": e.severity,
                "effective": e.occurred_at.isoformat(),
            }
        )
        for e in events
    ]
    await tables.keep_records(
        tx, events, [r.entry.stream for r in received], [e.response_id for e in events], Category.ASSESSMENT_RESULTS, bodies
    )
    await mark_dirty(tx, [e.client_id for e in events])


async def on_satisfaction_answered(tx: Connection, received: Sequence[Received[SatisfactionAnswered]]) -> None:
    events = [r.event for r in received]
    bodies = [
        json.dumps({"resourceType": "Observation", "code": "recommend", "value": e.score, "effective": e.occurred_at.isoformat()})
        for e in events
    ]
    await tables.keep_records(
        tx, events, [r.entry.stream for r in received], [e.response_id for e in events], Category.SATISFACTION, bodies
    )
    await mark_dirty(tx, [e.client_id for e in events])


SCHEDULING: Mapping[type[Event], Handler] = {
    ClientRegistered: on_client_registered,
    AppointmentScheduled: on_appointment_scheduled,
    AppointmentMoved: on_appointment_moved,
    AppointmentCancelled: on_appointment_cancelled,
    AppointmentMissed: on_appointment_missed,
    AppointmentHeld: on_appointment_held,
}
ASSESSMENTS: Mapping[type[Event], Handler] = {
    AssessmentCompleted: on_assessment_completed,
    SatisfactionAnswered: on_satisfaction_answered,
}
