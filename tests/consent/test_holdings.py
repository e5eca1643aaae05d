"""What consent's registry finds, and what it must not tell (C7, C10)."""

import importlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from common.contracts.privacy import Part, RecordCategory, Scope
from common.contracts.vocabulary import Programme
from common.db import Database
from common.holdings.reading import read_part, snapshot
from common.holdings.registry import Held, Holder, Registry
from consent.corrections.tables import sealed
from consent.documents.sealing import DocumentKey
from consent.holdings import CONSENT, openings
from consent.schema import metadata
from deploy.local.infrastructure import Infrastructure
from tests.consent.conftest import opened

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
DEMAND = """
insert into legal_demand (demand_id, client_id, version, state, kind, legal_basis, authority_name, identity_evidence, reference,
  received_at, respond_by, statements, categories, minimum_necessary, document_id, digest, authors, recorded_at, tell_client_from)
values ($1, $2, 1, 'recorded', 'court_order', 'order_of_tribunal', 'Superior Court', 'letterhead', 'ref', now(), now(), '{}',
  '{appointments}', 'Two visits.', $1, 'ab', '{}', now(), $3)"""
FOLLOWS = (
    "insert into legal_demand_history (demand_id, at, what) values ($1, now(), 'recorded')",
    """insert into legal_suspension (suspension_id, demand_id, form, stated_by, stated_at, until, recorded_by, recorded_at)
       values ($1, $1, 'written', 'Inspector', now(), now(), $1, now())""",
    """insert into legal_release (release_id, demand_id, token_digest, digest, issued_by, issued_at, expires_at)
       values ($1, $1, md5(random()::text), 'ab', $1, now(), now())""",
    """insert into legal_release_attempt (attempt_id, demand_id, attempted_at, step, outcome, recipient_name, categories,
       legal_basis, document_id) values ($1, $1, now(), 'issue', 'refused', 'Court', '{}', 'order_of_tribunal', $1)""",
    """insert into legal_document (document_id, demand_id, kind, media_type, length, digest, sealed_key, content, received_by, received_at)
       values ($1, $1, 'demand', 'application/pdf', 1, 'ab', '', '', $1, now())""",
    "insert into legal_document_reading (document_id, read_by, read_at) values ($1, $1, now())",
    """insert into deadline (deadline_id, policy_code, policy_version, subject, about, zone, generation, anchor_at, next_rung, pauses,
       state) values ($1, 'legal_demand', 1, $1, $1, 'UTC', 1, now(), 0, '{}', 'open')""",
    "insert into deadline_history (deadline_id, generation, kind, at, recorded_at) values ($1, 1, 'armed', now(), now())",
    "insert into deadline_rung (deadline_id, generation, rung_key, outcome, recorded_at) values ($1, 1, 'first', 'fired', now())",
    """insert into journal (stream, position, event_id, type, subject, payload, digest)
       values (0, 1000, $1, 'consent.legal_demand_recorded.v1', $1, '{}', '')""",
)


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    async with opened(infrastructure) as found:
        yield found


async def part_of(db: Database, client: UUID, now: datetime, registry: Registry = CONSENT, scope: Scope | None = None) -> Part:
    importlib.import_module("consent.app")  # all tables are known then
    async with snapshot(db) as tx:
        return await read_part(tx, Holder("consent", registry, metadata.tables), client, scope, now)


async def test_C7_nothing_of_a_suspended_demand_is_in_a_part_and_all_of_it_once_the_client_may_be_told(db: Database) -> None:
    client, demand, told_from = uuid4(), uuid4(), NOW + timedelta(days=30)
    await db.pool.execute(DEMAND, demand, client, told_from)
    for statement in FOLLOWS:
        await db.pool.execute(statement, demand)
    assert (await part_of(db, client, told_from - timedelta(seconds=1))).tables == {}
    later = await part_of(db, client, told_from)
    assert {*later.tables} == {"legal_demand", *(statement.split()[2] for statement in FOLLOWS)}
    assert str(demand) not in (await part_of(db, uuid4(), told_from)).model_dump_json()
    await db.pool.execute("update legal_demand set tell_client_from = null where demand_id = $1", demand)
    assert (await part_of(db, client, told_from)).tables == {}


async def test_C7_a_registry_that_forgot_the_suspension_would_tell(db: Database) -> None:
    client = uuid4()
    await db.pool.execute(DEMAND, uuid4(), client, None)
    demand = CONSENT["legal_demand"]
    assert isinstance(demand, Held)
    broken = {**CONSENT, "legal_demand": replace(demand, where="t.client_id = of.client")}
    assert (await part_of(db, client, NOW)).tables == {}
    assert {*(await part_of(db, client, NOW, broken)).tables} == {"legal_demand"}


async def test_C7_what_has_no_day_or_programme_is_in_no_scope_that_names_one_but_for_what_holds_at_all_times(db: Database) -> None:
    client = uuid4()
    await db.pool.execute("insert into known_client (client_id) values ($1)", client)
    await db.pool.execute("insert into mail_address (address_digest, client_id) values ('', $1)", client)
    await db.pool.execute("insert into parked_client (source, client_id, reason, parked_at) values ('x', $1, 'x', $2)", client, NOW)
    both = (RecordCategory.OPERATIONS, RecordCategory.CONTACT_AND_DEMOGRAPHICS)
    for scope, found in (
        (Scope(categories=both), {"known_client", "mail_address", "parked_client"}),
        (Scope(categories=both, since=NOW.date()), {"mail_address", "parked_client"}),
        (Scope(categories=both, until=NOW.date() - timedelta(days=1)), {"mail_address"}),
        (Scope(categories=both, programme=Programme.EWS), {"mail_address"}),
        (Scope(categories=both[:1], since=NOW.date(), until=NOW.date()), {"parked_client"}),
    ):
        assert {*(await part_of(db, client, NOW, scope=scope)).tables} == found


def test_C10_what_a_client_wrote_is_readable_in_their_part() -> None:
    key, correction = DocumentKey("of a test"), uuid4()
    kept = {name: "\\x" + value.hex() for name, value in sealed(key, correction, "reason", "I was born in May.").items()}
    nothing = dict.fromkeys(("disagreement", "disagreement_key", "rebuttal", "rebuttal_key"))
    row = {"correction_id": str(correction), "state": "open", **kept, **nothing}
    assert openings(key)["correction"](row) == {
        "correction_id": str(correction),
        "state": "open",
        "reason": "I was born in May.",
        "disagreement": None,
        "rebuttal": None,
    }
