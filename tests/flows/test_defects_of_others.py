"""What other systems release wrongly, or release without a trace, tried on ours. Deciding wrongly is in the files beside this one.

The defects, with their sources: LEAP-CES and LEAP-CDS (GPL demos of FHIR consent), ASU SHARES (cds, core), HAPI FHIR.
"""

from collections import defaultdict
from collections.abc import Awaitable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import SERVICES
from tests.records import EVERY, RESOURCES, beside, export_now, fill, ledger_of, register, score
from tests.story import NOTICE, Story, eventually

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
PUBLIC = {
    "/livez", "/readyz", "/metrics", "/v1/notices", "/v1/notices/{digest}", "/v1/ledger/keys", "/opt-out/{token}",
    "/fhir/metadata", "/fhir/.well-known/smart-configuration",
}  # fmt: skip
OVERRIDES = {"x-http-method-override": "GET", "x-original-method": "GET", "x-original-url": "/fhir/$export"}
TURNED_OFF = {
    "cds-redaction-enabled": "false",
    "cds-create-audit-event": "false",
    "cds-rules-file": "../../permit_all.json",
    "x-consent": "opted_in",
}


def by_person(lines: list[dict[str, Any]]) -> list[list[str]]:
    """The categories that left under each token."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        found[line["token"]].append(line["category"])
    return sorted(sorted(categories) for categories in found.values())


async def filled(story: Story, client: UUID, choice: str, **sharing: Any) -> UUID:
    await fill(story, await register(story, client), choice, **sharing)
    return client


async def disclosed(story: Story, client: UUID, path: str = "export") -> int:
    answer = await story.call("reporting", "GET", f"/v1/clients/{client}/disclosures?limit=500", story.token("privacy_officer"))
    assert answer.status_code == 200, answer.text
    return sum(item["records"] for item in answer.json()["items"] if item["path"] == path)


def holds_nothing(answer: httpx.Response) -> bool:
    return not any(word in answer.text for word in ("Patient", "Observation", "Appointment", "birthDate"))


async def test_C1_several_records_of_a_client_who_declined_beside_anothers_none_of_them_leaves(story: Story) -> None:
    """LEAP-CES A: of a bundle [declined, declined, permitted] both records of who declined were released."""
    permitting = uuid4()
    declining, undecided, gone = (beside(permitting) for _ in range(3))
    await register(story, undecided)
    await filled(story, declining, "decline")
    await filled(story, permitting, "opt_in", categories=["satisfaction"])
    await filled(story, gone, "opt_in", categories=["satisfaction"])
    for _ in range(3):
        for client in (declining, undecided, permitting, gone):
            await score(story, client, 2 if client == permitting else 7)
    await story.opt_out(gone)
    lines = await export_now(story)
    assert sorted(line["value"] for line in lines) == [2, 2, 2, 9], "all of the one who shares, nothing of the three others"
    assert len(by_person(lines)) == 1
    assert [await disclosed(story, client) for client in (permitting, declining, undecided, gone)] == [10, 0, 0, 0]


async def test_C16_C17_records_of_mixed_kinds_and_people_leave_by_what_each_has_consented_to(story: Story) -> None:
    """LEAP-CES B: a record of another kind in the bundle shifted the filter by one. ASU: the filter was inverted."""
    first = uuid4()
    chosen = (["satisfaction", "session_frequency"], ["appointments", "contact_and_demographics"], ["assessment_results"], EVERY)
    for categories in chosen:
        await filled(story, beside(first), "opt_in", categories=categories)
    await filled(story, first, "decline")
    assert by_person(await export_now(story)) == sorted(sorted(categories) for categories in chosen)


@pytest.mark.parametrize("category", EVERY)
async def test_C17_exactly_the_consented_category_leaves_and_not_the_others(story: Story, category: str) -> None:
    """ASU core 3.1.2: whatever the decision, the sensitive record stayed in and the harmless one was dropped (a negation negated)."""
    await filled(story, uuid4(), "opt_in", categories=[category])
    assert by_person(await export_now(story)) == [[category]], "alone: beside somebody with all the others an inversion would look the same"


async def released_part(story: Story) -> tuple[UUID, str]:
    """A client who shares everything, and the path of the one part that holds it."""
    client = await filled(story, uuid4(), "opt_in", categories=EVERY)
    manifest = await story.export_of(RESOURCES, organizeOutputBy="Patient")
    (part,) = manifest["output"]
    return client, part["url"].removeprefix(story.stack.url("reporting"))


def held_in(answer: httpx.Response) -> int:
    """Resources; the line that heads a patient's block is none."""
    return sum("Parameters" not in line for line in answer.text.splitlines())


async def test_C1_R4_no_method_without_the_plans_token_releases_a_part(story: Story) -> None:
    """LEAP-CES C: consent was enforced for GET only; `POST …/_search` without any token released everything."""
    client, path = await released_part(story)
    callers = [{}, *(story.token(role) for role in ("employer", "provider", "operations", "service", "privacy_officer", "client", "plan"))]
    callers.append(story.token("plan", story.plan))  # the plan itself, with a token that is not for individual data
    for each in (path, f"{path}/", f"/{path}", f"{path}/_search", f"{path}.ndjson", path.upper()):
        for method in METHODS:
            for caller in callers:
                answer = await story.call("reporting", method, each, caller, headers=OVERRIDES)
                assert not answer.is_success, (method, each, caller)
                assert holds_nothing(answer), (method, each, caller)
    assert await disclosed(story, client) == 0


async def test_R4_only_GET_releases_a_part_whoever_asks(story: Story) -> None:
    """LEAP-CES C, with the right token: another method is refused, not answered past the gate."""
    client, path = await released_part(story)
    plan = await story.partner.bearer()
    for method in METHODS[1:]:
        answer = await story.call("reporting", method, path, plan, headers=OVERRIDES)
        assert (answer.status_code, holds_nothing(answer)) == (405, True), method
    assert await disclosed(story, client) == 0
    assert (await story.call("reporting", "GET", path, plan)).status_code == 200
    assert await disclosed(story, client) == RESOURCES


@pytest.mark.parametrize("service", SERVICES)
async def test_no_route_answers_anything_but_a_refusal_without_a_token_by_any_method(story: Story, service: str) -> None:
    """LEAP-CES C, over the whole surface as the service itself describes it."""
    paths = (await story.http.get(f"{story.stack.url(service)}/openapi.json")).json()["paths"]
    assert len(paths) > 5
    for path in paths.keys() - PUBLIC:
        filled_in = "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
        for method in METHODS:
            answer = await story.call(service, method, filled_in, {}, headers=OVERRIDES)
            assert 300 <= answer.status_code < 500, (method, path, answer.status_code)
            assert holds_nothing(answer)


async def test_C4_C5_what_a_caller_says_in_headers_or_in_the_body_turns_nothing_off(story: Story) -> None:
    """ASU cds: a caller's headers switched redaction and audit off and named the rules file; a `consent` in the body replaced ours."""
    sharing = await filled(story, uuid4(), "opt_in", categories=["satisfaction"])
    declining = await filled(story, uuid4(), "decline")
    await story.settled()
    plan = await story.partner.bearer() | TURNED_OFF
    consent = {"status": "active", "decision": "permit", "client_id": str(declining)}
    for more in ({"consent": "permit"}, {"categories": ",".join(EVERY)}, {"client_id": str(declining)}, {"redact": "false"}):
        refused = await story.call("reporting", "GET", "/fhir/$export", plan, params=more)
        assert (refused.status_code, "not_supported" in refused.text) == (422, True), more
    asked = {"redact": "false", "consent": "permit", "organizeOutputBy": "Patient"}
    made = await story.call("reporting", "GET", "/fhir/$export", plan | {"prefer": "handling=lenient"}, params=asked)
    (part,) = (await story.partner.manifest(made.headers["content-location"]))["output"]
    path = part["url"].removeprefix(story.stack.url("reporting"))
    answer = await story.call("reporting", "GET", f"{path}?redact=false&audit=false", plan, json={"consent": consent})
    assert held_in(answer) == 4, "the Patient, the Consent, the score and the form behind it"
    assert [await disclosed(story, client) for client in (sharing, declining)] == [4, 0], "on record all the same"


async def test_C9_every_record_that_leaves_is_on_record_once_each_time_and_no_other(story: Story) -> None:
    """LEAP-CDS: who was released by which decision was not kept where there was none; SHARES: where the caller said so."""
    clients = [await filled(story, uuid4(), "opt_in", categories=categories) for categories in (EVERY, ["satisfaction"])]
    clients.append(await filled(story, uuid4(), "decline"))
    manifest = await story.export_of(RESOURCES + 4)
    received = [await story.partner.resources(manifest) for _ in range(2)]
    assert [len(found) for found in received] == [RESOURCES + 4] * 2
    assert [await disclosed(story, client) for client in clients] == [2 * RESOURCES, 8, 0]


async def execute(story: Story, service: str, *statements: str) -> None:
    connection = await asyncpg.connect(story.stack.database(service))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_C9_what_cannot_be_put_on_record_does_not_leave(story: Story) -> None:
    """LEAP-CDS `audit.js`: a failing audit was swallowed, and the data went out."""
    client, path = await released_part(story)
    rule = f"audit_away check (client_id <> '{client}' or path <> 'export') not valid"
    await execute(story, "reporting", f"alter table disclosure add constraint {rule}")
    try:
        answer = await story.call("reporting", "GET", path, await story.partner.bearer())
        assert (answer.is_success and bool(answer.content), holds_nothing(answer)) == (False, True)
    except httpx.RemoteProtocolError:
        pass  # cut off before the first byte
    finally:
        await execute(story, "reporting", "alter table disclosure drop constraint audit_away")
    assert await disclosed(story, client) == 0
    assert held_in(await story.call("reporting", "GET", path, await story.partner.bearer())) == RESOURCES


async def answered(call: Awaitable[httpx.Response]) -> int:
    """After a defect the server ends the connection, perhaps before the answer was read: no acknowledgement either."""
    try:
        return (await call).status_code
    except httpx.TransportError:
        return 500


async def test_C4_a_decision_that_cannot_be_put_on_record_is_not_acknowledged_and_changes_nothing(story: Story) -> None:
    """LEAP-CDS `audit.js`: decided, and the failing audit swallowed."""
    client = await story.sharing_client()
    before = await story.sharing(client)
    await execute(story, "consent", f"alter table journal add constraint audit_away check (subject <> '{client}') not valid")
    try:
        path, caller = f"/v1/clients/{client}", story.token("client", client)
        opt_out = await answered(story.call("consent", "POST", f"{path}/opt-outs", caller))
        more = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE, "categories": EVERY}
        opt_in = await answered(story.call("consent", "POST", f"{path}/decisions", caller, json=more, headers={"if-match": '"1"'}))
    finally:
        await execute(story, "consent", "alter table journal drop constraint audit_away")
    assert [opt_out, opt_in] == [500, 500]
    assert await story.sharing(client) == before
    assert (await story.opt_out(client))["status"] in ("effective", "complete")


async def test_C9_every_decision_has_its_line_in_the_ledger_also_the_ones_that_permit_nothing(story: Story) -> None:
    """LEAP-CDS: the answer NO_CONSENT was never audited."""
    client = await story.client()
    await story.request(client, "decline")
    version = (await story.sharing(client))["version"]
    await story.decide(client, "opt_in", version)
    body = {"categories": ["satisfaction"], "programme": "care_connect"}
    await story.call("consent", "POST", f"/v1/clients/{client}/withdrawals", story.token("client", client), json=body)
    await story.opt_out(client)
    lines = await ledger_of(story, client)
    assert [line["type"].split(".")[1] for line in lines] == ["declined", "opted_in", "sharing_narrowed", "opted_out"]
    for line in lines:
        path = f"/v1/clients/{client}/decisions/{line['event_id']}/receipt"
        receipt = (await story.call("consent", "GET", path, story.token("client", client))).json()["record"]
        assert (receipt["ledger"]["stream"], receipt["ledger"]["position"]) == (line["stream"], line["position"])


async def test_C4_a_withdrawal_that_cannot_be_applied_parks_the_client_as_opted_out_until_it_can(story: Story) -> None:
    """ABDM: the recipient's listener rejected without requeue and swallowed; a failing withdrawal was parked, unapplied."""
    client = await filled(story, uuid4(), "opt_in", categories=["satisfaction"])
    other = await filled(story, beside(client), "opt_in", categories=["satisfaction"])
    manifest = await story.export_of(2)
    rule = f"defect check (client_id <> '{client}' or decision <> 'opted_out') not valid"
    await execute(story, "reporting", f"alter table sharing add constraint {rule}")
    try:
        opt_out = await story.opt_out(client, wait=0)
        await eventually(lambda: is_parked(story, client))
        assert len(await story.lines(manifest)) == 1, "of what was produced before, the other's record only"
        assert len(await export_now(story)) == 1
        assert await status(story, client, opt_out) == "recorded", "and nobody says that it took effect"
        assert (await story.opt_out(other))["status"] in ("effective", "complete"), "the others of the stream flow"
    finally:
        await execute(story, "reporting", "alter table sharing drop constraint defect")
    replay = await story.call("reporting", "POST", f"/v1/parked-clients/consent/{client}/replays", story.token("operations"))
    assert replay.json() == {"events": 1}
    await eventually(lambda: is_effective(story, client, opt_out))
    assert await export_now(story) == []


async def is_parked(story: Story, client: UUID) -> bool:
    answer = await story.call("reporting", "GET", "/v1/parked-clients", story.token("privacy_officer"))
    return any(item["client_id"] == str(client) for item in answer.json()["items"])


async def status(story: Story, client: UUID, opt_out: dict[str, Any]) -> str:
    path = f"/v1/clients/{client}/opt-outs/{opt_out['decision_id']}"
    return str((await story.call("consent", "GET", path, story.token("client", client))).json()["status"])


async def is_effective(story: Story, client: UUID, opt_out: dict[str, Any]) -> bool:
    return await status(story, client, opt_out) in ("effective", "complete")
