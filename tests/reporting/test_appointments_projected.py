"""What becomes of an appointment's record when it is moved, cancelled, missed or held; and C16: which sessions are the first."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.applying import Received, layers
from common.cloudevents import Entry
from common.contracts.event import ClientEvent
from common.contracts.scheduling import AppointmentCancelled, AppointmentHeld, AppointmentMissed, AppointmentMoved, AppointmentScheduled
from common.contracts.vocabulary import Programme
from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.projections import handlers
from reporting.schema import metadata

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STARTS = datetime(2026, 3, 10, 15, tzinfo=UTC)
HANDLERS: dict[type, Any] = {
    AppointmentScheduled: handlers.on_appointment_scheduled,
    AppointmentMoved: handlers.on_appointment_moved,
    AppointmentCancelled: handlers.on_appointment_cancelled,
    AppointmentMissed: handlers.on_appointment_missed,
    AppointmentHeld: handlers.on_appointment_held,
}
POSITIONS = count(1)


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"projected_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, 4)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


class Client:
    """Somebody whose appointments are told of."""

    def __init__(self) -> None:
        self.client_id = uuid4()

    def _about(self, kind: str, appointment_id: UUID) -> dict[str, Any]:
        known = {"client_id": self.client_id, "appointment_id": appointment_id, "request_id": uuid4(), "provider_id": uuid4(), "kind": kind}
        return {**known, "programme": Programme.CARE_CONNECT, "occurred_at": NOW}

    def scheduled(self, appointment_id: UUID, kind: str = "session", days: int = 0) -> ClientEvent:
        return AppointmentScheduled(**self._about(kind, appointment_id), starts_at=STARTS + timedelta(days=days))

    def moved(self, appointment_id: UUID, days: int) -> ClientEvent:
        to = STARTS + timedelta(days=days)
        return AppointmentMoved(
            **self._about("session", appointment_id), moved_from=STARTS, starts_at=to, ends_at=to + timedelta(minutes=50), by="client"
        )

    def cancelled(self, appointment_id: UUID) -> ClientEvent:
        return AppointmentCancelled(**self._about("session", appointment_id), starts_at=STARTS, by="provider")

    def missed(self, appointment_id: UUID) -> ClientEvent:
        return AppointmentMissed(**self._about("session", appointment_id), starts_at=STARTS, by="client")

    def held(self, appointment_id: UUID) -> ClientEvent:
        return AppointmentHeld(**self._about("session", appointment_id), held_on=date(2026, 3, 10))


async def take(db: Database, *events: ClientEvent) -> None:
    """As one poll: grouped as the consumer groups them, in one transaction."""
    received: list[Received[Any]] = [
        Received(e, Entry("scheduling", 0, next(POSITIONS), e.event_id, e.type, e.client_id, "{}", b"")) for e in events
    ]
    async with db.begin_event() as tx:
        for kind, group in layers(received):
            await HANDLERS[kind](tx, group)


async def body_of(db: Database, appointment_id: UUID) -> dict[str, Any]:
    rows = await db.pool.fetch("select key, value from record, jsonb_each_text(body) where record_id = $1", appointment_id)
    return {row["key"]: row["value"] for row in rows}


async def categories(db: Database, client: Client, *appointments: UUID) -> list[str]:
    rows = await db.pool.fetch("select record_id, category from record where client_id = $1", client.client_id)
    found = {row["record_id"]: row["category"] for row in rows}
    return [found[each] for each in appointments]


async def test_a_moved_appointment_has_its_new_start(db: Database) -> None:
    client, a = Client(), uuid4()
    await take(db, client.scheduled(a), client.moved(a, 2), client.moved(a, 3))
    body = await body_of(db, a)
    assert datetime.fromisoformat(body["start"]) == STARTS + timedelta(days=3)
    assert body["status"] == "booked"


@pytest.mark.parametrize(("how", "status"), [("cancelled", "cancelled"), ("missed", "noshow"), ("held", "fulfilled")])
async def test_an_appointments_status_is_what_fhir_calls_it(db: Database, how: str, status: str) -> None:
    client, a = Client(), uuid4()
    await take(db, client.scheduled(a))
    await take(db, getattr(client, how)(a))
    body = await body_of(db, a)
    assert (body["resourceType"], body["status"]) == ("Appointment", status)
    assert set(body) <= {"resourceType", "kind", "status", "start", "held_on"}, "not by whom"


async def test_events_of_one_poll_take_effect_in_their_order(db: Database) -> None:
    client, other, a, b = Client(), Client(), uuid4(), uuid4()
    await take(db, client.scheduled(a), other.scheduled(b), other.cancelled(b), client.moved(a, 1), client.cancelled(a))
    for appointment in (a, b):
        assert (await body_of(db, appointment))["status"] == "cancelled"


async def test_C16_a_moved_session_stays_what_it_was(db: Database) -> None:
    client, a, b = Client(), uuid4(), uuid4()
    await take(db, client.scheduled(a), client.scheduled(b, days=7), client.moved(a, 14), client.moved(b, 1))
    assert await categories(db, client, a, b) == ["appointments", "session_frequency"]


@pytest.mark.parametrize("how", ["cancelled", "missed"])
async def test_C16_the_first_session_that_was_not_called_off_is_the_first_one(db: Database, how: str) -> None:
    client, a, b, c = Client(), uuid4(), uuid4(), uuid4()
    call_off = getattr(client, how)
    await take(db, client.scheduled(a), call_off(a))
    assert await categories(db, client, a) == ["appointments"], "as long as there is no other one"
    await take(db, client.scheduled(b, days=7), client.scheduled(c, days=14))
    assert await categories(db, client, a, b, c) == ["session_frequency", "appointments", "session_frequency"]
    await take(db, client.held(b), call_off(c))
    assert await categories(db, client, a, b, c) == ["session_frequency", "appointments", "session_frequency"]


async def test_C16_a_later_session_becomes_the_first_when_the_first_is_called_off(db: Database) -> None:
    client, a, b, c = Client(), uuid4(), uuid4(), uuid4()
    await take(db, client.scheduled(a), client.scheduled(b, days=7), client.scheduled(c, days=14), client.cancelled(a))
    found = await categories(db, client, a, b, c)
    assert found[0] == "session_frequency"
    assert sorted(found[1:]) == ["appointments", "session_frequency"]


async def test_C16_never_are_two_sessions_among_the_appointments(db: Database) -> None:
    """Sessions called off week after week would tell of a session a week."""
    client, sessions = Client(), [uuid4() for _ in range(6)]
    for days, session in enumerate(sessions):
        await take(db, client.scheduled(session, days=7 * days))
        await take(db, client.cancelled(session))
        found = await categories(db, client, *sessions[: days + 1])
        assert found.count("appointments") == 1


async def test_C16_consultations_are_appointments_whatever_becomes_of_sessions(db: Database) -> None:
    client, consultation, session = Client(), uuid4(), uuid4()
    await take(db, client.scheduled(consultation, "consultation"), client.scheduled(session), client.cancelled(session))
    await take(db, client.scheduled(again := uuid4(), "consultation"))
    assert await categories(db, client, consultation, again, session) == ["appointments"] * 3


async def test_an_appointment_that_is_not_known_is_not_made_up(db: Database) -> None:
    client, a = Client(), uuid4()
    await take(db, client.moved(a, 1), client.cancelled(a), client.missed(a))
    assert await body_of(db, a) == {}
