"""Individual states on a recipient's own topic (R4, R5, C5, C16)."""

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle

from deploy.local.stack import Stack
from tests.reporting.partner_topics.reading import notices, states
from tests.story import Story, eventually

PURPOSE = {"system": "urn:care-connect:purpose", "code": "personalised_health_recommendations"}


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
    item = await story.opt_out(client)
    assert item["effective_at"], item
    last = (await states(stack, story.partner.slug))[-1]
    assert (last.key, last.value, last.type) == (token, None, "partner.individual.deleted.v1")
    (recall,) = await notices(stack, story.partner.slug)
    assert recall.type == "partner.recall_requested.v1"
    assert recall.value == {"recall_id": recall.key, "url": f"{stack.url('reporting')}/v1/recalls/{recall.key}"}
