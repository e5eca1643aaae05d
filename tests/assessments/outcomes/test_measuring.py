"""What is told of outcomes, on the real database: once, when something has changed, and nothing lost between two at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.app import MIGRATIONS
from assessments.assignments.facts import facts_of
from assessments.care.tables import care_visit
from assessments.clients.tables import known_client
from assessments.outcomes.measuring import RULE_SETS, measure
from assessments.responses.rules import AssessmentResponse
from assessments.responses.tables import assessment_response
from assessments.schema import metadata
from common.contracts.assessments import OutcomeMeasured
from common.contracts.event import Event
from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from tests.assessments.outcomes.making import ZONE, at, gad, phq, visit

NOW = at(40)


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure, worker: str) -> AsyncIterator[Database]:
    await infrastructure.create_database(name := f"{worker}outcomes")
    opened = await Database.open(infrastructure.dsn(name), 2)
    await migrate(opened, "assessments", MIGRATIONS, metadata, 16)
    yield opened
    await opened.close()


async def client_in_care(db: Database, sessions: Sequence[int] = (0, 7)) -> UUID:
    """The episode has the client's own id."""
    client = uuid4()
    async with db.begin() as tx:
        await tx.execute(sa.insert(known_client).values(client_id=client, programme="care_connect", time_zone=ZONE))
        for day in sessions:
            held = visit(day)
            row = {name: getattr(held, name) for name in ("visit_id", "provider_id", "kind", "state", "booked_at", "starts_at", "held_on")}
            await tx.execute(sa.insert(care_visit).values(client_id=client, episode_id=client, programme="care_connect", **row))
    return client


async def answered(tx: AsyncConnection, client: UUID, given: AssessmentResponse) -> Sequence[Event]:
    own = given.model_copy(update={"client_id": client, "episode_id": client})
    moments = dict.fromkeys(("started_at", "saved_at"), own.completed_at)
    row = own.model_dump() | moments | {"state": "completed", "answers": {}, "answered_by_id": client}
    await tx.execute(sa.insert(assessment_response).values(**row))
    return await measured(tx, client)


async def measured(tx: AsyncConnection, *clients: UUID) -> Sequence[Event]:
    """As the planning does it: the clients are locked first."""
    return await measure(tx, (await facts_of(tx, clients, lock=True)).values(), NOW)


async def answer(db: Database, client: UUID, *given: AssessmentResponse) -> list[Event]:
    async with db.begin() as tx:
        return [event for one in given for event in await answered(tx, client, one)]


def measures(events: Sequence[Event], rule_set: str) -> dict[str, bool | str]:
    """Of the last that was told of it."""
    told = [event for event in events if isinstance(event, OutcomeMeasured) and event.rule_set == rule_set]
    return {one.measure: one.reason if one.value is None else one.value for one in told[-1].measures}


async def test_what_has_changed_is_told_once_for_each_rule_set(db: Database) -> None:
    client = await client_in_care(db)
    first = await answer(db, client, anxious := gad(9, -2))
    told = [event for event in first if isinstance(event, OutcomeMeasured)]
    assert [event.rule_set for event in told] == ["nhs-talking-therapies", "programme"], "no other looks at GAD-7"
    assert all((e.client_id, e.episode_id, e.baseline_response_ids) == (client, client, (anxious.response_id,)) for e in told)
    async with db.begin() as tx:
        assert await measured(tx, client) == []
    assert measures(await answer(db, client, phq(15, -2)), "programme")["recovery"] == "no_follow_up_yet"


async def test_a_session_that_becomes_known_later_changes_what_is_told(db: Database) -> None:
    client = await client_in_care(db, sessions=(0,))
    events = await answer(db, client, phq(15, -2), gad(9, -2), phq(8, 30), gad(3, 30))
    assert measures(events, "nhs-talking-therapies")["recovery"] == "not_finished"
    async with db.begin() as tx:
        second = visit(9)
        row = {name: getattr(second, name) for name in ("visit_id", "provider_id", "kind", "state", "booked_at", "starts_at", "held_on")}
        await tx.execute(sa.insert(care_visit).values(client_id=client, episode_id=client, programme="care_connect", **row))
        events = list(await measured(tx, client))
    assert [event.rule_set for event in events if isinstance(event, OutcomeMeasured)] == ["nhs-talking-therapies"]
    assert measures(events, "nhs-talking-therapies")["recovery"] is True


async def test_two_forms_that_are_completed_at_the_same_moment_are_both_seen(db: Database) -> None:
    client = await client_in_care(db)

    async def second() -> Sequence[Event]:
        async with db.begin() as tx:
            return await answered(tx, client, gad(9, -2))

    async with db.begin() as tx:
        await answered(tx, client, phq(15, -2))
        waiting = asyncio.create_task(second())
        await asyncio.wait([waiting], timeout=0.5)
    assert measures(await waiting, "programme")["recovery"] == "no_follow_up_yet", "and not that there is no baseline"


async def test_many_clients_are_measured_at_once_as_one_by_one(db: Database) -> None:
    clients = [await client_in_care(db) for _ in range(3)]
    stranger, silent = uuid4(), await client_in_care(db)
    scores = [(15, 9, 8, 3), (15, 9, 21, 3), (3, 3, 3, 3)]
    for client, (first_phq, first_gad, last_phq, last_gad) in zip(clients, scores, strict=True):
        await answer(db, client, phq(first_phq, -2), gad(first_gad, -2), phq(last_phq, 30), gad(last_gad, 30))
    async with db.begin() as tx:
        assert await measured(tx, *clients, silent, stranger) == []
        await tx.exec_driver_sql("delete from outcome where client_id = any($1)", (clients,))
        told = await measured(tx, *clients, silent, stranger)
    assert len(told) == len(clients) * len(RULE_SETS)
    found = [measures([event for event in told if event.subject == client], "programme") for client in clients]
    assert [one["reliable_improvement"] for one in found] == [True, False, False]
    assert [one["recovery"] for one in found] == [True, False, "not_elevated"]


async def test_satisfaction_measures_nothing(db: Database) -> None:
    client = await client_in_care(db)
    liked = phq(9, -2).model_copy(update={"instrument": "satisfaction"})
    assert await answer(db, client, liked) == []
