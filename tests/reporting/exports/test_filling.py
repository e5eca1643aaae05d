"""What an export holds and what it says is deleted: batches, workers that end half way, increments, decisions in between."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from common.contracts.vocabulary import Category
from common.db import Database, connect_to_lead
from common.migrate import migrate
from demo.partner import category_of, token_of
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.exports import clearing, filling, tables, usecases
from reporting.exports.filling import NotWanted, fill_batch
from reporting.resources.expressions import resource_id
from reporting.schema import metadata
from tests.reporting.exports.made import STREAM, STREAMS, Plan, at, built, deleted, fill, held, lines, references


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"exports_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, STREAMS)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture
def plan(db: Database) -> Plan:
    return Plan(db)


@pytest.fixture
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIENTS", 2)


async def test_R4_only_who_shares_with_this_plan_and_only_what_was_chosen(db: Database, plan: Plan) -> None:
    sharing, parked = await plan.client([Category.ASSESSMENT_RESULTS]), await plan.client()
    for category in Category:
        await plan.record(sharing, category)
    await plan.client(None)
    await Plan(db).client()
    await db.pool.execute("insert into parked_client (source, client_id, reason) values ('assessments', $1, 'test')", parked)
    found = await lines(db, (await plan.export()).export)
    assert {token_of(resource) for resource in found} == {str(await plan.token(sharing))}
    assert {category_of(resource) for resource in found} == {None, "assessment_results"}
    kinds = Counter(resource["resourceType"] for resource in found)
    assert kinds == {"Patient": 1, "Consent": 1, "QuestionnaireResponse": 2, "Observation": 2}


async def test_C17_only_the_types_and_the_patients_asked_for(db: Database, plan: Plan) -> None:
    one, _ = await plan.client(), await plan.client()
    token = await plan.token(one)
    assert {found["resourceType"] for found in await lines(db, (await plan.export(types=("Consent",))).export)} == {"Consent"}
    found = await lines(db, (await plan.export(patients=(token, uuid4()))).export)
    assert {token_of(resource) for resource in found} == {str(token)}
    assert await lines(db, (await plan.export(patients=())).export) == []


async def test_organised_by_patient_a_header_stands_before_each(db: Database, plan: Plan) -> None:
    for _ in range(3):
        await plan.client()
    found = await plan.export(by_patient=True)
    assert [(part.part, part.rows) for part in found.parts] == [("all", 3 * 5)]
    read = await lines(db, found.export)
    for block in (read[n : n + 5] for n in range(0, 15, 5)):
        assert [resource["resourceType"] for resource in block] == [
            "Parameters",
            "Patient",
            "Consent",
            "QuestionnaireResponse",
            "Observation",
        ]
        assert block[0]["parameter"] == [{"name": "header", "valueReference": {"reference": f"Patient/{block[1]['id']}"}}]
        assert {token_of(resource) for resource in block[1:]} == {block[1]["id"]}


async def test_batches_together_hold_everybody_once_in_order(db: Database, plan: Plan, batches_of_two: None) -> None:
    clients = sorted([await plan.client() for _ in range(5)])
    found = await plan.export()
    assert {(part.part, part.rows) for part in found.parts} == {
        (kind, 5) for kind in ("Patient", "Consent", "QuestionnaireResponse", "Observation")
    }
    patients = [resource["id"] for resource in await lines(db, found.export) if resource["resourceType"] == "Patient"]
    assert patients == [str(await plan.token(client)) for client in clients]


async def test_a_worker_that_ends_half_way_is_followed_by_one_that_repeats_nobody(db: Database, plan: Plan, batches_of_two: None) -> None:
    clients = sorted([await plan.client() for _ in range(5)])
    export = await plan.asked()
    await fill(db, export, batches=1)
    assert len(await lines(db, export)) == 2 * 4
    await plan.opt_out(clients[1])  # the last one that has rows: where to go on is found all the same
    found = await built(db, export)
    read = references(await lines(db, export))
    assert len(read) == len(set(read)) == 4 * 4
    assert await deleted(db, found) == {token: {f"Patient/{token}"} for token in await _ended(db, plan)}


async def test_two_workers_at_one_stream_make_no_batch_twice(db: Database, plan: Plan, batches_of_two: None) -> None:
    for _ in range(4):
        await plan.client()
    export = await plan.asked()
    async with db.pool.acquire() as one, db.pool.acquire() as other, one.transaction():
        await fill_batch(held(one, STREAM, export), export, None)
        with pytest.raises(NotWanted):  # and it does not wait
            async with asyncio.timeout(5):
                await fill_batch(held(other, STREAM, export), export, None)
    await fill(db, export)
    read = references(await lines(db, export))
    assert len(read) == len(set(read)) == 4 * 4


async def test_a_worker_whose_place_is_old_goes_on_where_the_rows_end(db: Database, plan: Plan, batches_of_two: None) -> None:
    clients = sorted([await plan.client() for _ in range(5)])
    export = await plan.asked()
    await fill(db, export, batches=2)
    await fill(db, export, after=(clients[0], "care_connect"))
    read = references(await lines(db, export))
    assert len(read) == len(set(read)) == 5 * 4


async def test_an_increment_goes_past_clients_with_nothing_new(db: Database, plan: Plan, batches_of_two: None) -> None:
    clients = sorted([await plan.client() for _ in range(6)])
    newcomer = await plan.client(None)
    since = at(await plan.export())
    await db.pool.execute("update record set changed_at = changed_at - interval '1 hour' where client_id = any($1)", [*clients, newcomer])
    await db.pool.execute("update recipient_token set opened_at = opened_at - interval '1 hour' where client_id = any($1)", clients)
    await plan.record(clients[5])
    await plan.opt_in(newcomer)
    found = Counter(token_of(resource) for resource in await lines(db, (await plan.export(since)).export))
    assert found == {str(await plan.token(clients[5])): 2, str(await plan.token(newcomer)): 4}


async def test_a_transaction_that_commits_late_is_found_by_the_next_increment(db: Database, plan: Plan) -> None:
    client = await plan.client()
    late = await asyncpg.connect(db.url)
    try:
        transaction = late.transaction()
        await transaction.start()
        record = await plan.record(client, tx=late)
        await asyncio.sleep(0.05)
        first = await plan.export()
        await transaction.commit()
    finally:
        await late.close()
    token = await plan.token(client)
    own = await db.pool.fetchval(f"select {resource_id('$1::uuid', '$2::uuid')}", token, record)
    assert f"Observation/{own}" not in references(await lines(db, first.export)), "it was not committed yet"
    assert f"Observation/{own}" in references(await lines(db, (await plan.export(at(first))).export))


async def test_a_process_that_waits_to_lead_makes_no_increment_larger(db: Database, plan: Plan) -> None:
    """Its wait counts as a transaction for as long as another process leads: every increment would begin there."""
    leading, waiting = await connect_to_lead(db.url), await connect_to_lead(db.url)
    await leading.execute("select pg_advisory_lock(hashtext('a test leads'))")
    wait = asyncio.create_task(waiting.execute("select pg_advisory_lock(hashtext('a test leads'))"))
    try:
        await asyncio.sleep(0.1)
        began = await db.pool.fetchval("select clock_timestamp()")
        assert at(await plan.export()) >= began
    finally:
        leading.terminate()
        await wait
        waiting.terminate()


async def test_R5_what_was_taken_is_listed_as_deleted_and_stands_nowhere_else(db: Database, plan: Plan) -> None:
    leaving, staying = await plan.client(), await plan.client()
    found = await plan.export()
    await plan.taken(found)
    token = await plan.token(leaving)
    held = {
        reference
        for reference, r in zip(references(await lines(db, found.export)), await lines(db, found.export), strict=True)
        if token_of(r) == str(token)
    }
    assert len(held) == 4
    await plan.opt_out(leaving)
    again = await usecases.progress(db, plan.id, found.export.export_id)
    assert (await deleted(db, again), again.deleted) == ({token: held}, 1)
    assert {(part.part, part.rows, part.generation) for part in again.parts} == {
        (kind, 1, 2) for kind in ("Patient", "Consent", "QuestionnaireResponse", "Observation")
    }
    assert {token_of(r) for r in await lines(db, found.export)} == {str(await plan.token(staying))}
    increment = await plan.export(at(found))
    assert await deleted(db, increment) == {token: held}
    assert await deleted(db, await plan.export(at(increment))) == {}, "told once"


async def test_C8_who_opts_in_again_is_in_later_increments_under_another_token(db: Database, plan: Plan) -> None:
    client = await plan.client()
    found = await plan.export()
    await plan.taken(found)
    old = await plan.token(client)
    await plan.opt_out(client)
    await plan.opt_in(client)
    new = await plan.token(client)
    assert new != old
    increment = await plan.export(at(found))
    assert {token_of(r) for r in await lines(db, increment.export)} == {str(new)}
    assert set(await deleted(db, increment)) == {old}
    assert {token_of(r) for r in await lines(db, found.export)} == set(), "redacted before stays redacted"


async def test_C16_an_opt_out_tells_nothing_of_what_was_never_taken(db: Database, plan: Plan) -> None:
    unseen, in_between = await plan.client(scores=7), await plan.client(None)
    first = await plan.export()
    await plan.opt_in(in_between)
    tokens = [await plan.token(client) for client in (unseen, in_between)]
    for client in (unseen, in_between):
        await plan.opt_out(client)
    assert await deleted(db, await usecases.progress(db, plan.id, first.export.export_id)) == {tokens[0]: {f"Patient/{tokens[0]}"}}
    assert await deleted(db, await plan.export(at(first))) == {}, "no token that was never given"


async def test_an_increment_of_some_types_lists_those_and_the_patient(db: Database, plan: Plan) -> None:
    client = await plan.client()
    found = await plan.export()
    await plan.taken(found)
    token = await plan.token(client)
    await plan.opt_out(client)
    (resources,) = (await deleted(db, await plan.export(at(found), types=("Observation",)))).values()
    assert {resource.partition("/")[0] for resource in resources} == {"Patient", "Observation"}
    assert f"Patient/{token}" in resources


async def test_an_export_that_was_called_off_gets_no_more_rows_and_loses_those_it_has(
    db: Database, plan: Plan, batches_of_two: None
) -> None:
    for _ in range(5):
        await plan.client()
    export = await plan.asked()
    await fill(db, export, batches=1)
    await usecases.cancel(db, export)
    async with db.pool.acquire() as tx:
        with pytest.raises(NotWanted):
            await fill_batch(held(tx, STREAM, export), export, None)
    left = "select (select count(*) from export_row where export_id = $1) + (select count(*) from export_part where export_id = $1)"
    assert await db.pool.fetchval(left, export.export_id) == 0
    await tables.complete_export(db.pool, export.export_id, STREAMS, at(await plan.export()), at(await plan.export()))
    assert await db.pool.fetchval("select status from export where export_id = $1", export.export_id) == "cancelled"


async def test_what_a_killed_cancellation_left_behind_is_cleared_while_an_opt_out_deletes_some_of_it(db: Database, plan: Plan) -> None:
    leaving, _ = await plan.client(), await plan.client()
    found = await plan.export()
    await db.pool.execute("update export set status = 'cancelled' where export_id = $1", found.export.export_id)
    other = await asyncpg.connect(db.url)
    try:
        async with other.transaction():
            await other.execute("delete from export_row where client_id = $1", leaving)
            await clearing.clear(db.pool)  # waits for nobody
        assert await db.pool.fetchval("select count(*) from export_row where export_id = $1", found.export.export_id) == 0
        assert await db.pool.fetchval("select count(*) from export_part where export_id = $1", found.export.export_id) > 0
        await clearing.clear(db.pool)
    finally:
        await other.close()
    assert await db.pool.fetchval("select count(*) from export_part where export_id = $1", found.export.export_id) == 0


async def _ended(db: Database, plan: Plan) -> list[object]:
    rows = await db.pool.fetch(
        "select token from recipient_token join client using (client_id) where plan_id = $1 and ended_at is not null", plan.id
    )
    return [row["token"] for row in rows]
