"""Everything that ever left for the plan, looked through as a whole: no id of ours, no name, no free text, no word of how often (C16)."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from fhir.resources.R4B import get_fhir_model_class

from common.contracts.partner import aggregates_topic, individual_topic, notices_topic
from common.contracts.vocabulary import Category
from demo.partner import token_of
from demo.providers import participating
from deploy.local.stack import Stack
from tests.mails import writer
from tests.records import PHQ_9, score
from tests.story import Story, eventually

NAMES = ("Dr. Quokka Featherstonehaugh", "Zyzzyva Holdings")
FREE_TEXT = "my sister-in-law thinks that the lighthouse keeper reads my letters"
SSN = "078-05-1120"
WITHOUT_FREQUENCY = [str(category) for category in Category if category is not Category.SESSION_FREQUENCY]
FORMATS: tuple[dict[str, str], ...] = ({}, {"organizeOutputBy": "Patient"}, {"_outputFormat": "application/vnd.apache.parquet"})


@dataclass
class Clinic:
    """One plan, one provider, one employer with names that would be seen, and what the plan was ever sent."""

    story: Story
    left: list[bytes] = field(default_factory=list)
    hours: Iterator[int] = field(default_factory=itertools.count)
    """One for each session: the provider has one at a time."""

    async def take(self, **parameters: str) -> dict[str, Any]:
        """An export with all its files, kept byte by byte."""
        manifest = await self.story.export_of(0, **parameters)
        self.left.append(json.dumps(manifest).encode())
        for part in (*manifest["output"], *manifest.get("deleted", []), *manifest.get("error", [])):
            answer = await self.story.partner.file(part["url"])
            assert answer.status_code == 200, answer.text
            self.left += [answer.content, str(answer.headers).encode()]
        return manifest

    async def ask(self, path: str) -> Any:
        answer = await self.story.call("reporting", "GET", path, await self.story.partner.bearer())
        assert answer.status_code == 200, answer.text
        self.left.append(answer.content)
        return answer.json()

    async def topics(self) -> list[Any]:
        """All records of all topics of this recipient, as they are now."""
        stack, slug = self.story.stack, self.story.partner.slug
        prefix = f"{stack.name}." if stack.name else ""
        consumer = AIOKafkaConsumer(
            *(prefix + topic(slug) for topic in (individual_topic, notices_topic, aggregates_topic)),
            bootstrap_servers=stack.infrastructure.bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            found: list[Any] = []
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                found += [record for batch in (await consumer.getmany(timeout_ms=300)).values() for record in batch]
            return found
        finally:
            await consumer.stop()

    async def sends(self, at_least: int) -> list[Any]:
        """The individual states with a value, once there are so many."""

        async def there() -> list[Any] | None:
            found = [record for record in await self.topics() if ".individual." in record.topic and record.value]
            return found if len(found) >= at_least else None

        found: list[Any] = await eventually(there)
        return found


@pytest.fixture
async def clinic(stack: Stack, http: httpx.AsyncClient) -> Clinic:
    story = await Story(stack, http).open()
    story.provider, story.employer = uuid4(), uuid4()
    for path, body in (
        ("/v1/providers", participating(story.provider, NAMES[0], "MA", story.plan)),
        ("/v1/employers", {"name": NAMES[1], "programmes": ["care_connect"], "employer_id": str(story.employer)}),
    ):
        answer = await story.call("scheduling", "POST", path, story.token("operations"), json=body)
        assert answer.status_code == 201, answer.text
    return Clinic(story)


async def in_care(clinic: Clinic, categories: list[str]) -> tuple[UUID, str]:
    """A client who shares, with a score and a first session; and the request that it came from."""
    story = clinic.story
    client = await story.client()
    made = await story.request(client, "opt_in", categories=categories)
    assert made.status_code == 201, made.text
    request = made.json()["request_id"]
    accepted = await story.call(
        "scheduling", "POST", f"/v1/consultation-requests/{request}/acceptance", provider(story), headers={"if-match": '"1"'}
    )
    assert accepted.status_code == 200, accepted.text
    await session(clinic, request, 1)
    await score(story, client, 7)
    return client, request


def provider(story: Story) -> dict[str, str]:
    return story.token("provider", story.provider)


async def session(clinic: Clinic, request: str, day: int) -> None:
    starts_at = datetime(2026, 3, day, next(clinic.hours) % 24, tzinfo=UTC)
    body = {"kind": "session", "starts_at": starts_at.isoformat()}
    path = f"/v1/consultation-requests/{request}/appointments"
    made = await clinic.story.call("scheduling", "POST", path, provider(clinic.story), json=body)
    assert made.status_code == 201, made.text


async def ids_of_ours(story: Story, client: UUID) -> set[str]:
    """Every id that any of the services keeps about the client, but for the tokens."""
    found = {str(client), str(story.provider), str(story.employer)}
    for service, statement in (
        ("scheduling", "select request_id::text from consultation_request where client_id = $1"),
        ("scheduling", "select appointment_id::text from appointment where client_id = $1"),
        ("assessments", "select response_id::text from assessment_response where client_id = $1"),
        ("reporting", "select record_id::text from record where client_id = $1"),
        ("consent", "select event_id::text from journal where subject = $1"),
    ):
        connection = await asyncpg.connect(story.stack.database(service))
        found |= {row[0] for row in await connection.fetch(statement, client)}
        await connection.close()
    return found


async def test_C6_C17_no_id_of_ours_no_name_and_no_free_text_is_in_anything_that_left(clinic: Clinic) -> None:
    story = clinic.story
    client, request = await in_care(clinic, [str(category) for category in Category])
    await session(clinic, request, 9)
    answers = {"client_id": str(client), "instrument": "phq-9", "answers": dict.fromkeys(PHQ_9, 2)}
    answered = await story.call("assessments", "POST", "/v1/assessment-responses", story.token("client", client), json=answers)
    assert answered.status_code == 201, answered.text
    jane = await writer(story, client)
    for parameters in FORMATS:
        await clinic.take(**parameters)
    since = (await clinic.take())["transactionTime"]
    await clinic.sends(1)
    await jane.write(f"Please opt me out. {FREE_TEXT}. {SSN}")
    await story.opt_out(client)

    async def recalled() -> bool:
        return bool((await clinic.ask("/v1/recalls"))["items"])

    await eventually(recalled)
    assert (await clinic.take(_since=since))["deleted"]
    records = await clinic.topics()
    assert {record.topic.split(".")[-2] for record in records} >= {"individual", "notices"}
    clinic.left += [b"\n".join((r.key or b"", r.value or b"", *(value for _, value in r.headers))) for r in records]
    everything = b"\n".join(clinic.left).decode("latin-1").lower()
    ours = await ids_of_ours(story, client)
    assert len(ours) > 9
    hidden = {*ours, *(own.replace("-", "") for own in ours), *NAMES, FREE_TEXT, SSN, jane.address, "1985-05-17", "05-17"}
    assert {word for word in hidden if word.lower() in everything} == set()
    assert everything.count('"resourcetype"') > 20, "something did leave"


async def test_C6_R4_every_resource_that_left_is_valid(clinic: Clinic) -> None:
    _, request = await in_care(clinic, [str(category) for category in Category])
    await session(clinic, request, 9)
    for parameters in FORMATS[:2]:
        for resource in await clinic.story.partner.resources(await clinic.take(**parameters)):
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    for record in await clinic.sends(1):
        bundle = json.loads(record.value)
        get_fhir_model_class(bundle["resourceType"]).model_validate(bundle)


async def test_C16_neither_content_nor_timing_tells_how_often_somebody_is_seen(clinic: Clinic) -> None:
    """A state that is sent anew at every session, though nothing in it has changed, would tell as much as the sessions themselves."""
    story = clinic.story
    _, request = await in_care(clinic, WITHOUT_FREQUENCY)
    watched = await in_care(clinic, [str(category) for category in Category])
    before = await clinic.take()
    await story.settled()
    await eventually(lambda: nothing_waits(story))
    sent = Counter(record.key for record in await clinic.sends(2))
    for day in (9, 16, 23):
        await session(clinic, request, day)
    await session(clinic, watched[1], 9)
    await story.settled()
    await eventually(lambda: nothing_waits(story))
    by_now = Counter(record.key for record in await clinic.sends(sent.total() + 1))
    again = {key.decode() for key in by_now - sent}
    assert len(again) == 1, "only the one who shares how often is sent again"
    increment = await clinic.take(_since=before["transactionTime"])
    assert {token_of(resource) for resource in await story.partner.resources(increment)} == again
    assert not increment.get("deleted")


async def nothing_waits(story: Story) -> bool:
    connection = await asyncpg.connect(story.stack.database("reporting"))
    try:
        return not await connection.fetchval("select count(*) from partner_dirty")
    finally:
        await connection.close()
