"""A safety flag on the real stack: raised when the answer is saved, told in the inbox, escalated by the sweep, acknowledged over HTTP."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.assessments.responses.sent import Sent
from tests.story import Story, eventually

ITEM_9 = "44260-8"
FLAGS = "/v1/safety-flags"


@pytest.fixture
async def sent(story: Story) -> Sent:
    return await Sent(story, story.provider).begin("phq-9")


async def clock_at(story: Story, now: datetime) -> None:
    answer = await story.call("assessments", "PUT", "/v1/clock", story.token("operations"), json={"now": now.isoformat()})
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def own_time(story: Story) -> AsyncIterator[None]:
    yield
    await clock_at(story, datetime.now(UTC))


async def flag_of(sent: Sent, client: UUID) -> dict[str, object]:
    listed = await sent.does("provider", sent.provider, "GET", f"{FLAGS}?unacknowledged=true&limit=500")
    [flag] = [item for item in listed.json()["items"] if item["client_id"] == str(client)]
    found: dict[str, object] = flag
    return found


async def told(story: Story, role: str, who: UUID, flag: dict[str, object], template: str, query: str = "") -> None:
    """Eventually, in their inbox."""

    async def there() -> bool:
        """On any page: a team's inbox has everybody's flags in it."""
        cursor = ""
        while True:
            inbox = await story.call("scheduling", "GET", f"/v1/notifications?limit=500{query}{cursor}", story.token(role, who))
            assert inbox.status_code == 200, inbox.text
            page = inbox.json()
            if any(item["template"] == template and item["about"] == flag["flag_id"] for item in page["items"]):
                return True
            if not page["next"]:
                return False
            cursor = f"&cursor={page['next']}"

    assert await eventually(there)


async def test_item_9_above_0_is_flagged_before_anything_is_handed_in_and_told_without_the_answer(story: Story, sent: Sent) -> None:
    assert (await sent.saves("phq-9", ITEM_9, "LA6570-1")).status_code == 200
    flag = await flag_of(sent, sent.client)
    assert (flag["item"], flag["provider_id"], flag["acknowledged_at"]) == (ITEM_9, str(story.provider), None)
    [(fact, payload)] = await sent.told()
    assert fact == "safety_flag_raised"
    assert set(json.loads(payload)) == {
        *("event_id", "occurred_at", "client_id", "flag_id", "response_id", "programme", "instrument", "item", "provider_id")
    }
    assert "LA6570-1" not in payload
    await told(story, "provider", story.provider, flag, "safety_flag_provider")
    for role in ("client", "client_matching", "employer", "plan"):
        assert (await sent.does(role, sent.client, "GET", FLAGS)).status_code == 403


@pytest.mark.usefixtures("own_time")
async def test_after_four_hours_the_clinical_team_is_told_and_who_was_acknowledged_for_is_not_told_of(story: Story, sent: Sent) -> None:
    other = await Sent(story, story.provider).begin("phq-9")
    for one in (sent, other):
        assert (await one.saves("phq-9", ITEM_9, 1)).status_code == 200
    flag, looked_at = await flag_of(sent, sent.client), await flag_of(sent, other.client)
    path = f"{FLAGS}/{looked_at['flag_id']}/acknowledgement"
    assert (await sent.does("provider", uuid4(), "POST", path)).status_code == 404, "not in their care"
    key = {"idempotency-key": uuid4().hex}
    done = await sent.does("provider", story.provider, "POST", path, **key)
    assert (done.status_code, done.json()["acknowledged_as"]) == (200, "provider"), done.text
    assert (await sent.does("provider", story.provider, "POST", path, **key)).json() == done.json()
    twice = await sent.does("operations", uuid4(), "POST", path)
    assert (twice.status_code, twice.json()["code"], twice.json()["acknowledged_as"]) == (409, "already_acknowledged", "provider")

    await clock_at(story, datetime.now(UTC) + timedelta(hours=4, minutes=1))
    await told(story, "operations", uuid4(), flag, "safety_flag_team", "&team=clinical")
    assert await sent.facts() == ["safety_flag_raised", "safety_flag_escalated"]
    assert await other.facts() == ["safety_flag_raised", "safety_flag_acknowledged"]
