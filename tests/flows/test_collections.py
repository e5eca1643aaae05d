"""C10, C7: what is gathered of a client from the services, on a stack whose services may be stopped."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from common.contracts.privacy import ANSWERS_TOPIC, SERVICES, Part, PartCollected, RecordCategory, Scope
from common.db import Database
from common.problems import Problem
from consent.collections.sealing import opened_pair
from consent.collections.usecases import PartStatus, begin_collection, erase_collection, is_complete, read_parts, status_of
from consent.documents.sealing import DocumentKey, Sealed
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import SECRET, Stack
from tests.flows.dumped import Found, Table, about, dump, told
from tests.mails import becomes, writer
from tests.records import fill, score
from tests.story import Story, eventually

KEY = DocumentKey(SECRET)
COPIES = {"collection", "collection_part", "collection_piece"}
"""What a collection itself is made of."""
SECRETS = {
    ("notification", "link"),
    ("waiting_notice", "link"),
    ("mail_reply", "opt_out_url"),
    ("legal_release", "token_digest"),
    ("sealing_key", "wrapped"),
}
OTHERS = {("mail", "client_ids")}
"""Names other clients too."""
DEMAND = """
insert into legal_demand (demand_id, client_id, version, state, kind, legal_basis, authority_name, identity_evidence, reference,
  received_at, respond_by, statements, categories, minimum_necessary, document_id, digest, authors, recorded_at, tell_client_from)
values ($1, $2, 1, 'recorded', 'court_order', 'order_of_tribunal', 'Superior Court', 'letterhead', $4, now(), now(), '{}',
  '{appointments}', 'Two visits.', $1, 'ab', '{}', now(), $3)"""
HISTORY = "insert into legal_demand_history (demand_id, at, what) values ($1, now(), 'recorded')"


class Gathering:
    """Collections as consent's own use cases make them, against the stack's database."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def begin(self, client: UUID, scope: Scope | None = None) -> UUID:
        async with self.db.begin() as tx:
            return await begin_collection(tx, KEY, client, scope, datetime.now(UTC))

    async def status(self, collection: UUID) -> dict[str, PartStatus]:
        async with self.db.begin() as tx:
            return {status.service: status for status in await status_of(tx, collection)}

    async def done(self, collection: UUID) -> bool:
        async with self.db.begin() as tx:
            return await is_complete(tx, collection)

    async def parts(self, collection: UUID) -> dict[str, Part]:
        async with self.db.begin() as tx:
            return {part.service: part for part in await read_parts(tx, KEY, collection)}

    async def gathered(self, client: UUID, scope: Scope | None = None) -> dict[str, Part]:
        collection = await self.begin(client, scope)
        await eventually(lambda: self.done(collection), 60)
        return await self.parts(collection)

    async def erase(self, collection: UUID) -> None:
        async with self.db.begin() as tx:
            await erase_collection(tx, collection, datetime.now(UTC))


@pytest.fixture(scope="module")
async def apart(infrastructure: Infrastructure, worker: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("apart")
    made = Stack(infrastructure, folder, name=f"{worker}apart_")
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.stop)


@pytest.fixture
async def gathering(apart: Stack) -> AsyncIterator[Gathering]:
    db = await Database.open(apart.database("consent"), 2)
    yield Gathering(db)
    await db.close()


@pytest.fixture
async def story(apart: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(apart, http).open()


async def somebody(story: Story) -> tuple[UUID, UUID]:
    """Who shares, has records of every kind, was exported, wrote a mail for two, and opted out; and the other of the two."""
    client, other = await story.client(), await story.sharing_client()
    await fill(story, client, "opt_in")
    await story.lines(await story.export_of(1))
    jane = await writer(story, client, other)
    await jane.write("How do I stop sharing?", subject="Sharing of Quokka")
    await becomes(story, client, "suspended")
    await story.opt_out(client)
    await demand_about(story, client, datetime.now(UTC) - timedelta(days=1))
    await story.settled()
    return client, other


async def demand_about(story: Story, client: UUID, tell_from: datetime | None) -> UUID:
    db = await asyncpg.connect(story.stack.database("consent"))
    demand = uuid4()
    await db.execute(DEMAND, demand, client, tell_from, f"2026-CV-{demand}")
    await db.execute(HISTORY, demand)
    await db.close()
    return demand


def compared(parts: dict[str, Part], found: Found, tables: list[Table]) -> None:
    """Row by row, field by field, both ways."""
    types = {(table.service, table.name): table.types for table in tables}
    held = {(part.service, name): rows for part in parts.values() for name, rows in part.tables.items()}
    assert sorted(held) == sorted(found)
    for (service, name), rows in found.items():
        kinds = types[service, name]
        shown = [column for column in kinds if (name, column) not in SECRETS | OTHERS]
        wanted = sorted(repr([row[column] for column in shown]) for row in rows if not only_a_providers(row))
        got = held[service, name]
        assert {*got[0]} == set(kinds) - {column for table, column in SECRETS if table == name}, name
        assert sorted(repr([told(row[column], kinds[column]) for column in shown]) for row in got) == wanted, (service, name)


def only_a_providers(row: dict[str, Any]) -> bool:
    """What a provider is told of a flag names nothing but the flag, which only assessments knows: it is in that part."""
    return "mail_state" in row and str(row["template"]).startswith("safety_flag")


async def test_C10_a_collection_with_one_service_down_completes_when_it_is_back_and_holds_exactly_what_the_services_hold(
    story: Story, gathering: Gathering
) -> None:
    client, other = await somebody(story)
    process = story.stack.processes["assessments"]
    await asyncio.to_thread(process.kill)
    collection = await gathering.begin(client)

    async def the_others() -> bool:
        states = await gathering.status(collection)
        return {name for name, part in states.items() if part.state == "collected"} == {*SERVICES} - {"assessments"}

    await eventually(the_others, 60)
    waiting = (await gathering.status(collection))["assessments"]
    assert (waiting.state, waiting.collected_at, waiting.as_of) == ("asked", None, None)
    assert waiting.asks >= 1
    assert waiting.asked_at is not None
    with pytest.raises(Problem, match="wrong_state"):
        await gathering.parts(collection)
    await asyncio.to_thread(process.start)
    await eventually(lambda: gathering.done(collection), 120)
    parts, tables = await gathering.parts(collection), await dump(story.stack)
    found = about(tables, client, other, COPIES)
    assert {table for _, table in found} >= {
        *("appointment", "assessment_response", "client", "disclosure", "episode", "journal", "legal_demand", "mail", "mail_address"),
        *("notification", "recall", "receipt", "record", "recipient_token", "safety_flag", "sharing", "unit", "visit"),
    }
    compared(parts, found, tables)
    assert parts["consent"].tables["mail"][0]["client_ids"] == [str(client)]
    await counted(story, client, parts)


async def counted(story: Story, client: UUID, parts: dict[str, Part]) -> None:
    """What each service says in numbers, and to whom."""
    path = f"/v1/clients/{client}/holdings"
    for service, part in parts.items():
        said = await story.call(service, "GET", path, story.token("client", client))
        numbers: dict[str, int] = {}
        for item in said.json()["items"]:
            numbers[item["table"]] = numbers.get(item["table"], 0) + item["records"]
        assert numbers == {table: len(rows) for table, rows in part.tables.items()}
        assert (await story.call(service, "GET", path, story.token("client"))).status_code == 404
        assert (await story.call(service, "GET", path, story.token("provider", story.provider))).status_code == 403


async def test_C10_a_part_on_the_topic_opens_for_nobody_but_its_collection_and_after_erasure_for_nobody(
    story: Story, gathering: Gathering
) -> None:
    client = await story.client()
    await score(story, client, 9)
    collection, other = await gathering.begin(client), await gathering.begin(uuid4())
    await eventually(lambda: gathering.done(collection), 60)
    await eventually(lambda: gathering.done(other), 60)
    parts = await gathering.parts(collection)
    answers = [answer for answer in await on_the_topic(story.stack) if answer.collection_id == collection]
    assert {answer.service for answer in answers} == {*SERVICES}
    known = {*values_of(parts)}
    assert str(client) in known
    for answer in answers:
        seen = b"".join(base64.urlsafe_b64decode(segment + "==") for segment in answer.sealed.split("."))
        said = answer.model_copy(update={"sealed": ""}).model_dump_json().encode()
        assert [value for value in known if value.encode() in seen or value.encode() in said] == []
        with pytest.raises(JoseError):
            jwe.decrypt_compact(answer.sealed, await key_of(gathering, other))
    assert jwe.decrypt_compact(answers[0].sealed, await key_of(gathering, collection)).plaintext
    await gathering.erase(collection)
    with pytest.raises(Problem, match="wrong_state"):
        await gathering.parts(collection)
    for statement in ("select count(*) from collection_piece where collection_id = $1", KEYS_LEFT):
        assert await gathering.db.pool.fetchval(statement, collection) == 0
    assert await gathering.done(collection)


KEYS_LEFT = "select count(*) from collection where collection_id = $1 and (private_key is not null or wrapping_key is not null)"


async def test_C7_a_scope_limits_rows_and_columns_and_no_part_tells_of_a_suspended_demand(story: Story, gathering: Gathering) -> None:
    client = await story.client()
    await fill(story, client, "opt_in")
    secret = [await demand_about(story, client, when) for when in (None, datetime.now(UTC) + timedelta(days=2))]
    public = await demand_about(story, client, datetime.now(UTC) - timedelta(days=1))
    await story.settled()
    everything = await gathering.gathered(client)
    assert str(public) in {*values_of(everything)}
    assert {*map(str, secret)} & {*values_of(everything)} == set()
    visits = await gathering.gathered(
        client, Scope(categories=(RecordCategory.APPOINTMENTS,), since=date(2026, 3, 1), until=date(2026, 3, 1))
    )
    assert [row["starts_at"][:10] for row in visits["scheduling"].tables["appointment"]] == ["2026-03-01"]
    assert {name for part in visits.values() for name in part.tables} & {
        "journal",
        "client",
        "assessment_response",
        "mail",
        "visit",
    } == set()
    totals = await gathering.gathered(client, Scope(categories=(RecordCategory.ASSESSMENT_RESULTS, RecordCategory.COVERAGE)))
    [response] = [row for row in totals["assessments"].tables["assessment_response"] if row["instrument"] == "phq-9"]
    assert response["total"] == 9
    assert "answers" not in response
    [covered] = totals["scheduling"].tables["client"]
    assert {*covered} == {"client_id", "employer_id", "plan_id", "member_id", "programme"}


def values_of(parts: dict[str, Part]) -> list[str]:
    """Whatever is long enough not to be there by chance: longer than the day."""
    cells: list[Any] = [value for part in parts.values() for rows in part.tables.values() for row in rows for value in row.values()]
    return [value for value in cells if isinstance(value, str) and len(value) > 10]


async def key_of(gathering: Gathering, collection: UUID) -> ECKey:
    row = await gathering.db.pool.fetchrow("select wrapping_key, private_key from collection where collection_id = $1", collection)
    assert row is not None
    return opened_pair(KEY, Sealed(row["wrapping_key"], row["private_key"], ""), collection.bytes)


async def on_the_topic(stack: Stack) -> list[PartCollected]:
    consumer = AIOKafkaConsumer(
        f"{stack.name}.{ANSWERS_TOPIC}",
        bootstrap_servers=stack.infrastructure.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found: list[PartCollected] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            batches = (await consumer.getmany(timeout_ms=300)).values()
            found += [PartCollected.model_validate_json(record.value) for batch in batches for record in batch]
        return found
    finally:
        await consumer.stop()
