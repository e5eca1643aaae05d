"""What the half year has shown: an appointment that is moved at the very moment of sending, and a sending that comes late."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from assessments.app import MIGRATIONS
from assessments.assignments import sending
from assessments.assignments.planning import plan_some
from assessments.assignments.telling import Told
from assessments.care import keeping
from assessments.clients.tables import remember
from assessments.instruments.catalogue import newest
from assessments.instruments.rules import read_answers
from assessments.responses.rules import Answered, Answerer
from assessments.responses.usecases import record_whole
from assessments.safety.actions import actions as safety_actions
from assessments.safety.policies import POLICIES
from assessments.schedules.versions import Versions, ship
from assessments.schema import metadata
from common.clock import Clock
from common.contracts import scheduling as facts
from common.contracts.vocabulary import Programme
from common.db import Database
from common.deadlines.firing import Sweep
from common.journal import Journal
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLIENT = {"client_id": UUID(int=5), "programme": Programme.EWS}


class Office:
    """Assessments without its processes: what it learns, plans and sends, one step after the other."""

    def __init__(self, db: Database) -> None:
        self.db, self.journal, self.clock, self.versions = db, Journal("assessments", 4), Clock(simulated=True), Versions(POLICIES)
        self.visit = {**CLIENT, "appointment_id": uuid4(), "request_id": uuid4(), "provider_id": uuid4(), "kind": "consultation"}

    async def open(self) -> "Office":
        await migrate(self.db, "assessments", Path(MIGRATIONS), metadata, 4)
        await ship(self.db, NOON)
        await self.versions.refresh(self.db)
        acts = {**sending.actions(self.versions, Told("http://x", b"key")), **safety_actions()}
        self.sweep = Sweep(self.db, self.journal, self.clock, self.versions.policies, acts, lambda *_: ())
        person: dict[str, Any] = {"employer_id": uuid4(), "plan_id": uuid4(), "birth_year": 1985, "sex": "female", "state": "MA"}
        async with self.db.begin_event() as tx:
            await remember(tx, [facts.ClientRegistered(occurred_at=NOON, **CLIENT, **person)])
        return self

    async def booked(self, starts_at: datetime) -> None:
        async with self.db.begin_event() as tx:
            await keeping.keep_visits(tx, [facts.AppointmentScheduled(occurred_at=NOON, **self.visit, starts_at=starts_at)])

    async def moved(self, starts_at: datetime) -> None:
        async with self.db.begin_event() as tx:
            moved = {"moved_from": NOON, "starts_at": starts_at, "ends_at": starts_at + HOUR, "by": "client"}
            await keeping.move_visits(tx, [facts.AppointmentMoved(occurred_at=NOON, **self.visit, **moved)])

    async def plan(self, now: datetime) -> None:
        await self.db.pool.execute("insert into to_plan (client_id) values ($1)", CLIENT["client_id"])
        while await plan_some(self.db, self.journal, self.versions.newest, now):
            pass

    async def fire(self, now: datetime) -> None:
        self.clock.move_to(now)
        await self.sweep.drain()

    async def answers(self, name: str, now: datetime) -> None:
        instrument = newest(name)
        given = read_answers(instrument, {item.link_id: 0 for item in instrument.items if item.scored})
        async with self.db.begin() as tx:
            await record_whole(
                tx, self.journal, Answerer("client", CLIENT["client_id"]), Answered(CLIENT["client_id"], instrument, given), now
            )

    async def one(self, what: str) -> Any:
        return await self.db.pool.fetchval(f"select {what}")


@pytest.fixture
async def office(infrastructure: Infrastructure) -> AsyncIterator[Office]:
    name = f"sending_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    yield await Office(db).open()
    await db.close()
    await infrastructure.drop_database(name)


async def test_A1_a_visit_moved_at_the_very_moment_of_sending_is_sent_for_when_its_time_comes(office: Office) -> None:
    """The sweep had looked before the planning did, and its step was taken for ever: nothing was sent, and it was overdue."""
    await office.booked(NOON + 20 * HOUR)
    await office.plan(NOON)
    await office.moved(NOON + 25 * HOUR)
    await office.fire(NOON + HOUR / 2)
    assert await office.one("state from assignment") == "queued"
    await office.plan(NOON + HOUR / 2)
    await office.fire(NOON + 2 * HOUR)
    assert await office.one("state from assignment") == "sent"
    assert await office.one("count(*) from journal where type like '%assessment_sent%'") == 1


async def test_A1_what_is_sent_late_and_still_before_the_visit_is_told(office: Office) -> None:
    """It was sent by its event and its state, and its notice had come too late by the rule's own limit: nobody was told."""
    starts_at = NOON + 200 * HOUR
    await office.booked(starts_at)
    await office.plan(NOON)
    await office.fire(NOON + 60 * HOUR)
    assert await office.one("sent_at > due_at from assignment"), "late: an exception"
    assert await office.one("not_after from waiting_notice") == starts_at


async def test_A2_whoever_has_answered_is_not_told_to_answer_any_more(office: Office) -> None:
    """A reminder waited while scheduling was away, and was told a day after the answer."""
    await office.booked(NOON + 200 * HOUR)
    await office.plan(NOON)
    await office.fire(NOON + 2 * HOUR)
    await office.fire(NOON + 26 * HOUR)
    assert await office.one("count(*) from waiting_notice") == 2
    for name in ("phq-9", "gad-7"):
        await office.answers(name, NOON + 27 * HOUR)
    assert await office.one("state from assignment") == "completed"
    assert await office.one("count(*) from waiting_notice") == 0
