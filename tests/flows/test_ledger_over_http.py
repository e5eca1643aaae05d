"""The ledger verified over HTTP, by the privacy officer, on the real stack."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from consent.ledger.__main__ import verify_export
from tests.story import Story, eventually


async def verify(story: Story, *receipts: str) -> dict[str, Any]:
    answer = await story.call(
        "consent", "POST", "/v1/ledger/verifications", story.token("privacy_officer"), json={"receipts": list(receipts)}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def export(story: Story, file: Path) -> Path:
    answer = await story.call("consent", "GET", "/v1/ledger/export", story.token("operations"))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/x-ndjson")
    return written(file, answer.text)


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


async def evidence_of(story: Story, client: Any, decision_id: str) -> list[str]:
    """The receipt of an opt-out and the proof of its propagation."""
    paths = (f"decisions/{decision_id}/receipt", f"opt-outs/{decision_id}/proof")
    answers = [await story.call("consent", "GET", f"/v1/clients/{client}/{path}", story.token("client", client)) for path in paths]
    assert all(answer.status_code == 200 for answer in answers), [answer.text for answer in answers]
    return [answer.json()["jws"] for answer in answers]


async def test_a_line_changed_in_the_database_is_found_over_http_and_in_an_export(story: Story, tmp_path: Path) -> None:
    receipts: list[str] = []
    for client in [await story.client() for _ in range(3)]:
        assert (await story.request(client, "opt_in")).status_code == 201
        await eventually(lambda client=client: decided(story, client))  # type: ignore[misc]
        receipts += await evidence_of(story, client, (await story.opt_out(client))["decision_id"])
    before = await eventually(lambda: witnessed(story))
    assert before["status"] == "intact" and before["findings"] == [] and before["lines"] >= 6 and before["streams"] == 16
    keys = written(tmp_path / "keys.json", (await story.call("consent", "GET", "/v1/ledger/keys", {})).text)
    with_receipts = await verify(story, *receipts)
    assert (with_receipts["findings"], with_receipts["receipts"]) == ([], 6)
    assert verify_export(await export(story, tmp_path / "a"), keys, receipts).findings == []

    connection = await asyncpg.connect(story.stack.database("consent"))
    try:
        line = await connection.fetchrow("select stream, position, payload from journal order by recorded_at desc limit 1")
        try:
            changed = line["payload"].replace("opted_out", "opted_in").replace("web", "app") + " "
            await change(connection, line["stream"], line["position"], changed)
            broken = await verify(story)
            exported = verify_export(await export(story, tmp_path / "b"), keys, [])
        finally:
            await change(connection, line["stream"], line["position"], line["payload"])
    finally:
        await connection.close()
    place = {"what": "changed", "stream": line["stream"], "position": line["position"], "checkpoint": None}
    assert broken["status"] == "broken"
    assert [finding | {"detail": ""} for finding in broken["findings"]] == [place | {"detail": ""}]
    assert [(f.what, f.stream, f.position) for f in exported.findings] == [("changed", line["stream"], line["position"])]
    assert (await verify(story))["status"] == "intact", "it was put back"


async def change(connection: Any, stream: int, position: int, payload: str) -> None:
    await connection.execute("update journal set payload = $3 where stream = $1 and position = $2", stream, position, payload)


async def decided(story: Story, client: Any) -> bool:
    return bool((await story.sharing(client))["decision"] == "opted_in")


async def witnessed(story: Story) -> dict[str, Any] | None:
    """Once reporting has applied something: it knows the ledger from then on."""
    found = await verify(story)
    return found if found["witnesses"] == 16 else None


async def test_the_keys_are_public_and_the_rest_is_for_auditors(story: Story) -> None:
    keys = (await story.call("consent", "GET", "/v1/ledger/keys", {})).json()["keys"]
    assert keys and all(key["kty"] == "EC" and "d" not in key for key in keys)
    for method, path in (("POST", "/verifications"), ("GET", "/checkpoints/latest"), ("GET", "/export")):
        for caller, status in (({}, 401), (story.token("plan"), 403), (story.token("client"), 403)):
            answer = await story.call("consent", method, f"/v1/ledger{path}", caller, json={})
            assert answer.status_code == status, path


async def test_reporting_tells_how_far_it_has_applied_consent_and_nothing_of_strangers(story: Story) -> None:
    answer = await story.call("reporting", "GET", "/v1/applied/consent", story.token("service"))
    assert [item["stream"] for item in answer.json()["items"]] == list(range(16))
    assert all(len(bytes.fromhex(item["digest"])) == 32 for item in answer.json()["items"])
    assert (await story.call("reporting", "GET", "/v1/applied/nobody", story.token("operations"))).status_code == 404
    assert (await story.call("reporting", "GET", "/v1/applied/consent", story.token("plan"))).status_code == 403


@pytest.mark.parametrize("body", [{"receipts": "x"}, {"receipts": [7]}, {"receipts": ["x" * 40_000]}, [], None])
async def test_a_malformed_question_is_refused(story: Story, body: Any) -> None:
    answer = await story.call(
        "consent", "POST", "/v1/ledger/verifications", story.token("privacy_officer"), content=json.dumps(body), headers=JSON
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_receipt_that_is_none_is_named(story: Story) -> None:
    found = await verify(story, "no.receipt.atall")
    assert found["status"] == "broken" and [f["what"] for f in found["findings"]] == ["receipt_invalid"]


JSON = {"content-type": "application/json"}
