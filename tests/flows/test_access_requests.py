"""Access requests over HTTP on the real stack: asked, collected, warned of, extended, refused, taken, erased (C10, 45 CFR 164.524)."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from tests.story import Story, eventually


def path_of(client: UUID, request: str = "", more: str = "") -> str:
    return f"/v1/clients/{client}/access-requests" + (f"/{request}" if request else "") + more


async def ask(story: Story, client: UUID, caller: dict[str, str] | None = None, days_ago: float = 0, **body: Any) -> httpx.Response:
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    headers = {"clock-now": at} if days_ago else {}
    return await story.call("consent", "POST", path_of(client), caller or story.token("client", client), json=body, headers=headers)


async def asked(story: Story, client: UUID, **more: Any) -> str:
    answer = await ask(story, client, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_id"])


async def case(story: Story, client: UUID, request: str) -> dict[str, Any]:
    answer = await story.call("consent", "GET", path_of(client, request), story.token("client", client))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def in_state(story: Story, client: UUID, request: str, state: str) -> dict[str, Any]:
    async def reached() -> dict[str, Any] | None:
        found = await case(story, client, request)
        return found if found["state"] == state else None

    found: dict[str, Any] = await eventually(reached)
    return found


async def taken(story: Story, client: UUID, request: str, caller: dict[str, str] | None = None, **headers: str) -> httpx.Response:
    path = path_of(client, request, "/bundle")
    return await story.call("consent", "GET", path, caller or story.token("client", client), headers=headers)


async def decided(story: Story, officer: dict[str, str], request: str, how: str, **body: str) -> httpx.Response:
    return await story.call("consent", "POST", f"/v1/access-requests/{request}/{how}", officer, json=body)


async def rows(story: Story, sql: str, *arguments: Any) -> list[Any]:
    connection = await asyncpg.connect(story.stack.database("consent"))
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@asynccontextmanager
async def down(story: Story, service: str) -> AsyncIterator[None]:
    process = story.stack.processes[service]
    process.kill()
    try:
        yield
    finally:
        await asyncio.to_thread(process.start)
        await asyncio.to_thread(process.wait_ready, f"{story.stack.url(service)}/readyz", 60)


async def test_C10_a_client_asks_once_and_takes_a_copy_that_nobody_else_can_see(story: Story) -> None:
    client, other = await story.sharing_client(), await story.client()
    answers = [await ask(story, client, language="es") for _ in range(2)]
    assert sorted(answer.status_code for answer in answers)[1] == 201
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    found = await in_state(story, client, first["request_id"], "ready")
    archive = await taken(story, client, found["request_id"])
    assert archive.headers["content-type"] == "application/zip" and archive.headers["cache-control"] == "no-store"
    assert sha256(archive.content).hexdigest() == found["digest"] and len(archive.content) == found["size"]
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        manifest = json.loads(files.read("manifest.json"))
        assert {"index.html", "fhir/bundle.json"} <= set(files.namelist())
        assert manifest["only_in_records"] == [], "whatever FHIR has a resource for is valid as it stands in the databases"
        assert b'lang="es"' in files.read("index.html")
        for item in manifest["files"]:
            assert sha256(files.read(item["name"])).hexdigest() == item["sha256"], item
    history = [line["what"] for line in (await case(story, client, found["request_id"]))["history"]]
    assert history == ["asked", "ready", "downloaded"]
    assert datetime.fromisoformat(found["expires_at"]) - datetime.fromisoformat(found["ready_at"]) == timedelta(days=30)
    for path in (path_of(client, found["request_id"]), path_of(client, found["request_id"], "/bundle"), path_of(client)):
        assert (await story.call("consent", "GET", path, story.token("client", other))).status_code == 404
    for request in (found["request_id"], str(uuid4())):
        assert code(await taken(story, other, request)) == (404, "not_found")
    assert code(await taken(story, client, found["request_id"], story.token("privacy_officer"))) == (403, "forbidden")
    assert (await taken(story, client, found["request_id"], story.token("operations"))).status_code == 403
    downloads = await rows(story, "select client_id, downloaded_by, digest from access_download where client_id = $1", client)
    assert [tuple(row) for row in downloads] == [(client, client, found["digest"])]
    assert (await ask(story, client)).status_code == 201, "an answered one is not open"


async def test_C10_asked_at_the_same_moment_it_is_one_request(story: Story) -> None:
    client = await story.client()
    answers = await asyncio.gather(*(ask(story, client) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    assert len({answer.json()["request_id"] for answer in answers if answer.is_success}) == 1
    assert len(await rows(story, "select from access_request where client_id = $1", client)) == 1
    assert len(await rows(story, "select from collection where client_id = $1", client)) == 1, "and nothing is collected for nobody"


async def test_C10_with_a_service_down_it_waits_warns_and_completes_when_the_service_is_back(story: Story) -> None:
    waits, late, no, gone = [await story.client() for _ in range(4)]
    officer = story.token("privacy_officer")
    async with down(story, "assessments"):
        near, over = await asked(story, waits, days_ago=21), await asked(story, late, days_ago=32)
        refused, withdrawn = await asked(story, no), await asked(story, gone)

        async def others_answered() -> dict[str, Any] | None:
            found = await case(story, waits, near)
            states = {part["service"]: part["state"] for part in found["parts"]}
            return found if states == {s: "asked" if s == "assessments" else "collected" for s in states} else None

        assert len((await eventually(others_answered))["parts"]) == 4

        async def warned() -> list[str]:
            history = (await case(story, waits, near))["history"]
            return [line["detail"] for line in history if line["what"] == "warned"]

        assert await eventually(warned) == ["ten_days"], "before it is due"

        async def breached() -> bool:
            return any(line["what"] == "overdue" for line in (await case(story, late, over))["history"])

        await eventually(breached)
        listed = (await story.call("consent", "GET", "/v1/access-requests?state=collecting&limit=500", officer)).json()["items"]
        standing = {item["request_id"]: (item["overdue"], item["warned_at"] is not None) for item in listed}
        assert (standing[near], standing[over], standing[refused]) == ((False, True), (True, True), (False, False))
        facts = [row["type"] for row in await rows(story, "select type from journal where subject = $1 order by position", UUID(over))]
        assert facts == ["consent.access_requested.v1", "consent.statutory_deadline_missed.v1"]

        before = await case(story, waits, near)
        extended = await decided(story, officer, near, "extension", reason="service_away")
        assert extended.status_code == 200, extended.text
        later = datetime.fromisoformat(extended.json()["due_at"]) - datetime.fromisoformat(before["due_at"])
        assert (later, extended.json()["warned_at"]) == (timedelta(days=30), None)
        assert code(await decided(story, officer, near, "extension", reason="service_away")) == (409, "wrong_state"), "once only"
        assert code(await decided(story, officer, over, "extension", reason="service_away")) == (409, "wrong_state"), "not when it is over"
        assert (await decided(story, officer, near, "extension", reason="no time")).status_code == 422

        assert (await decided(story, officer, refused, "refusal", ground="we would rather not")).status_code == 422
        answer = await decided(story, officer, refused, "refusal", ground="harm_to_another")
        assert (answer.json()["state"], answer.json()["reviewable"]) == ("refused", True), answer.text
        assert code(await taken(story, no, refused)) == (409, "wrong_state")
        answer = await story.call("consent", "POST", path_of(gone, withdrawn, "/withdrawal"), story.token("client", waits))
        assert answer.status_code == 404, "of somebody else"
        answer = await story.call("consent", "POST", path_of(gone, withdrawn, "/withdrawal"), story.token("client", gone))
        assert answer.json()["state"] == "withdrawn", answer.text
    assert (await in_state(story, waits, near, "ready"))["overdue"] is False
    assert (await in_state(story, late, over, "ready"))["digest"], "too late is better than never"
    for client, request, state in ((no, refused, "refused"), (gone, withdrawn, "withdrawn")):
        assert (await case(story, client, request))["state"] == state
        erased = await rows(story, "select erased_at from collection where client_id = $1", client)
        assert all(row["erased_at"] for row in erased), "what was collected is nobody's to keep"

    async def told() -> set[str]:
        found = [await story.call("scheduling", "GET", "/v1/notifications?limit=100", story.token("client", c)) for c in (waits, no)]
        return {item["template"] for answer in found for item in answer.json()["items"] if item["template"].startswith("access_")}

    async def all_told() -> bool:
        return await told() == {"access_extended_client", "access_ready_client", "access_refused_client"}

    await eventually(all_told)


async def test_C10_on_behalf_of_a_client_with_a_check_of_identity_and_in_time_all_of_it_is_erased(story: Story) -> None:
    client, officer = await story.client(), story.token("privacy_officer")
    checked = {"asked_by": "personal_representative", "identity_check": "government_id"}
    await eventually(lambda: known(story, client))
    assert code(await ask(story, client, officer)) == (422, "identity_not_checked")
    assert code(await ask(story, client, officer, on_behalf=checked | {"identity_check": "not_checked"})) == (422, "identity_not_checked")
    assert code(await ask(story, uuid4(), officer, on_behalf=checked)) == (404, "unknown_client")
    answer = await ask(story, client, officer, on_behalf=checked)
    assert answer.status_code == 201 and answer.json()["on_behalf"]["identity_check"] == "government_id", answer.text
    request = answer.json()["request_id"]
    found = await in_state(story, client, request, "ready")
    assert (await taken(story, client, request, officer)).status_code == 200
    expired = datetime.fromisoformat(found["expires_at"])
    assert code(await taken(story, client, request, **{"clock-now": expired.isoformat()})) == (410, "access_expired"), (
        "also before it is erased"
    )
    try:
        await move_clock(story, expired + timedelta(seconds=1))
        assert (await in_state(story, client, request, "expired"))["digest"] == found["digest"]
    finally:
        await move_clock(story, datetime.now(UTC))
    assert code(await taken(story, client, request)) == (410, "access_expired")
    assert not await rows(story, "select from access_bundle where request_id = $1", UUID(request))
    (collected,) = await rows(story, "select erased_at from collection where client_id = $1", client)
    assert collected["erased_at"] is not None
    history = [line["what"] for line in (await case(story, client, request))["history"]]
    assert history == ["asked", "ready", "downloaded", "erased"]


async def known(story: Story, client: UUID) -> bool:
    return bool(await rows(story, "select from known_client where client_id = $1", client))


async def move_clock(story: Story, now: datetime) -> None:
    answer = await story.call("consent", "PUT", "/v1/clock", story.token("operations"), json={"now": now.isoformat()})
    assert answer.status_code == 200, answer.text
