"""Registering health plans as recipients, over HTTP."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.story import Story

HOOK = "https://plan.example/hook"


def body_of(plan: UUID, **more: Any) -> dict[str, Any]:
    key = ECKey.generate_key("P-384", {"kid": "1", "use": "sig", "alg": "ES384"})
    keys = {"keys": [key.as_dict(private=False)]}
    return {"slug": f"plan-{plan.hex[:12]}", "smart_client_id": f"client-{plan}", "jwks": keys} | more


async def put(story: Story, plan: UUID, body: dict[str, Any], role: str = "operations") -> httpx.Response:
    return await story.call("reporting", "PUT", f"/v1/recipients/{plan}", story.token(role), json=body)


async def read(story: Story, plan: UUID, role: str = "operations") -> httpx.Response:
    return await story.call("reporting", "GET", f"/v1/recipients/{plan}", story.token(role))


async def test_a_recipient_is_registered_and_read_again_without_its_secret(story: Story) -> None:
    plan = uuid4()
    made = await put(story, plan, body_of(plan, webhook_url=HOOK))
    assert made.status_code == 200, made.text
    assert made.json()["webhook_secret"].startswith("whsec_")
    for role in ("operations", "privacy_officer"):
        assert (await read(story, plan, role)).json() == made.json() | {"webhook_secret": None}
    listed = (await story.call("reporting", "GET", "/v1/recipients", story.token("operations"))).json()["items"]
    assert made.json() | {"webhook_secret": None} in listed


async def test_C5_nobody_but_operations_registers_and_the_purpose_is_fixed(story: Story) -> None:
    plan = uuid4()
    for role in ("plan", "privacy_officer", "employer", "client", "provider"):
        assert (await put(story, plan, body_of(plan), role)).status_code == 403
    answer = await put(story, plan, body_of(plan, purpose="marketing"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert (await read(story, plan)).json()["code"] == "unknown_recipient"


@pytest.mark.parametrize("field", ["slug", "smart_client_id"])
async def test_one_slug_and_one_client_id_belong_to_one_plan(story: Story, field: str) -> None:
    first, second = uuid4(), uuid4()
    bodies = {plan: body_of(plan) for plan in (first, second)}
    bodies[second][field] = bodies[first][field]
    answers = await asyncio.gather(*(put(story, plan, body) for plan, body in bodies.items()))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["code"], refused["field"]) == ("already_exists", field)


async def test_a_slug_never_changes_for_topics_carry_it(story: Story) -> None:
    plan = uuid4()
    assert (await put(story, plan, body_of(plan))).status_code == 200
    refused = await put(story, plan, body_of(plan, slug="another"))
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "already_exists", "slug")
    assert (await read(story, plan)).json()["slug"] == f"plan-{plan.hex[:12]}"


async def test_first_registrations_at_once_leave_one(story: Story) -> None:
    plan = uuid4()
    body = body_of(plan, webhook_url=HOOK)
    answers = await asyncio.gather(*(put(story, plan, body) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["webhook_secret"] for answer in answers} - {None}) == 1, "one made the secret, the others kept it"


async def test_a_webhooks_secret_is_shown_when_it_is_made_and_kept_until_then(story: Story) -> None:
    plan = uuid4()
    body = body_of(plan, webhook_url=HOOK)

    async def secret(**more: Any) -> str | None:
        answer = await put(story, plan, body | more)
        assert answer.status_code == 200, answer.text
        shown: str | None = answer.json()["webhook_secret"]
        return shown

    first = await secret()
    assert await secret(attest_days=12) is None
    rotated = await secret(rotate_webhook_secret=True)
    moved = await secret(webhook_url=f"{HOOK}/2")
    assert await secret(webhook_url=None) is None
    assert len({first, rotated, moved, None}) == 4


def keys(*keys: dict[str, Any] | Any) -> dict[str, Any]:
    return {"keys": list(keys)}


SECRET = OctKey.generate_key(256, {"kid": "1"}).as_dict(private=True)
REFUSED = {
    "private EC": keys(ECKey.generate_key("P-384", {"kid": "1"}).as_dict(private=True)),
    "private RSA": keys(RSAKey.generate_key(2048, {"kid": "1"}).as_dict(private=True)),
    "a shared secret": keys(SECRET),
    "weak RSA": keys(RSAKey.generate_key(1024, {"kid": "1"}).as_dict(private=False)),
    "another curve": keys(ECKey.generate_key("P-256", {"kid": "1"}).as_dict(private=False)),
    "no id": keys({name: value for name, value in ECKey.generate_key("P-384").as_dict(private=False).items() if name != "kid"}),
    "none": keys(),
    "no set": {"a": 1},
}


@pytest.mark.parametrize("name", REFUSED)
async def test_only_public_keys_that_can_be_used_are_taken(story: Story, name: str) -> None:
    plan = uuid4()
    answer = await put(story, plan, body_of(plan, jwks=REFUSED[name]))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
    for key in REFUSED[name].get("keys", []):
        assert str(key.get("d", key.get("k", "nothing private"))) not in answer.text, "what is refused is not echoed"
    assert (await read(story, plan)).status_code == 404


async def test_keys_are_given_in_one_way(story: Story) -> None:
    plan = uuid4()
    for more in ({"jwks_url": "https://plan.example/keys"}, {"jwks": None}, {"jwks": None, "jwks_url": "ftp://plan.example/keys"}):
        answer = await put(story, plan, body_of(plan) | more)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
