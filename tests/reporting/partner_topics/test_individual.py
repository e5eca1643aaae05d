"""Individual states on a recipient's own topic (R4, R5, C5, C16)."""

from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from fhir.resources.R4B.bundle import Bundle

from common.contracts.partner import topics_of
from deploy.local.stack import Stack
from tests.reporting.partner_topics.reading import Read, notices, states
from tests.story import Story, eventually

PURPOSE = {"system": "urn:care-connect:purpose", "code": "personalised_health_recommendations"}
REDACTED = """
insert into partner_notice (recipient_id, stream, kind, key, decision_id, client_id, programme)
values ($1, 0, 'redacted', $2, $3, $3, 'care_connect')"""
AGAIN = """
insert into partner_notice (recipient_id, stream, kind, key, decision_id, client_id, programme)
select plan_id, 0, 'recall', recall_id, decision_id, client_id, programme from recall where recall_id = $1"""
RECEIPTS = "select count(*) from journal where subject = $1 and payload like '%recall_sent%'"


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


async def test_R4_a_shared_state_is_a_valid_bundle_that_says_its_purpose_and_names_nobody(stack: Stack, story: Story) -> None:
    client = await story.sharing_client()
    found = await eventually(lambda: states(stack, story.partner.slug))
    state = found[-1]
    assert state.type == "partner.individual.v1" and state.headers["content-type"] == "application/fhir+json"
    Bundle.model_validate(state.value)
    assert PURPOSE in state.value["meta"]["tag"]
    assert state.value["identifier"]["value"] == state.key
    patient = next(e["resource"] for e in state.value["entry"] if e["resource"]["resourceType"] == "Patient")
    assert patient["id"] == state.key
    assert str(client) not in str(found)


async def test_R5_an_opt_out_ends_the_state_and_sends_a_recall(stack: Stack, story: Story) -> None:
    client = await story.sharing_client()
    token = (await eventually(lambda: states(stack, story.partner.slug)))[-1].key
    assert (await story.opt_out(client))["status"] == "effective"
    last = (await states(stack, story.partner.slug))[-1]
    assert (last.key, last.value, last.type) == (token, None, "partner.individual.deleted.v1")
    (recall,) = await notices(stack, story.partner.slug)
    assert recall.type == "partner.recall_requested.v1"
    assert recall.value == {"recall_id": recall.key, "url": f"{stack.url('reporting')}/v1/recalls/{recall.key}"}


async def test_C5_a_plan_gets_what_is_shared_once_it_is_registered(stack: Stack, http: httpx.AsyncClient) -> None:
    story = Story(stack, http)
    register, story.partner.register = story.partner.register, nothing  # type: ignore[method-assign]
    await story.open()
    await story.sharing_client()
    await story.settled()
    assert not [topic for topic in await topics_there(stack) if story.partner.slug in topic]
    await register(story.token("operations"))
    assert await eventually(lambda: states(stack, story.partner.slug))


async def topics_there(stack: Stack) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.infrastructure.bootstrap)
    await admin.start()
    try:
        return list(await admin.list_topics())
    finally:
        await admin.close()


async def nothing(operations: object, **more: object) -> dict[str, object]:
    return {}


async def test_C5_two_plans_have_topics_of_their_own(stack: Stack, story: Story, http: httpx.AsyncClient) -> None:
    other = await Story(stack, http).open()
    await story.sharing_client()
    await other.sharing_client()
    tokens = {state.key for state in await eventually(lambda: states(stack, story.partner.slug))}
    theirs = {state.key for state in await eventually(lambda: states(stack, other.partner.slug))}
    assert tokens and theirs and not tokens & theirs


async def test_R5_a_redaction_is_told_without_a_receipt_of_its_own(stack: Stack, story: Story) -> None:
    """Exports have theirs in the transaction of the decision."""
    export, decision = uuid4(), uuid4()
    connection = await asyncpg.connect(stack.database("reporting"))
    await connection.execute(REDACTED, story.plan, export, decision)
    (notice,) = await eventually(lambda: notices(stack, story.partner.slug))
    assert (notice.key, notice.type) == (str(export), "partner.redacted.v1")
    assert notice.value == {"export_id": str(export), "url": f"{stack.url('reporting')}/fhir/bulk/{export}"}
    assert await connection.fetchval("select count(*) from journal where payload like '%' || $1 || '%'", str(decision)) == 0
    await connection.close()


async def test_topics_are_compacted_in_time_and_a_tombstone_outlives_an_outage_of_a_week(stack: Stack, story: Story) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.infrastructure.bootstrap)
    await admin.start()
    names = [f"{stack.name}.{name}" for name in topics_of(story.partner.slug)]
    await eventually(lambda: states_are_there(admin, names[0]))
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    (answer,) = await admin.describe_configs(asked)
    individual, notice, aggregate = ({entry[0]: entry[1] for entry in resource[4]} for resource in answer.resources)
    await admin.close()
    assert individual["cleanup.policy"] == "compact" and individual["message.timestamp.type"] == "LogAppendTime"
    assert int(individual["max.compaction.lag.ms"]) <= 3_600_000 and int(individual["segment.ms"]) <= 3_600_000
    assert int(individual["delete.retention.ms"]) >= 7 * 86_400_000
    assert int(individual["max.message.bytes"]) == 8 * 1024 * 1024
    for kept in (notice, aggregate):
        assert kept["cleanup.policy"] == "delete" and int(kept["retention.ms"]) == 365 * 86_400_000


async def states_are_there(admin: AIOKafkaAdminClient, name: str) -> bool:
    return name in await admin.list_topics()


async def test_R5_a_recall_that_is_sent_again_has_one_receipt(stack: Stack, story: Story) -> None:
    client = await story.sharing_client()
    await eventually(lambda: states(stack, story.partner.slug))
    assert (await story.opt_out(client))["status"] == "effective"
    (recall,) = await notices(stack, story.partner.slug)
    connection = await asyncpg.connect(stack.database("reporting"))
    await connection.execute(AGAIN, UUID(recall.key))

    async def both() -> list[Read]:
        found = await notices(stack, story.partner.slug)
        return found if len(found) > 1 else []

    first, again = await eventually(both)
    assert (again.key, again.value) == (first.key, first.value)
    assert again.headers["ce_id"] != first.headers["ce_id"], "whoever drops what came twice must not drop a reminder"
    await eventually(lambda: connection.fetchval("select count(*) = 0 from partner_notice where key = $1", UUID(recall.key)))
    assert await connection.fetchval(RECEIPTS, client) == 1
    await connection.close()
