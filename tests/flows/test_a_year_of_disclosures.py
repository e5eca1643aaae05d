"""A simulated year of exports, topics, recalls and demands: the accounting of all clients adds up to what the recipients received (C9)."""

import asyncio
import contextlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from common.contracts.partner import individual_topic
from demo.partner import category_of, token_of
from deploy.local.stack import Stack
from tests.records import EVERY, fill, score
from tests.story import Story, eventually

MONTHS, CLIENTS = 12, 5
FORMS: tuple[dict[str, str], ...] = ({}, {"organizeOutputBy": "Patient"}, {"_type": "Observation"})


@dataclass
class Received:
    """What the recipients have in their hands: of whom, how it came, in which export or case, how many records, of what."""

    records: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    kinds: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    def take(self, who: str, path: str, case: str, kind: str | None) -> None:
        self.records[who, path, case] += 1
        self.kinds.setdefault((who, path, case), set()).update([kind] if kind else [])


@dataclass
class Year:
    story: Story
    begin: datetime
    clients: list[UUID]
    received: Received = field(default_factory=Received)
    read_to: dict[int, int] = field(default_factory=dict)
    now: datetime = field(init=False)

    async def move_to(self, now: datetime) -> None:
        self.now = now
        for service in ("consent", "reporting"):
            answer = await self.story.call(service, "PUT", "/v1/clock", self.story.token("operations"), json={"now": now.isoformat()})
            assert answer.status_code == 200, answer.text

    async def export(self, **asked: str) -> None:
        """All its files, each once."""
        manifest = await self.story.export_of(0, **asked)
        for part in manifest["output"]:
            answer = await self.story.partner.file(part["url"])
            assert answer.status_code == 200, answer.text
            for line in map(json.loads, answer.text.splitlines()):
                if line["resourceType"] != "Parameters":
                    self.received.take(token_of(line), "export", manifest["export_id"], category_of(line))

    async def answer_recalls(self) -> None:
        for recall in await self.story.partner.recalls():
            await self.story.partner.acknowledge(recall["recall_id"])
            await self.story.partner.attest(recall["recall_id"])

    async def release_to_a_court(self, client: UUID) -> str:
        """A court's order for somebody's appointments: recorded by one officer, approved by another, fetched once."""
        one, other = self.story.token("privacy_officer", uuid4()), self.story.token("privacy_officer", uuid4())
        paper = await self.office("POST", "/v1/legal-documents?kind=demand", one, content=b"%PDF-1.7 an order")
        demand = await self.office("POST", "/v1/legal-demands", one, json=self.order(client, paper.json()["document_id"]))
        path = f"/v1/legal-demands/{demand.json()['demand_id']}"
        await self.office("POST", f"{path}/approval", other, json={"digest": demand.json()["digest"]})

        async def collected() -> bool:
            case = await self.office("GET", path, one)
            return all(part["state"] == "collected" for part in case.json()["parts"])

        await eventually(collected)
        issued = await self.office("POST", f"{path}/releases", one, json={})
        fetched = await self.office("GET", f"/v1/legal-releases/{issued.json()['token']}", one)
        case_id: str = demand.json()["demand_id"]
        with zipfile.ZipFile(io.BytesIO(fetched.content)) as file:
            for name in file.namelist():
                if name.startswith("records/"):
                    for rows in json.loads(file.read(name)).values():
                        for _ in rows:
                            self.received.take(str(client), "legal_release", case_id, "appointments")
        again = await self.story.call("consent", "GET", f"/v1/legal-releases/{issued.json()['token']}", one, headers=self.clock)
        assert again.status_code in (409, 410), "once, and the second attempt is on record"
        return case_id

    @property
    def clock(self) -> dict[str, str]:
        return {"clock-now": self.now.isoformat()}

    async def office(self, method: str, path: str, caller: dict[str, str], **more: Any) -> httpx.Response:
        answer = await self.story.call("consent", method, path, caller, headers=self.clock, **more)
        assert answer.is_success, answer.text
        return answer

    def order(self, client: UUID, document: str) -> dict[str, Any]:
        return {
            "client_id": str(client),
            "kind": "court_order",
            "legal_basis": "order_of_tribunal",
            "authority_name": "Superior Court",
            "authority_address": "1 Court Street, Boston, MA",
            "identity_evidence": "letterhead",
            "reference": uuid4().hex,
            "received_at": self.now.isoformat(),
            "respond_by": (self.now + timedelta(days=9)).isoformat(),
            "statements": ["expressly_authorized"],
            "scope": {"categories": ["appointments"], "since": "2026-01-01", "until": self.now.date().isoformat()},
            "minimum_necessary": "The order names the appointments.",
            "document_id": document,
        }

    async def accounting(self, client: UUID, **asked: str) -> list[dict[str, Any]]:
        officer, path = self.story.token("privacy_officer"), f"/v1/clients/{client}/accounting-of-disclosures"
        answer = await self.story.call("consent", "GET", path, officer, params=asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def year(stack: Stack, http: httpx.AsyncClient) -> AsyncIterator[Year]:
    story = await Story(stack, http).open()
    clients = [await story.client() for _ in range(CLIENTS)]
    for client in clients:
        await fill(story, client, "opt_in", categories=EVERY)
    begin = datetime.now(UTC)
    made = Year(story, begin, clients)
    yield made
    await made.move_to(datetime.now(UTC))


async def live(year: Year) -> None:
    """Month by month: somebody's records change, somebody decides otherwise, the plan takes an export and answers its recalls."""
    story = year.story
    for month in range(MONTHS):
        await year.move_to(year.begin + timedelta(days=30 * month))
        who = year.clients[month % CLIENTS]
        await score(story, who, month % 10)
        if month in (3, 8):
            await story.opt_out(year.clients[0])
        if month in (5, 9):
            state = await story.sharing(year.clients[0])
            await story.decide(year.clients[0], "opt_in", state["version"], categories=EVERY)
        if month == 6:
            await story.opt_out(year.clients[1])
        if month in (4, 7):
            await year.release_to_a_court(year.clients[2])
        await year.export(**FORMS[month % len(FORMS)])
        await year.answer_recalls()


@contextlib.asynccontextmanager
async def following(year: Year) -> AsyncIterator[AIOKafkaConsumer]:
    """The plan reads its topic all the year: what is compacted by the end it has received all the same."""
    stack = year.story.stack
    consumer = AIOKafkaConsumer(
        (f"{stack.name}." if stack.name else "") + individual_topic(year.story.partner.slug),
        bootstrap_servers=stack.infrastructure.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    reading = asyncio.create_task(read(year, consumer))
    try:
        yield consumer
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await consumer.stop()


async def read(year: Year, consumer: AIOKafkaConsumer) -> None:
    while True:
        for batch in (await consumer.getmany(timeout_ms=100)).values():
            for record in (one for one in batch if one.value):
                for entry in json.loads(record.value)["entry"]:
                    year.received.take(record.key.decode(), "partner_topic", "", category_of(entry["resource"]))
            for record in batch:
                year.read_to[record.partition] = record.offset + 1


async def read_all(year: Year, consumer: AIOKafkaConsumer) -> bool:
    ends = await consumer.end_offsets(list(consumer.assignment()))
    begins = await consumer.beginning_offsets(list(ends))
    return bool(ends) and all(year.read_to.get(partition.partition, begins[partition]) >= end for partition, end in ends.items())


async def people(story: Story) -> dict[str, str]:
    """Whose each token is: only reporting's database knows."""
    connection = await asyncpg.connect(story.stack.database("reporting"))
    rows = await connection.fetch("select token::text, client_id::text from recipient_token")
    await connection.close()
    return {row[0]: row[1] for row in rows}


async def all_sent(story: Story) -> bool:
    connection = await asyncpg.connect(story.stack.database("reporting"))
    waiting = await connection.fetchval(
        "select (select count(*) from partner_dirty join client using (client_id) where plan_id = $1)"
        " + (select count(*) from partner_notice where recipient_id = $1)",
        story.plan,
    )
    await connection.close()
    return not waiting


def accounted(
    client: UUID, entries: Iterable[dict[str, Any]]
) -> tuple[Counter[tuple[str, str, str]], dict[tuple[str, str, str], set[str]]]:
    records: Counter[tuple[str, str, str]] = Counter()
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries:
        case = entry["case_id"] or "" if entry["path"] != "partner_topic" else ""
        key = (str(client), entry["path"], case)
        records[key] += entry["records"] or 0
        kinds.setdefault(key, set()).update(entry["kinds"])
    return records, kinds


async def test_C9_a_years_accounting_adds_up_to_what_the_recipients_received_record_by_record(year: Year) -> None:
    story = year.story
    async with following(year) as consumer:
        await live(year)
        await story.settled()
        await eventually(lambda: all_sent(story))
        await eventually(lambda: read_all(year, consumer))
    whose = await people(story)
    got: Counter[tuple[str, str, str]] = Counter()
    of_kinds: dict[tuple[str, str, str], set[str]] = {}
    for (token, path, case), number in year.received.records.items():
        got[whose.get(token, token), path, case] += number
        of_kinds.setdefault((whose.get(token, token), path, case), set()).update(year.received.kinds[token, path, case])
    said: Counter[tuple[str, str, str]] = Counter()
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for client in year.clients:
        records, its_kinds = accounted(client, await year.accounting(client))
        said += records
        kinds |= its_kinds
    assert said == got
    assert {key: value for key, value in kinds.items() if said[key]} == of_kinds
    assert {path for _, path, _ in got} == {"export", "partner_topic", "legal_release"}
    assert sum(got.values()) > 100, "a year has happened"
    await views_follow(year)


async def views_follow(year: Year) -> None:
    """Each view of each law, and the summary, from the same entries; what was recalled says how far that is."""
    stopped, demanded = year.clients[1], year.clients[2]
    entries = await year.accounting(stopped)
    assert {entry["recall"] for entry in entries} == {"attested"}
    assert {entry["recipient_name"] for entry in entries} == {await contracted(year.story)}
    assert not await year.accounting(stopped, law="hipaa_164_528")
    federal = await year.accounting(demanded, law="hipaa_164_528")
    assert [(entry["recipient_name"], entry["recipient_address"]) for entry in federal] == [
        ("Superior Court", "1 Court Street, Boston, MA")
    ] * 2
    tried = [entry for entry in await year.accounting(demanded) if entry["outcome"] == "refused"]
    assert len(tried) == 2, "the second fetch of each"
    answer = await year.story.call(
        "consent",
        "GET",
        f"/v1/clients/{demanded}/accounting-of-disclosures",
        year.story.token("client", demanded),
        params={"form": "summary"},
        headers=year.clock,
    )
    entries = await year.accounting(demanded)
    assert sum(series["number"] for series in answer.json()["series"]) == len(entries)
    assert sum(series["records"] for series in answer.json()["series"]) == sum(entry["records"] or 0 for entry in entries)


async def contracted(story: Story) -> str:
    answer = await story.call("reporting", "GET", f"/v1/recipients/{story.plan}/contracts", story.token("privacy_officer"))
    name: str = answer.json()["items"][0]["legal_name"]
    return name
