"""FHIR Bulk Data over HTTP: what may be asked for, how far it is, what the manifest says, and how it ends."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from demo.partner import Partner, category_of, token_of
from reporting.release_gate.gate import LOCK_CLASS
from reporting.resources.expressions import TYPES
from tests.reporting.exports.filled import code_of, sql
from tests.story import PURPOSE, Story, eventually


async def kick_off(
    story: Story, path: str = "$export", body: Any = None, prefer: str = "respond-async", **parameters: Any
) -> httpx.Response:
    """By POST where there is a body."""
    headers = await story.partner.bearer() | {"accept": "application/fhir+json", "prefer": prefer}
    method, more = ("GET", {"params": parameters}) if body is None else ("POST", {"json": body})
    return await story.http.request(method, f"{story.stack.url('reporting')}/fhir/{path}", headers=headers, **more)


def parameters(**values: Any) -> dict[str, Any]:
    """FHIR Parameters; a list is repeated."""
    listed = [(name, one) for name, many in values.items() for one in (many if isinstance(many, list) else [many])]
    said = [{"name": name, "valueReference" if isinstance(one, dict) else "valueString": one} for name, one in listed]
    return {"resourceType": "Parameters", "parameter": said}


async def status(story: Story, url: str, method: str = "GET", partner: Partner | None = None) -> httpx.Response:
    return await story.http.request(method, url, headers=await (partner or story.partner).bearer() | {"accept": "application/json"})


async def another_plan(story: Story) -> Partner:
    other = await Story(story.stack, story.http).open()
    return other.partner


async def test_R4_an_export_holds_whoever_shares_at_that_moment_and_only_what_was_chosen(story: Story) -> None:
    await story.sharing_client()
    await story.sharing_client(categories=["appointments"])
    await story.client()
    await story.settled()
    found = await story.partner.resources(await story.partner.export())
    assert len({token_of(resource) for resource in found}) == 2
    assert {category_of(resource) for resource in found} == {None, "satisfaction"}


async def test_a_manifest_of_version_3_has_what_the_specification_asks_for_and_C5_purpose_and_recipient(story: Story) -> None:
    await story.sharing_client()
    await story.settled()
    asked = await kick_off(story, "Group/care_connect/$export", _type="Patient,Consent")
    assert (asked.status_code, asked.headers["preference-applied"]) == (202, "respond-async")
    url = asked.headers["content-location"]
    await story.partner.manifest(url)
    answer = await status(story, url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert re.fullmatch(r"\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT", answer.headers["expires"])
    manifest = answer.json()
    assert manifest["request"] == f"{story.stack.url('reporting')}/fhir/Group/care_connect/$export?_type=Patient%2CConsent"
    assert (manifest["requiresAccessToken"], manifest["error"]) == (True, [])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", manifest["transactionTime"])
    assert manifest["extension"] == {
        "urn:care-connect:export-purpose": PURPOSE,
        "urn:care-connect:export-recipient": "health_plan",
        "urn:care-connect:export-programme": "care_connect",
    }
    assert sorted(part["type"] for part in manifest["output"]) == ["Consent", "Patient"]
    assert {part["count"] for part in manifest["output"]} == {1}
    assert all(re.fullmatch(rf"{url}/g1/\d+/\w+", part["url"]) for part in manifest["output"])
    assert manifest.keys() == {"transactionTime", "request", "requiresAccessToken", "output", "error", "extension"}


async def test_a_manifest_of_version_4_is_as_the_ballot_has_it_and_C5_purpose_and_recipient(story: Story) -> None:
    await story.sharing_client()
    await story.settled()
    body = parameters(_manifestVersion="4", organizeOutputBy="Patient", _elements="id", _type=["Patient", "Consent"])
    asked = await kick_off(story, body=body, prefer="respond-async, handling=lenient")
    assert asked.headers["preference-applied"] == "respond-async, handling=lenient"
    manifest = await story.partner.manifest(asked.headers["content-location"])
    assert manifest["manifestType"] == "http://hl7.org/fhir/uv/bulkdata/StructureDefinition/BulkDataManifest"
    assert (manifest["outputFormat"], manifest["outputOrganizedBy"]) == ("application/fhir+ndjson", "Patient")
    assert {"request", "error"}.isdisjoint(manifest)
    (part,) = manifest["output"]
    assert (part.keys(), part["count"]) == ({"url", "count"}, 3)
    (said,) = manifest["outcome"]
    assert (said["count"], said["countSeverity"]) == (1, [{"code": "warning", "count": 1}])
    assert {entry["url"].rpartition("-")[2]: entry["valueCode"] for entry in manifest["extension"]} == {
        "purpose": PURPOSE,
        "recipient": "health_plan",
    }
    outcome = await status(story, said["url"])
    assert outcome.headers["content-type"] == "application/fhir+ndjson"
    assert outcome.json()["issue"][0]["expression"] == ["_elements"]
    kinds = [resource["resourceType"] for resource in await story.partner.resources(manifest)]
    assert kinds == ["Parameters", "Patient", "Consent"]


@pytest.mark.parametrize("path", ["$export", "Patient/$export", "Group/care_connect/$export"])
async def test_every_level_takes_both_methods(story: Story, path: str) -> None:
    assert (await kick_off(story, path)).status_code == 202
    assert (await kick_off(story, path, parameters())).status_code == 202


async def test_a_group_is_a_programme(story: Story) -> None:
    await story.sharing_client()
    await story.settled()
    assert (await story.partner.export("Group/care_connect/"))["output"]
    assert (await story.partner.export("Group/emotional_wellbeing_solutions/"))["output"] == []
    assert code_of(await kick_off(story, "Group/everybody/$export")) == (404, "not_found")


async def test_C17_patients_are_named_in_a_post_and_nobody_else_is_in_it(story: Story) -> None:
    await story.sharing_client()
    await story.sharing_client()
    await story.settled()
    wanted = token_of((await story.partner.resources(await story.partner.export(_type="Patient")))[0])
    body = parameters(patient=[{"reference": f"Patient/{wanted}"}, {"reference": f"Patient/{uuid4()}"}])
    asked = await kick_off(story, "Patient/$export", body)
    found = await story.partner.resources(await story.partner.manifest(asked.headers["content-location"]))
    assert {token_of(resource) for resource in found} == {wanted}
    assert code_of(await kick_off(story, body=body)) == (422, "invalid_request")
    assert code_of(await kick_off(story, "Patient/$export", patient=f"Patient/{wanted}")) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("_until", "2026-01-01T00:00:00Z", "not_supported"),
        ("_typeFilter", "Observation?status=final", "not_supported"),
        ("_type", "Patient,Practitioner", "not_supported"),
        ("_outputFormat", "text/csv", "not_supported"),
        ("_since", "2999-01-01T00:00:00Z", "invalid_request"),
        ("_type", "Practitioner", "invalid_request"),
        ("note", "078-05-1120", "ssn_refused"),
    ],
)
async def test_what_is_not_understood_is_refused_with_its_name(story: Story, name: str, value: str, code: str) -> None:
    for answer in (await kick_off(story, **{name: value}), await kick_off(story, body=parameters(**{name: value}))):
        assert code_of(answer) == (422, code), answer.text
        assert code == "ssn_refused" or name in answer.text
        assert "078-05-1120" not in answer.text


async def test_C5_an_individual_export_needs_scopes_and_a_purpose(story: Story) -> None:
    url, plan = f"{story.stack.url('reporting')}/fhir", story.token("plan", story.plan)
    assert code_of(await story.http.get(f"{url}/$export", headers=plan)) == (403, "insufficient_scope")
    asked = await kick_off(story)
    await story.partner.manifest(asked.headers["content-location"])
    for path in ("", "/outcome"):
        assert code_of(await story.http.get(asked.headers["content-location"] + path, headers=plan)) == (403, "insufficient_scope")


async def test_C17_a_token_for_some_types_gets_those(story: Story) -> None:
    await story.sharing_client()
    await story.settled()
    granted = (await story.partner.ask_for_token("system/Patient.rs system/Consent.rs")).json()
    few = {"authorization": f"Bearer {granted['access_token']}"}
    url = f"{story.stack.url('reporting')}/fhir/$export"
    refused = await story.http.get(url, params={"_type": "Observation"}, headers=few)
    assert code_of(refused) == (403, "insufficient_scope")
    asked = await story.http.get(url, headers=few)
    manifest = await story.partner.manifest(asked.headers["content-location"])
    assert {part["type"] for part in manifest["output"]} == {"Patient", "Consent"}
    everything = await kick_off(story)
    assert code_of(await story.http.get(everything.headers["content-location"], headers=few)) == (403, "insufficient_scope")


async def test_of_another_recipients_export_it_is_not_said_that_it_exists(story: Story) -> None:
    other, url = await another_plan(story), (await kick_off(story)).headers["content-location"]
    await story.partner.manifest(url)
    nowhere = url[:-36] + str(uuid4())
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/outcome")):
        theirs, nobodys = [await status(story, found + path, method, other) for found in (url, nowhere)]
        assert code_of(theirs) == code_of(nobodys) == (404, "unknown_export")
        assert theirs.text == nobodys.text
    assert (await status(story, url)).status_code == 200


async def test_a_sixth_export_in_progress_has_to_wait_and_a_cancelled_one_makes_room(story: Story) -> None:
    async with held_up(story):
        urls = [(await kick_off(story)).headers["content-location"] for _ in range(5)]
        refused = await kick_off(story)
        assert (code_of(refused), refused.headers["retry-after"]) == ((429, "too_many_requests"), "5")
        other = await another_plan(story)
        assert (await other.kick_off()).status_code == 202
        assert (await status(story, urls[0], "DELETE")).status_code == 202
        assert (await kick_off(story)).status_code == 202


async def test_an_export_in_progress_says_how_far_it_is_and_how_often_to_ask(story: Story) -> None:
    async with held_up(story):
        url = (await kick_off(story)).headers["content-location"]

        async def all_but_one() -> httpx.Response | None:
            answer = await status(story, url)
            return answer if "15 of 16 streams" in answer.headers.get("x-progress", "") else None

        answer = await eventually(all_but_one)
        assert (answer.status_code, answer.headers["retry-after"], answer.content) == (202, "1", b"")
        too_fast = [await status(story, url) for _ in range(8)]
        refused = next(answer for answer in too_fast if answer.status_code == 429)
        assert (code_of(refused), refused.headers["retry-after"]) == ((429, "too_many_requests"), "1")
    assert (await story.partner.manifest(url))["output"] == []


async def test_a_cancelled_export_is_gone_with_its_files(story: Story) -> None:
    await story.sharing_client()
    await story.settled()
    manifest = await story.partner.export()
    assert (await status(story, manifest["status_url"], "DELETE")).status_code == 202
    for url in (manifest["status_url"], manifest["output"][0]["url"], manifest["status_url"] + "/outcome"):
        assert code_of(await status(story, url)) == (404, "unknown_export")
    assert code_of(await status(story, manifest["status_url"], "DELETE")) == (404, "unknown_export")
    assert await rows_of(story, manifest["status_url"]) == 0


async def test_an_expired_export_is_gone_and_its_rows_are_deleted(story: Story) -> None:
    await story.sharing_client()
    await story.settled()
    manifest = await story.partner.export()
    await sql(story, "update export set expires_at = now() - interval '1 year' where export_id = $1::uuid", manifest["status_url"][-36:])

    async def deleted() -> bool:
        return await rows_of(story, manifest["status_url"]) == 0

    await eventually(deleted)
    assert code_of(await status(story, manifest["status_url"])) == (404, "unknown_export")
    assert code_of(await status(story, manifest["output"][0]["url"])) == (410, "export_expired")


async def test_R5_an_old_part_is_gone_after_an_opt_out_and_the_manifest_lists_the_deletion(story: Story) -> None:
    leaving, _ = await story.sharing_client(), await story.sharing_client()
    await story.settled()
    before = await story.partner.export()
    tokens = {token_of(resource) for resource in await story.partner.resources(before)}
    await story.opt_out(leaving)
    after = await story.partner.manifest(before["status_url"])
    left = {token_of(resource) for resource in await story.partner.resources(after)}
    (gone,) = tokens - left
    assert len(left) == 1
    changed = {part["url"] for part in before["output"]} - {part["url"] for part in after["output"]}
    assert changed
    for url in changed:
        assert (await story.partner.file(url)).status_code == 410
    assert [(part["type"], part["count"]) for part in after["deleted"]] == [("Bundle", 1)]
    assert f"Patient/{gone}" in await story.partner.deleted(after)
    increment = await story.partner.export(_since=before["transactionTime"])
    assert f"Patient/{gone}" in await story.partner.deleted(increment)
    assert gone not in {token_of(resource) for resource in await story.partner.resources(increment)}


async def test_R4_a_builder_killed_half_way_is_followed_by_one_that_repeats_nobody(story: Story) -> None:
    for _ in range(4):
        await story.sharing_client()
    await story.settled()
    process = story.stack.processes["reporting"]
    async with held_up(story):
        url = (await kick_off(story)).headers["content-location"]

        async def half_way() -> bool:
            return (await sql(story, "select count(*) from export_stream where export_id = $1::uuid", url[-36:]))[0][0] == 15

        await eventually(half_way)
        process.kill()
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.wait_ready, f"{story.stack.url('reporting')}/readyz", 90)
    manifest = await story.partner.manifest(url)
    found = [(resource["resourceType"], resource["id"]) for resource in await story.partner.resources(manifest)]
    assert len(found) == len(set(found)) == sum(part["count"] for part in manifest["output"])
    assert {kind for kind, _ in found} <= set(TYPES)
    assert len([kind for kind, _ in found if kind == "Patient"]) == 4


class held_up:
    """While a decision of one stream is being applied, nothing of that stream is built."""

    def __init__(self, story: Story) -> None:
        self.story = story

    async def __aenter__(self) -> None:
        self.connection = await asyncpg.connect(self.story.stack.database("reporting"))
        await self.connection.execute(f"select pg_advisory_lock({LOCK_CLASS}, 3)")

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()


async def rows_of(story: Story, url: str) -> int:
    found: int = (await sql(story, "select count(*) from export_row where export_id = $1::uuid", url[-36:]))[0][0]
    return found
