"""Decisions that arrive late, twice, or at the same moment (invariant 5): an opt-out wins."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from common.contracts.scheduling import SharingChosen
from common.contracts.vocabulary import Choice, Programme
from common.journal import Journal, stream_of
from deploy.local.stack import Stack
from tests.story import Story, eventually

STREAMS = 16


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


async def test_invariant_5_an_opt_in_that_was_delayed_cannot_undo_an_opt_out_that_was_repeated_meanwhile(story: Story) -> None:
    client = await story.sharing_client()
    await story.opt_out(client)
    seen = (await story.sharing(client))["version"]
    await story.opt_out(client)
    delayed = await story.decide(client, "opt_in", seen)
    assert (delayed.status_code, delayed.json()["code"]) == (412, "state_changed")
    assert (await story.sharing(client))["shared"] is False


async def test_C4_an_opt_out_is_never_answered_with_an_opt_in_that_came_at_the_same_moment(story: Story) -> None:
    client = await story.sharing_client()
    for _ in range(40):
        await story.opt_out(client, wait=0)
        seen = (await story.sharing(client))["version"]
        decision_id = str(uuid4())
        opt_in = story.decide(client, "opt_in", seen, decision_id=decision_id)
        one, _, other = await asyncio.gather(story.opt_out(client, wait=0), opt_in, story.opt_out(client, wait=0))
        assert decision_id not in (one["decision_id"], other["decision_id"])


async def test_a_decision_id_that_was_used_before_is_refused(story: Story) -> None:
    client = await story.sharing_client()
    first = await story.opt_out(client)
    decision_id = str(uuid4())
    assert (await story.decide(client, "opt_in", first["version"], decision_id=decision_id)).status_code == 200
    seen = (await story.opt_out(client))["version"]
    again = await story.decide(client, "opt_in", seen, decision_id=decision_id)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


async def test_a_choice_told_again_by_a_late_event_undoes_nothing_and_parks_nobody(story: Story) -> None:
    """C2: the choice comes twice, at once over HTTP and by event, which an outage of Kafka delays for as long as it likes."""
    client = await story.client()
    choice_id = (await story.request(client, "decline")).json()["sharing"]["choice_id"]
    await eventually(lambda: decided(story, client))
    assert (await story.decide(client, "opt_in", (await story.sharing(client))["version"])).status_code == 200
    await tell_again(story.stack, client, UUID(choice_id))
    assert (await story.sharing(client))["shared"] is True
    parked = await story.call("consent", "GET", "/v1/parked-clients", story.token("operations"))
    assert str(client) not in {item["client_id"] for item in parked.json()["items"]}


async def decided(story: Story, client: UUID) -> bool:
    return (await story.sharing(client))["decision"] is not None


async def tell_again(stack: Stack, client: UUID, choice_id: UUID) -> None:
    """As if the first event had come only now; returns when consent has applied it."""
    event = SharingChosen(
        occurred_at=datetime.now(UTC),
        client_id=client,
        choice_id=choice_id,
        request_id=uuid4(),
        programme=Programme.CARE_CONNECT,
        choice=Choice.DECLINE,
        categories=(),
        notice_version="2026-01",
        notice_language="en",
    )
    scheduling, consent = await asyncpg.connect(stack.database("scheduling")), await asyncpg.connect(stack.database("consent"))
    async with scheduling.transaction():
        await Journal("scheduling", STREAMS).append_event(scheduling, event)
    stream = stream_of(client, STREAMS)
    head = await scheduling.fetchval("select position from journal_head where stream = $1", stream)
    applied = "select position >= $2 from applied where source = 'scheduling' and stream = $1"
    await eventually(lambda: consent.fetchval(applied, stream, head))
    await scheduling.close()
    await consent.close()
