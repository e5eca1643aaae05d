"""R5 on the real stack: what a plan has taken is recalled, by its list, its topic and its webhook, until it has stated that it deleted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.reporting.webhooks.receiver import Receiver, receiving
from tests.story import Story, eventually

TAKEN = """
insert into disclosure (client_id, programme, token, recipient, recipient_id, purpose, path, export_id, categories, records, gated_at)
select client_id, programme, token, 'health_plan', $2, 'personalised_health_recommendations', 'export', gen_random_uuid(),
       '{satisfaction}', 1, 0
  from sharing where client_id = $1 and token is not null returning token"""
TODAY = datetime.now(UTC).date().isoformat()
DELETED = {"method": "destroyed_media", "completed_on": TODAY, "attested_by": "security_officer"}


async def taken(story: Story) -> tuple[UUID, str]:
    """A client of whom the plan has downloaded something, and under which token."""
    client = await story.sharing_client()
    reporting = await asyncpg.connect(story.stack.database("reporting"))
    token = await eventually(lambda: reporting.fetchval(TAKEN, client, story.plan))
    await reporting.close()
    return client, str(token)


async def recalled(story: Story) -> tuple[UUID, dict[str, Any], dict[str, Any]]:
    """A client who opted out after that: the client, the opt-out, the recall."""
    client, token = await taken(story)
    opt_out = await story.opt_out(client)

    async def listed() -> dict[str, Any] | None:
        items = (await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))).json()["items"]
        return next((item for item in items if token in item["tokens"]), None)

    return client, opt_out, await eventually(listed)


def states(story: Story, client: UUID, opt_out: dict[str, Any]) -> Callable[[], Awaitable[dict[str, bool]]]:
    """What the client sees (C9)."""

    async def look() -> dict[str, bool]:
        path = f"/v1/clients/{client}/opt-outs/{opt_out['decision_id']}"
        receipts = (await story.call("consent", "GET", path, story.token("client", client))).json()["receipts"]
        return {receipt["sink"]: receipt["done_at"] is not None for receipt in receipts}

    return look


async def becomes(story: Story, recall: dict[str, Any], state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        answer = await story.call("reporting", "GET", f"/v1/recalls/{recall['recall_id']}", story.token("plan", story.plan))
        found: dict[str, Any] = answer.json()
        return found if found["state"] == state else None

    found: dict[str, Any] = await eventually(there)
    return found


async def test_R5_C9_a_recall_goes_from_requested_to_attested_and_the_client_sees_each_step(story: Story) -> None:
    client, opt_out, recall = await recalled(story)
    seen, path = states(story, client, opt_out), f"/v1/recalls/{recall['recall_id']}"
    assert set(recall) == {
        *("recall_id", "state", "tokens", "exports", "created_at", "sent_at", "acknowledged_at", "attested_at", "overdue")
    }, "the plan is told tokens and exports, and no more of anybody"
    assert str(client) not in str(recall)
    await becomes(story, recall, "sent")
    plan = await story.partner.bearer()
    for _ in range(2):
        assert (await story.call("reporting", "POST", f"{path}/acknowledgement", plan)).status_code == 200

    async def acknowledged() -> bool:
        return (await seen())["recall_acknowledged"]

    await eventually(acknowledged)
    assert (await seen())["recall_attested"] is False
    assert (await story.call("reporting", "GET", "/v1/recalls", plan)).json()["items"] == []
    waiting = (await story.call("reporting", "GET", "/v1/recalls?state=acknowledged", plan)).json()["items"]
    assert [item["recall_id"] for item in waiting] == [recall["recall_id"]]
    for _ in range(2):
        assert (await story.call("reporting", "POST", f"{path}/attestation", plan, json=DELETED)).status_code == 200

    async def all_in() -> bool:
        return all((await seen()).values())

    await eventually(all_in)
    assert (await becomes(story, recall, "attested"))["overdue"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        DELETED | {"attested_by": "Jane Roe, privacy officer"},
        DELETED | {"method": "other"},
        DELETED | {"completed_on": "2999-01-01"},
        DELETED | {"comment": "all gone"},
    ],
)
async def test_R5_an_attestation_with_a_name_a_text_or_a_day_to_come_is_refused(story: Story, body: dict[str, str]) -> None:
    path = f"/v1/recalls/{uuid4()}/attestation"
    answer = await story.call("reporting", "POST", path, story.token("plan", story.plan), json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "Roe" not in answer.text


async def test_R5_another_plan_sees_and_says_nothing_of_it(story: Story) -> None:
    _, _, recall = await recalled(story)
    other, path = story.token("plan"), f"/v1/recalls/{recall['recall_id']}"
    assert (await story.call("reporting", "GET", "/v1/recalls", other)).json()["items"] == []
    for method, what, body in (("GET", "", None), ("POST", "/acknowledgement", None), ("POST", "/attestation", DELETED)):
        answer = await story.call("reporting", method, path + what, other, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for role in ("client", "employer", "provider", "operations"):
        assert (await story.call("reporting", "GET", path, story.token(role))).status_code == 403


async def progress(story: Story, recall: dict[str, Any], query: str = "") -> dict[str, Any] | None:
    """As the privacy officer sees it; the stack has others' recalls too."""
    cursor = ""
    while True:
        path = f"/v1/recall-progress?limit=500{query}{cursor}"
        answer = await story.call("reporting", "GET", path, story.token("privacy_officer"))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found: dict[str, Any] | None = next((item for item in page["items"] if item["recall_id"] == recall["recall_id"]), None)
        if found or page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_R5_the_privacy_officer_sees_whose_recall_it_is_and_how_far_without_a_token_or_a_client(story: Story) -> None:
    client, opt_out, recall = await recalled(story)
    found = await progress(story, recall)
    assert found is not None
    assert (found["plan_id"], found["decision_id"], found["slug"]) == (str(story.plan), opt_out["decision_id"], story.partner.slug)
    assert not any(each in str(found) for each in (str(client), *recall["tokens"], *recall["exports"]))
    assert (await story.call("reporting", "GET", "/v1/recall-progress", story.token("plan", story.plan))).status_code == 403


async def clock_at(story: Story, now: datetime) -> None:
    answer = await story.call("reporting", "PUT", "/v1/clock", story.token("operations"), json={"now": now.isoformat()})
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def own_time(story: Story) -> AsyncIterator[None]:
    yield
    await clock_at(story, datetime.now(UTC))


async def with_webhook(story: Story, receiver: Receiver) -> str:
    registered = await story.partner.register(story.token("operations"), webhook_url=receiver.url)
    return str(registered["webhook_secret"])


async def of(receiver: Receiver, secret: str, recall: dict[str, Any], kind: str) -> list[str]:
    """The ids of the messages of a kind about a recall; raises where a signature does not verify."""
    said = receiver.verified(secret)
    wanted = {"type": kind, "recall_id": recall["recall_id"]}
    return [
        identity
        for identity, one in zip(receiver.ids, said, strict=True)
        if {"type": one["type"], "recall_id": one["data"]["recall_id"]} == wanted
    ]


@pytest.mark.usefixtures("own_time")
async def test_R5_what_is_overdue_is_said_again_and_then_escalated_once(story: Story) -> None:
    async with receiving() as receiver:
        secret = await with_webhook(story, receiver)
        client, _, recall = await recalled(story)
        await becomes(story, recall, "sent")
        await clock_at(story, datetime.now(UTC) + timedelta(hours=24, minutes=1))
        await eventually(lambda: of(receiver, secret, recall, "recall.overdue"))
        found = await progress(story, recall, "&overdue=true")
        assert found is not None and (found["overdue"], found["escalated"]) == ("acknowledgement", False)
        await clock_at(story, datetime.now(UTC) + timedelta(hours=49))

        async def escalated() -> bool:
            found = await progress(story, recall, "&overdue=true")
            return bool(found and found["escalated"])

        await eventually(escalated)
        assert len(await of(receiver, secret, recall, "recall.overdue")) == 1
        metrics = (await story.http.get(f"{story.stack.url('reporting')}/metrics")).text
        [line] = [line for line in metrics.splitlines() if line.startswith("recalls_overdue ")]
        assert float(line.split()[1]) >= 1
    reporting = await asyncpg.connect(story.stack.database("reporting"))
    kinds = [row["type"] for row in await reporting.fetch("select type from journal where subject = $1", client)]
    repeated = await eventually(
        lambda: reporting.fetchval("select true where not exists (select from partner_notice where client_id = $1)", client)
    )
    await reporting.close()
    assert kinds.count("reporting.recall_escalated.v1") == 1
    assert repeated, "the topic has said it again"
    assert (
        await story.call("reporting", "POST", f"/v1/recalls/{recall['recall_id']}/attestation", await story.partner.bearer(), json=DELETED)
    ).status_code == 200
    assert await progress(story, recall, "&overdue=true") is None


async def test_R5_C5_the_plans_endpoint_is_told_by_a_signed_and_thin_webhook_and_reads_the_rest_with_its_token(story: Story) -> None:
    async with receiving() as receiver:
        secret = await with_webhook(story, receiver)
        client, opt_out, recall = await recalled(story)
        [identity] = await eventually(lambda: of(receiver, secret, recall, "recall.requested"))
        [said] = receiver.verified(secret)
        assert said["data"] == {"recall_id": recall["recall_id"], "url": f"{story.stack.url('reporting')}/v1/recalls/{recall['recall_id']}"}
        sent = str(receiver.received)
        assert not any(each in sent for each in (str(client), opt_out["decision_id"], *recall["tokens"], *recall["exports"], secret))
        read = await story.partner.file(said["data"]["url"])
        assert read.json()["tokens"] == recall["tokens"]

        async def settled() -> bool:
            return identity not in await undelivered(story)

        await eventually(settled)


async def undelivered(story: Story) -> dict[str, dict[str, Any]]:
    answer = await story.call("reporting", "GET", "/v1/webhook-deliveries?limit=500", story.token("operations"))
    assert answer.status_code == 200, answer.text
    return {item["delivery_id"]: item for item in answer.json()["items"]}


async def test_R5_operations_see_a_webhook_that_was_given_up_and_have_it_sent_again(story: Story) -> None:
    async with receiving(410) as receiver:
        secret = await with_webhook(story, receiver)
        _, _, recall = await recalled(story)
        [identity] = await eventually(lambda: of(receiver, secret, recall, "recall.requested"))

        async def given_up() -> bool:
            return (await undelivered(story))[identity]["given_up_at"] is not None

        await eventually(given_up)
        shown = (await undelivered(story))[identity]
        assert (shown["last_status"], shown["attempts"], shown["recall_id"]) == (410, 1, recall["recall_id"])
        assert secret not in str(shown) and "/hook" not in str(shown)
        for role in ("plan", "privacy_officer", "client"):
            assert (await story.call("reporting", "GET", "/v1/webhook-deliveries", story.token(role))).status_code == 403
        again = await story.call("reporting", "POST", f"/v1/webhook-deliveries/{identity}/retry", story.token("operations"))
        assert again.status_code == 200, again.text

        async def taken_now() -> bool:
            return identity not in await undelivered(story)

        await eventually(taken_now)
    assert receiver.ids == [identity] * 2
    twice = await story.call("reporting", "POST", f"/v1/webhook-deliveries/{identity}/retry", story.token("operations"))
    assert (twice.status_code, twice.json()["code"]) == (404, "not_found")


@pytest.mark.timeout(200)
async def test_R5_a_webhook_that_a_killed_process_was_sending_is_sent_after_the_restart(story: Story) -> None:
    process = story.stack.processes["reporting"]
    async with receiving() as receiver:
        receiver.open.clear()
        secret = await with_webhook(story, receiver)
        _, _, recall = await recalled(story)
        [identity] = await eventually(lambda: of(receiver, secret, recall, "recall.requested"))
        await asyncio.to_thread(process.kill)
        receiver.open.set()
        await asyncio.to_thread(process.start)
        await asyncio.to_thread(process.wait_ready, f"{story.stack.url('reporting')}/readyz", 60)

        async def sent_again() -> bool:
            return len(receiver.ids) >= 2 and identity not in await undelivered(story)

        await eventually(sent_again, 60)
    assert receiver.ids == [identity] * 2
    assert len(receiver.verified(secret)) == 2
