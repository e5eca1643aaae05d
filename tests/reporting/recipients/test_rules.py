"""What may be registered of a recipient."""

from base64 import b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from common.contracts.vocabulary import Purpose
from common.problems import Problem
from reporting.recipients.rules import PRIVATE, Registration, check_address, check_keys, check_slug, ends_tokens, webhook_secret

EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
PUBLIC = [EC.as_dict(private=False), RSA.as_dict(private=False)]
REGISTERED = Registration.model_construct(
    recipient_id=UUID(int=1),
    slug="plan",
    smart_client_id="plan-1",
    jwks={"keys": PUBLIC},
    jwks_url=None,
    scopes=("system/*.rs",),
    purpose=Purpose.PERSONALISED_RECOMMENDATIONS,
    sealed=False,
    webhook_url="https://plan.example/hook",
    webhook_secret="whsec_before",
    acknowledge_hours=24,
    attest_days=10,
)


def refused(keys: list[dict[str, Any]]) -> bool:
    try:
        check_keys(keys)
    except Problem as problem:
        assert (problem.code, problem.extra["field"]) == ("invalid_request", "jwks")
        return True
    return False


def test_public_keys_of_the_two_kinds_are_taken() -> None:
    assert not refused(PUBLIC)


@given(st.sampled_from(PUBLIC), st.sampled_from(PRIVATE), st.text("ab", min_size=1))
def test_nothing_private_is_taken(key: dict[str, Any], part: str, value: str) -> None:
    assert refused([key | {part: value}])


@pytest.mark.parametrize("key", [EC.as_dict(private=True), RSA.as_dict(private=True)], ids=["EC", "RSA"])
def test_a_private_key_is_refused(key: dict[str, Any]) -> None:
    assert refused([key])


@given(st.integers(1, 300))
def test_a_weak_rsa_key_is_refused(length: int) -> None:
    number = urlsafe_b64encode(b"\0" * 20 + b"\xff" * length).decode().rstrip("=")
    assert refused([{"kid": "1", "kty": "RSA", "e": "AQAB", "n": number}]) == (length < 256)


def test_a_key_of_another_curve_or_with_anothers_id_is_refused() -> None:
    assert refused([ECKey.generate_key("P-256", {"kid": "1"}).as_dict(private=False)])
    assert refused([PUBLIC[0], PUBLIC[1] | {"kid": "ec"}])


@pytest.mark.parametrize("url", ["http://plan.example/keys", "ftp://plan.example", "HTTP://x"])
def test_addresses_are_of_https_except_in_the_local_stack(url: str) -> None:
    check_address(None, "webhook_url", over_http=False)
    check_address("https://plan.example/hook", "webhook_url", over_http=False)
    check_address(url, "webhook_url", over_http=True)
    with pytest.raises(Problem) as refusal:
        check_address(url, "webhook_url", over_http=False)
    assert refusal.value.extra["field"] == "webhook_url"


def test_a_slug_stays() -> None:
    check_slug("plan", "plan")
    with pytest.raises(Problem) as refusal:
        check_slug("plan", "another")
    assert (refusal.value.code, refusal.value.extra["field"]) == ("already_exists", "slug")


def test_a_webhooks_secret_stays_with_its_address_until_a_new_one_is_asked_for() -> None:
    def secret(url: str | None, *, before: Registration | None = REGISTERED, rotate: bool = False) -> str | None:
        return webhook_secret(before, url, lambda: b"s" * 24, rotate=rotate)

    assert secret("https://plan.example/hook") == "whsec_before"
    for new in (
        secret("https://plan.example/other"),
        secret("https://plan.example/hook", rotate=True),
        secret("https://plan.example/hook", before=None),
    ):
        assert new is not None
        assert b64decode(new.removeprefix("whsec_")) == b"s" * 24
    assert secret(None) is None
    assert secret(None, rotate=True) is None


def test_tokens_end_with_the_keys_scopes_and_client_that_they_were_granted_for() -> None:
    assert not ends_tokens(REGISTERED, REGISTERED.model_copy(update={"attest_days": 3, "sealed": True, "webhook_url": None}))
    for changed in ({"jwks": None, "jwks_url": "https://x"}, {"scopes": ("system/Patient.rs",)}, {"smart_client_id": "other"}):
        assert ends_tokens(REGISTERED, REGISTERED.model_copy(update=changed))
