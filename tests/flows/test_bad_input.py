"""Bad input gets a clear error (problem+json, a stable code, the field), and nothing is kept or half done."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import SERVICES
from tests.story import NOTICE, Story


async def journal_of(story: Story, service: str) -> int:
    connection = await asyncpg.connect(story.stack.database(service))
    try:
        total: int = await connection.fetchval("select sum(position) from journal_head")
        return total
    finally:
        await connection.close()


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    return body


def assert_outcome(answer: httpx.Response, status: int, code: str) -> list[dict[str, Any]]:
    """What FHIR has for a problem."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/fhir+json"), answer.text
    issues: list[dict[str, Any]] = answer.json()["issue"]
    assert issues[0]["details"]["coding"][0]["code"] == code
    return issues


async def test_C2_a_first_request_without_the_choice_is_refused_and_nothing_is_kept(story: Story) -> None:
    client = await story.client()
    before = await journal_of(story, "scheduling")
    body = assert_problem(await story.request(client, None), 422, "choice_missing")
    assert (body["field"], body["rule"]) == ("sharing", "C2")
    assert await journal_of(story, "scheduling") == before
    assert (await story.request(client, "decline")).status_code == 201
    assert_problem(await story.request(client, None), 409, "already_asked")
    assert (await story.request(client, None, provider=await story.another_provider())).status_code == 201, "the second request needs none"
    assert_problem(await story.request(client, "opt_in"), 409, "choice_unexpected")


async def test_a_choice_is_never_pre_ticked(story: Story) -> None:
    client = await story.client()
    answer = await story.call(
        "consent",
        "POST",
        f"/v1/clients/{client}/decisions",
        story.token("client", client),
        json={"programme": "care_connect", "notice_digest": NOTICE},
    )
    assert "choice" in assert_problem(answer, 422, "invalid_request")["field"]


async def test_an_unknown_client_is_named_as_such(story: Story) -> None:
    nobody = uuid4()
    assert_problem(await story.request(nobody, "decline"), 404, "unknown_client")
    answer = await story.decide(nobody, "opt_in", 0)
    assert_problem(answer, 404, "unknown_client")
    body = {"client_id": str(nobody), "score": 3}
    answer = await story.call("assessments", "POST", "/v1/satisfaction-responses", story.token("client", nobody), json=body)
    assert_problem(answer, 404, "unknown_client")


@pytest.mark.parametrize(
    ("field", "value"), [("recipient", "employer"), ("recipient", "another_plan"), ("purpose", "rate_setting"), ("purpose", "marketing")]
)
async def test_C5_another_recipient_or_purpose_is_refused(story: Story, field: str, value: str) -> None:
    client = await story.sharing_client()
    body = assert_problem(await story.decide(client, "opt_in", 1, **{field: value}), 422, "recipient_not_allowed")
    assert (body["field"], body["rule"]) == (field, "C5")
    if field == "purpose":
        answer = await story.partner.ask_for_token(purpose=value)
        assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (400, "invalid_scope", "C5")


async def test_a_wrong_role_is_forbidden(story: Story) -> None:
    client = await story.client()
    for role in ("employer", "provider", "plan", "operations"):
        answer = await story.call("consent", "POST", f"/v1/clients/{client}/opt-outs", story.token(role))
        assert_problem(answer, 403, "forbidden")
    for role in ("employer", "client", "provider", "operations", "privacy_officer", "service"):
        answer = await story.call("reporting", "GET", "/fhir/$export", story.token(role))
        assert_outcome(answer, 403, "forbidden")
    answer = await story.call("reporting", "GET", "/fhir/$export", story.token("plan", story.plan))
    assert_outcome(answer, 403, "insufficient_scope")


async def test_of_another_tenants_things_it_is_not_even_said_that_they_exist(story: Story) -> None:
    client, stranger = await story.client(), story.token("client")
    for service, path in (
        ("consent", f"/v1/clients/{client}/sharing/care_connect"),
        ("reporting", f"/v1/clients/{client}/disclosures"),
        ("scheduling", f"/v1/clients/{client}"),
    ):
        assert_problem(await story.call(service, "GET", path, stranger), 404, "not_found")
    assert_problem(await story.call("consent", "POST", f"/v1/clients/{client}/opt-outs", stranger), 404, "not_found")
    manifest = await story.export()
    stranger = (await Story(story.stack, story.http).open()).partner
    told = [await stranger.file(f"{stranger.base}/fhir/bulk/{export_id}") for export_id in (manifest["export_id"], uuid4())]
    assert assert_outcome(told[0], 404, "unknown_export") == assert_outcome(told[1], 404, "unknown_export")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_refuses_a_body_that_is_too_large_or_no_json(story: Story, service: str) -> None:
    path = {
        "consent": f"/v1/clients/{uuid4()}/decisions",
        "scheduling": "/v1/clients",
        "assessments": "/v1/assessment-responses",
        "reporting": "/v1/recalls/00000000-0000-4000-8000-000000000000/attestation",
    }[service]
    caller = story.token({"consent": "privacy_officer", "reporting": "plan"}.get(service, "operations"))
    before = await journal_of(story, service)
    assert_problem(await story.call(service, "POST", path, caller, content=b"x" * 70_000), 413, "body_too_large")

    async def chunks() -> Any:
        for _ in range(80):
            yield b"x" * 1000

    assert_problem(await story.call(service, "POST", path, caller, content=chunks()), 413, "body_too_large")
    json_type = {"content-type": "application/json"}
    assert_problem(await story.call(service, "POST", path, caller, content=b'{"a": ', headers=json_type), 400, "malformed_json")
    assert_problem(await story.call(service, "POST", path, caller, content=b"[]", headers=json_type), 422, "invalid_request")
    assert await journal_of(story, service) == before


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
async def test_a_malformed_token_is_refused(story: Story, token: str) -> None:
    answer = await story.call("consent", "GET", f"/v1/clients/{uuid4()}/sharing/care_connect", {"authorization": f"Bearer {token}"})
    body = assert_problem(answer, 401, "invalid_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert token not in str(body)
    answer = await story.call("consent", "GET", f"/v1/clients/{uuid4()}/sharing/care_connect", {})
    assert_problem(answer, 401, "unauthenticated")


async def test_tokens_of_others_issuers_audiences_or_times_are_refused(story: Story) -> None:
    issuer, client = story.stack.issuer, uuid4()
    other = type(issuer)(issuer.key, "http://somebody.else")
    from joserfc.jwk import ECKey

    stranger = type(issuer)(ECKey.generate_key("P-256", auto_kid=True), issuer.address)
    for token in (
        other.mint("client", client),
        stranger.mint("client", client),
        issuer.mint("client", client, lifetime=-60),
        issuer.mint("client", client, aud="another"),
        issuer.mint("superuser", client),
    ):
        answer = await story.call("consent", "GET", f"/v1/clients/{client}/sharing/care_connect", {"authorization": f"Bearer {token}"})
        assert_problem(answer, 401, "invalid_token")


async def test_the_same_idempotency_key_with_another_body_is_refused_and_with_the_same_answers_the_same(story: Story) -> None:
    client = await story.client()
    key = {"idempotency-key": uuid4().hex}
    caller = story.token("client", client)
    body = {"client_id": str(client), "score": 9}
    first = await eventually_known(story, caller, body, key)
    again = await story.call("assessments", "POST", "/v1/satisfaction-responses", caller, json=body, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    changed = await story.call("assessments", "POST", "/v1/satisfaction-responses", caller, json=body | {"score": 1}, headers=key)
    assert_problem(changed, 422, "idempotency_key_reused")
    kept = await story.call("assessments", "GET", f"/v1/satisfaction-responses?client_id={client}", caller)
    if kept.status_code == 200:
        assert [item["score"] for item in kept.json()["items"]] == [9]


async def eventually_known(story: Story, caller: dict[str, str], body: dict[str, Any], key: dict[str, str]) -> httpx.Response:
    from tests.story import eventually

    async def answered() -> httpx.Response | None:
        answer = await story.call("assessments", "POST", "/v1/satisfaction-responses", caller, json=body, headers=key)
        return answer if answer.status_code == 201 else None

    found: httpx.Response = await eventually(answered)
    return found


async def test_C13_what_was_sent_is_never_echoed_in_an_error_or_a_log(story: Story) -> None:
    secret = "078-05-1120"
    answer = await story.call("scheduling", "POST", "/v1/clients", story.token("operations"), json={"ssn": secret, "employer_id": secret})
    assert_problem(answer, 422, "invalid_request")
    assert secret not in answer.text
    for log in story.stack.folder.glob("*.log"):
        assert secret not in log.read_text()


async def test_a_page_cursor_that_is_none_of_ours_is_refused(story: Story) -> None:
    client: UUID = await story.client()
    path = f"/v1/clients/{client}/disclosures?cursor=%00%01nonsense"
    assert_problem(await story.call("reporting", "GET", path, story.token("client", client)), 422, "invalid_request")


async def test_while_the_database_is_away_the_answer_is_a_clean_503_and_afterwards_all_is_well(story: Story) -> None:
    """Its connections are ended under load: no request is half done, none answers with anything but a problem."""
    import asyncio

    admin = await asyncpg.connect(story.stack.database("scheduling"))
    seen = set()
    for _ in range(6):
        answers = asyncio.gather(*(story.request(uuid4(), "decline") for _ in range(8)))
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        for answer in await answers:
            assert answer.headers["content-type"] == "application/problem+json", answer.text
            seen.add((answer.status_code, answer.json()["code"]))
    await admin.close()
    assert seen <= {(404, "unknown_client"), (503, "temporarily_unavailable")}
    client = await story.client()
    assert (await story.request(client, "decline")).status_code == 201
