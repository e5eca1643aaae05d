"""Whoever was here before contracts, coverage, slots and episodes goes on as they were: the migrations fill in what they can know."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import AsyncConnection

import scheduling
from common.contracts.vocabulary import Programme
from common.db import Database
from common.migrate import config
from deploy.local.infrastructure import Infrastructure
from scheduling.appointments import tables as appointments
from scheduling.clients import tables as clients
from scheduling.eligibility.usecases import check_eligible
from scheduling.requests import tables as requests
from scheduling.schema import metadata

MIGRATIONS = Path(scheduling.__file__).parent / "migrations"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
EMPLOYER, PLAN, PROVIDER, CLIENT = uuid4(), uuid4(), uuid4(), uuid4()

BEFORE = (
    ("insert into employer values (:employer, 'Before', array['care_connect', 'emotional_wellbeing_solutions'])", {"employer": EMPLOYER}),
    ("insert into plan values (:plan, 'Before')", {"plan": PLAN}),
    ("insert into provider (provider_id, name, state, degree) values (:provider, 'Before', 'MA', 'masters')", {"provider": PROVIDER}),
    (
        """insert into client (client_id, employer_id, plan_id, programme, birth_date, sex, state, language, recorded_at)
           values (:client, :employer, :plan, 'care_connect', '1985-05-17', 'female', 'MA', 'en', :at)""",
        {"client": CLIENT, "employer": EMPLOYER, "plan": PLAN, "at": NOW - timedelta(days=30)},
    ),
)
REQUEST = """insert into consultation_request (request_id, client_id, provider_id, programme, state, first, version, requested_at)
             values (:request, :client, :provider, 'care_connect', :state, :first, 2, :at)"""
APPOINTMENT = """insert into appointment
  (appointment_id, request_id, client_id, provider_id, programme, kind, starts_at, scheduled_at, held_on)
  values (:appointment, :request, :client, :provider, 'care_connect', :kind, :starts_at, :at, :held_on)"""


@pytest.fixture
async def tx(infrastructure: Infrastructure) -> AsyncIterator[AsyncConnection]:
    name = f"before_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name), 2)
    async with db.engine.begin() as tx:
        await to(tx, "0001")
        for statement, values in BEFORE:
            await tx.execute(sa.text(statement), values)
        yield tx
    await db.close()
    await infrastructure.drop_database(name)


async def to(tx: AsyncConnection, revision: str) -> None:
    await tx.run_sync(lambda connection: command.upgrade(config(MIGRATIONS, metadata, connection), revision))


async def add_request(tx: AsyncConnection, *visits: tuple[str, datetime, date | None], state: str = "accepted", first: bool = True) -> UUID:
    request = uuid4()
    known: dict[str, Any] = {"request": request, "client": CLIENT, "provider": PROVIDER, "at": NOW - timedelta(days=9)}
    await tx.execute(sa.text(REQUEST), known | {"state": state, "first": first})
    for kind, starts_at, held_on in visits:
        await tx.execute(sa.text(APPOINTMENT), known | {"appointment": uuid4(), "kind": kind, "starts_at": starts_at, "held_on": held_on})
    return request


async def test_S1_a_client_from_before_is_covered_and_may_go_on(tx: AsyncConnection) -> None:
    await add_request(tx)
    await to(tx, "head")
    verdict, _ = await check_eligible(tx, CLIENT, Programme.CARE_CONNECT, NOW.date(), NOW)
    assert verdict.eligible, verdict.detail
    covered = await clients.lock_covered(tx, CLIENT)
    assert covered is not None
    assert (covered.zone, sorted(covered.offered)) == ("America/New_York", sorted(Programme))


@pytest.mark.parametrize(
    ("visits", "state"),
    [
        ([], "accepted"),
        ([("consultation", None)], "consultation_scheduled"),
        ([("consultation", NOW.date())], "consultation_held"),
        ([("consultation", NOW.date()), ("session", None)], "session_scheduled"),
        ([("session", NOW.date()), ("session", None)], "in_care"),
    ],
)
async def test_a_request_from_before_is_where_its_appointments_say(tx: AsyncConnection, visits: list[Any], state: str) -> None:
    request = await add_request(tx, *((kind, NOW + n * timedelta(hours=2), held_on) for n, (kind, held_on) in enumerate(visits)))
    declined = await add_request(tx, state="declined", first=False)
    await to(tx, "head")
    found = [await requests.find(tx, each) for each in (request, declined)]
    assert [there.state for there in found if there] == [state, "declined"]


async def test_S6_an_appointment_from_before_has_an_end_and_of_two_that_overlap_one_has_the_time(
    tx: AsyncConnection,
) -> None:
    request = await add_request(
        tx, ("session", NOW, None), ("session", NOW + timedelta(minutes=10), None), ("consultation", NOW, NOW.date())
    )
    await to(tx, "head")
    lengths = {(a.kind, a.ends_at - a.starts_at) for a in await appointments.scheduled(tx, request)}
    assert lengths == {("session", timedelta(minutes=50))}
    assert await tx.scalar(sa.text("select count(*) from slot")) == 1
