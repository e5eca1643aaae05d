"""The comparison is fair only where the others do what we do: the same state after the same opt-out, on real PostgreSQL."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from uuid import UUID, uuid4

import asyncpg
import pytest

from bench import seeding
from bench.journal import new_opt_out
from bench.outbox.app import PLACES
from bench.outbox.consumer import apply
from bench.outbox.table import INBOX, OPT_OUT, OPT_OUT_AND_NOTIFY, OUTBOX
from common.applying import Received
from common.cloudevents import Entry
from common.contracts.consent import OptedOut
from common.journal import Journal
from consent.decisions.rules import Decision, Scope, Sharing
from consent.decisions.tables import record
from deploy.local.infrastructure import Infrastructure
from reporting.redaction.tables import close_sharing

SHARING = "select version, decision, decision_id, categories, decided_at from sharing where client_id = $1"
RECEIPTS = "select sink, due_at - recorded_at > interval '59 seconds' as due, done_at from receipt where decision_id = $1 order by sink"
PROJECTED = "select decision, categories, token from sharing where client_id = $1"
LEFT = "select (select count(*) from export_row), (select sum(rows) from export_part), (select count(*) from export_deletion)"


@pytest.fixture
async def clients() -> list[UUID]:
    return [uuid4(), uuid4()]


@pytest.fixture
async def consent(infrastructure: Infrastructure, worker: str, clients: list[UUID]) -> AsyncIterator[asyncpg.Connection]:
    url = await seeding.tables_of("consent", infrastructure, f"{worker}bench_consent")
    await seeding.share(url, clients)
    connection = await asyncpg.connect(url)
    await connection.execute(OUTBOX)
    yield connection
    await connection.close()


@pytest.fixture
async def reporting(infrastructure: Infrastructure, worker: str, clients: list[UUID]) -> AsyncIterator[asyncpg.Connection]:
    url = await seeding.tables_of("reporting", infrastructure, f"{worker}bench_reporting")
    await seeding.export(url, clients)
    connection = await asyncpg.connect(url)
    await connection.execute(INBOX)
    yield connection
    await connection.close()


def opted_out(client: UUID) -> OptedOut:
    return new_opt_out().model_copy(update={"client_id": client})


@pytest.mark.parametrize("statement", [OPT_OUT, OPT_OUT_AND_NOTIFY])
async def test_an_outbox_service_records_what_consent_records(consent: asyncpg.Connection, clients: list[UUID], statement: str) -> None:
    ours, theirs = map(opted_out, clients)
    await record(
        consent,
        Journal("consent", seeding.STREAMS),
        ours,
        Sharing(Scope(ours.client_id, ours.programme), 2, Decision.OPTED_OUT, ours.event_id),
        None,
        PLACES,
    )
    about = (theirs.client_id, theirs.programme, theirs.event_id, theirs.occurred_at)
    await consent.fetchrow(statement, *about, theirs.type, theirs.to_json(), list(PLACES), list(PLACES.values()))
    found = [dict(await consent.fetchrow(SHARING, event.client_id)) for event in (ours, theirs)]
    assert [row.pop("decision_id") for row in found] == [ours.event_id, theirs.event_id]
    assert [row.pop("decided_at") for row in found] == [ours.occurred_at, theirs.occurred_at]
    assert found[0] == found[1]
    assert await consent.fetch(RECEIPTS, ours.event_id) == await consent.fetch(RECEIPTS, theirs.event_id) != []
    entry, row = await consent.fetchrow("select * from journal"), await consent.fetchrow("select * from outbox")
    assert (entry["payload"], row["payload"]) == (ours.to_json(), theirs.to_json())


async def test_an_outbox_consumer_redacts_what_reporting_redacts_and_each_event_once(
    reporting: asyncpg.Connection, clients: list[UUID]
) -> None:
    ours, theirs = map(opted_out, clients)
    entry = Entry("consent", 0, 1, ours.event_id, ours.type, ours.client_id, ours.to_json(), b"")
    await close_sharing(reporting, [Received(ours, entry)], "opted_out")
    sent = SimpleNamespace(value=theirs.to_json().encode(), partition=0, offset=0)
    assert await apply(reporting, [sent]) == [theirs.client_id]
    assert await apply(reporting, [sent]) == []
    assert await reporting.fetchrow(PROJECTED, ours.client_id) == await reporting.fetchrow(PROJECTED, theirs.client_id)
    assert tuple(await reporting.fetchrow(LEFT)) == (0, 0, 2)
