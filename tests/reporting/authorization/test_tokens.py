"""The token endpoint, as clients of OAuth see it: SMART Backend Services over HTTP."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from demo.partner import ASSERTION_TYPE
from tests.story import PURPOSE, Story


async def post(story: Story, assertion: str, **form: str) -> httpx.Response:
    said = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **form}
    return await story.http.post(f"{story.partner.base}/v1/oauth2/token", data={name: value for name, value in said.items() if value})


def signed(story: Story, header: dict[str, Any], key: ECKey | OctKey | RSAKey, **claims: Any) -> str:
    client = story.partner.client
    said = {
        "iss": client,
        "sub": client,
        "aud": f"{story.partner.base}/v1/oauth2/token",
        "exp": int(time.time()) + 240,
        "jti": str(uuid4()),
    }
    return jwt.encode(header, said | claims, key, algorithms=[header["alg"]])


def assert_refused(answer: httpx.Response, status: int, error: str) -> dict[str, Any]:
    """RFC 6749, 5.2, and our own fields beside."""
    assert answer.status_code == status, answer.text
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
    body: dict[str, Any] = answer.json()
    assert (body["error"], body["status"]) == (error, status)
    assert body["error_description"] == body["detail"] != ""
    return body


async def opens(story: Story, token: str) -> bool:
    answer = await story.http.get(f"{story.partner.base}/v1/recalls", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


async def test_a_signed_assertion_is_answered_with_a_token_of_five_minutes(story: Story) -> None:
    answer = await story.partner.ask_for_token()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    body = answer.json()
    assert await opens(story, body.pop("access_token"))
    assert body == {"token_type": "bearer", "expires_in": 300, "scope": "system/*.rs", "purpose": PURPOSE}


async def test_an_rsa_key_serves_as_well(story: Story) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS384"})
    await story.partner.register(story.token("operations"), jwks={"keys": [key.as_dict(private=False)]})
    assert (await post(story, signed(story, {"alg": "RS384", "kid": "rsa"}, key))).status_code == 200


async def test_whoever_is_unknown_and_whoever_signs_wrongly_are_told_the_same(story: Story) -> None:
    own, other = story.partner.key, ECKey.generate_key("P-384", {"kid": "1"})
    secret = OctKey.import_key("a shared secret that is long enough for all of them, and longer", {"kid": "1"})
    refused = [
        await post(story, signed(story, {"alg": "ES384", "kid": "1"}, other)),
        await post(story, signed(story, {"alg": "ES384", "kid": "2"}, own)),
        await post(story, signed(story, {"alg": "ES384"}, own)),
        await post(story, signed(story, {"alg": "HS384", "kid": "1"}, secret)),
        await post(story, signed(story, {"alg": "none", "kid": "1"}, secret)),
        await post(story, signed(story, {"alg": "ES384", "kid": "1"}, own, sub="nobody", iss="nobody")),
        await post(story, signed(story, {"alg": "ES384", "kid": "1"}, own, sub="a\0b")),
        await post(story, signed(story, {"alg": "ES384", "kid": "1"}, own, sub=["many"])),
        await post(story, "no assertion at all"),
        await post(story, "é.é.é"),
    ]
    assert len({str(assert_refused(answer, 401, "invalid_client")) for answer in refused}) == 1


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ({"aud": "https://elsewhere.example/token"}, "aud"),
        ({"iss": "somebody else"}, "iss"),
        ({"exp": int(time.time()) - 60}, "exp"),
        ({"exp": int(time.time()) + 3600}, "exp"),
        ({"exp": None}, "exp"),
        ({"jti": None}, "jti"),
        ({"jti": "a\0b"}, "jti"),
    ],
)
async def test_whoever_has_shown_who_it_is_is_told_which_claim_is_wrong(story: Story, claims: dict[str, Any], field: str) -> None:
    assert assert_refused(await story.partner.ask_for_token(**claims), 401, "invalid_client")["field"] == field


async def test_the_token_endpoint_may_be_one_of_several_audiences(story: Story) -> None:
    audiences = ["https://elsewhere.example/token", f"{story.partner.base}/v1/oauth2/token"]
    assert (await story.partner.ask_for_token(aud=audiences)).status_code == 200


async def test_an_assertion_is_taken_once_also_when_it_comes_many_times_at_once(story: Story) -> None:
    assertion = story.partner.assertion()
    answers = await asyncio.gather(*(post(story, assertion) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert assert_refused(await post(story, assertion), 401, "invalid_client")["field"] == "jti"


async def test_what_is_refused_does_not_use_an_assertion_up(story: Story) -> None:
    assertion = story.partner.assertion()
    assert_refused(await post(story, assertion, scope="system/*.write"), 400, "invalid_scope")
    assert (await post(story, assertion)).status_code == 200


async def test_what_is_over_is_deleted_as_others_come(story: Story) -> None:
    client, recipient = story.partner.client, story.plan
    connection = await asyncpg.connect(story.stack.database("reporting"))
    try:
        await connection.execute("insert into used_assertion values ($1, 'old', now() - interval '1 minute')", client)
        await connection.execute(
            "insert into access_token values ('\\x00', $1, '{system/*.rs}', $2, now() - interval '1 minute')", recipient, PURPOSE
        )
        assert (await story.partner.ask_for_token()).status_code == 200
        assert await connection.fetchval("select count(*) from used_assertion where smart_client_id = $1", client) == 1
        assert await connection.fetchval("select count(*) from access_token where recipient_id = $1", recipient) == 1
    finally:
        await connection.close()


async def test_a_token_that_is_over_opens_nothing(story: Story) -> None:
    token = (await story.partner.ask_for_token()).json()["access_token"]
    connection = await asyncpg.connect(story.stack.database("reporting"))
    try:
        await connection.execute("update access_token set expires_at = clock_timestamp() where recipient_id = $1", story.plan)
    finally:
        await connection.close()
    assert not await opens(story, token)


async def test_tokens_are_judged_by_the_real_time_whatever_the_simulated_one_is(story: Story) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": story.partner.assertion()}
    headers = {"clock-now": "2031-01-01T00:00:00Z"}
    answer = await story.http.post(f"{story.partner.base}/v1/oauth2/token", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    assert await opens(story, answer.json()["access_token"])


async def test_C5_another_purpose_than_the_registered_one_is_refused(story: Story) -> None:
    for answer in (
        await story.partner.ask_for_token(purpose="marketing"),
        await post(story, story.partner.assertion(), purpose="marketing"),
        await post(story, story.partner.assertion(purpose=PURPOSE), purpose="research"),
    ):
        assert assert_refused(answer, 400, "invalid_scope")["rule"] == "C5"
    assert (await post(story, story.partner.assertion(purpose=PURPOSE), purpose=PURPOSE)).status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_assertion": ""}, 400, "invalid_request"),
        ({"client_assertion_type": "urn:something"}, 401, "invalid_client"),
        ({"client_assertion": "x" * 9000}, 400, "invalid_request"),
    ],
)
async def test_errors_are_those_of_rfc_6749(story: Story, form: dict[str, str], status: int, error: str) -> None:
    assert_refused(await post(story, story.partner.assertion(), **form), status, error)


async def test_a_token_has_the_scopes_that_are_registered_and_no_others(story: Story) -> None:
    await story.partner.register(story.token("operations"), scopes=["system/Patient.rs", "system/Consent.rs"])
    asked = {
        "system/*.rs": "system/Patient.rs system/Consent.rs",
        "system/*.read": "system/Patient.rs system/Consent.rs",
        "system/Patient.read system/Observation.rs openid": "system/Patient.rs",
    }
    for scope, answered in asked.items():
        assert (await story.partner.ask_for_token(scope)).json()["scope"] == answered
    assert_refused(await story.partner.ask_for_token("system/Observation.rs"), 400, "invalid_scope")


@pytest.mark.parametrize("changed", ["keys", "scopes", "client"])
async def test_other_keys_scopes_or_another_client_end_all_tokens(story: Story, changed: str) -> None:
    token = (await story.partner.ask_for_token()).json()["access_token"]
    await story.partner.register(story.token("operations"), attest_days=12)
    assert await opens(story, token), "nothing of that changed"
    key = ECKey.generate_key("P-384", {"kid": "2"}).as_dict(private=False)
    more: dict[str, dict[str, Any]] = {
        "keys": {"jwks": {"keys": [key]}},
        "scopes": {"scopes": ["system/Patient.rs"]},
        "client": {"smart_client_id": f"c-{uuid4()}"},
    }
    await story.partner.register(story.token("operations"), **more[changed])
    assert not await opens(story, token)


async def test_discovery_names_the_endpoint_and_what_it_takes(story: Story) -> None:
    found = (await story.http.get(f"{story.partner.base}/fhir/.well-known/smart-configuration")).json()
    assert found["token_endpoint"] == f"{story.partner.base}/v1/oauth2/token"
    assert found["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert set(found["capabilities"]) == {"client-confidential-asymmetric", "permission-v2"}
    assert "system/Observation.rs" in found["scopes_supported"]
