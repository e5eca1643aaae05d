"""S6 over HTTP: a provider says when they are open, a client looks and holds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local.stack import Stack
from tests.story import Story

HOURS = [{"weekday": day, "starts": "00:00", "ends": "24:00"} for day in range(7)]
OPEN = {"time_zone": "America/Chicago", "hours": HOURS, "lead_minutes": 60}


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


async def ask(story: Story, role: str, subject: UUID, method: str, path: str, **more: Any) -> httpx.Response:
    return await story.call("scheduling", method, f"/v1{path}", story.token(role, subject), **more)


async def opened(story: Story, **more: Any) -> httpx.Response:
    path = f"/providers/{story.provider}/availability"
    return await ask(story, "provider", story.provider, "PUT", path, json={**OPEN, **more})


async def slots(story: Story, role: str = "client", **more: str) -> httpx.Response:
    now = datetime.now(UTC)
    asked = {"kind": "consultation", "from": now.isoformat(), "to": (now + timedelta(days=2)).isoformat(), **more}
    return await ask(story, role, uuid4(), "GET", f"/providers/{story.provider}/slots", params=asked)


async def test_S6_a_provider_says_when_they_are_open_and_reads_it_back(story: Story) -> None:
    path = f"/providers/{story.provider}/availability"
    empty = await ask(story, "provider", story.provider, "GET", path)
    assert (empty.json()["version"], empty.json()["hours"], empty.json()["lead_minutes"]) == (0, [], 120)
    put = await opened(story, buffer_minutes=5)
    assert put.status_code == 200, put.text
    read = await ask(story, "operations", uuid4(), "GET", path)
    assert read.json() == put.json()
    assert (read.json()["hours"], read.json()["buffer_minutes"], read.headers["etag"]) == (HOURS, 5, '"1"')


async def test_S6_hours_that_were_changed_meanwhile_are_not_overwritten(story: Story) -> None:
    path = f"/providers/{story.provider}/availability"
    await opened(story)
    late = await ask(story, "provider", story.provider, "PUT", path, json=OPEN, headers={"if-match": '"0"'})
    assert (late.status_code, late.json()["code"]) == (412, "state_changed")
    assert (await ask(story, "provider", story.provider, "PUT", path, json=OPEN, headers={"if-match": '"1"'})).json()["version"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"hours": [{"weekday": 7, "starts": "09:00", "ends": "10:00"}]},
        {"hours": [{"weekday": 0, "starts": "10:00", "ends": "09:00"}]},
        {"hours": [{"weekday": 0, "starts": "09:00", "ends": "24:30"}]},
        {"hours": [HOURS[0], {"weekday": 0, "starts": "09:00", "ends": "10:00"}]},
        {"step_minutes": 0},
    ],
)
async def test_S6_hours_that_make_no_sense_are_refused(story: Story, wrong: dict[str, Any]) -> None:
    answer = await opened(story, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_S6_a_provider_reaches_only_their_own_hours(story: Story) -> None:
    for method, path, body in (("PUT", "", OPEN), ("GET", "", None), ("POST", "/exceptions", {"day": "2026-12-24", "kind": "closed"})):
        answer = await ask(story, "provider", uuid4(), method, f"/providers/{story.provider}/availability{path}", json=body)
        assert answer.status_code == 404
    unknown = await ask(story, "operations", uuid4(), "PUT", f"/providers/{uuid4()}/availability", json=OPEN)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_provider")


async def test_S6_an_exception_closes_a_day_until_it_is_removed(story: Story) -> None:
    await opened(story)
    path = f"/providers/{story.provider}/availability/exceptions"
    before, days = (await slots(story)).json()["items"], [datetime.now(UTC).date() + timedelta(days=n) for n in range(-1, 4)]
    made = [await ask(story, "provider", story.provider, "POST", path, json={"day": str(day), "kind": "closed"}) for day in days]
    assert [answer.status_code for answer in made] == [201] * 5
    assert (await slots(story)).json()["items"] == []
    again = await ask(story, "provider", story.provider, "POST", path, json=made[0].json())
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    one_time = await ask(story, "provider", story.provider, "POST", path, json={"day": str(days[0]), "kind": "open", "starts": "09:00"})
    assert one_time.status_code == 422
    for answer in made:
        gone = await ask(story, "provider", story.provider, "DELETE", f"{path}/{answer.json()['exception_id']}")
        assert gone.status_code == 204
    after = (await slots(story)).json()["items"]
    assert after[-10:] != []
    assert abs(len(after) - len(before)) <= 1  # half an hour may have begun


async def test_S6_a_client_looks_holds_and_lets_go(story: Story) -> None:
    await opened(story)
    client, other = uuid4(), uuid4()
    found = (await slots(story)).json()
    assert (found["minutes"], found["time_zone"]) == (20, "America/Chicago")
    wish = {"provider_id": str(story.provider), "kind": "consultation", "starts_at": found["items"][3]["starts_at"]}
    key = {"idempotency-key": "once"}
    held = await ask(story, "client", client, "POST", "/slot-holds", json=wish, headers=key)
    assert held.status_code == 201, held.text
    assert (await ask(story, "client", client, "POST", "/slot-holds", json=wish, headers=key)).json() == held.json()
    taken = await ask(story, "client", other, "POST", "/slot-holds", json=wish)
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    assert found["items"][3] not in (await slots(story)).json()["items"]
    hold = f"/slot-holds/{held.json()['hold_id']}"
    assert (await ask(story, "client", other, "DELETE", hold)).status_code == 404
    assert (await ask(story, "client", client, "DELETE", hold)).status_code == 204
    assert (await ask(story, "client", other, "POST", "/slot-holds", json=wish)).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "2026-06-02T00:00:00Z", "to": "2026-06-01T00:00:00Z"},
        {"from": "2026-06-01T00:00:00Z", "to": "2026-09-01T00:00:00Z"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:00-12:00"},
        {"from": "2026-06-01T00:00:00"},
        {"kind": "surgery"},
    ],
)
async def test_S6_a_window_that_makes_no_sense_is_refused(story: Story, wrong: dict[str, str]) -> None:
    assert (await slots(story, **wrong)).status_code == 422


async def test_S6_a_hold_at_the_end_of_time_is_refused_like_any_other(story: Story) -> None:
    for starts_at in ("9999-12-31T23:59:00Z", "0001-01-01T00:00:00+14:00"):
        wish = {"provider_id": str(story.provider), "kind": "session", "starts_at": starts_at}
        assert (await ask(story, "client", uuid4(), "POST", "/slot-holds", json=wish)).status_code == 422
