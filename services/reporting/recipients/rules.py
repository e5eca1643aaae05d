"""A registered recipient of individual data: a health plan, for one purpose (C5). Pure."""

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Json

from common.contracts.vocabulary import Purpose
from common.problems import Problem

EVERY_SCOPE = ("system/*.rs",)
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""RFC 7518, section 6: what only the holder of a key has; `k` is a shared secret."""
SMALLEST_RSA = 256
"""Bytes. RFC 7518, 3.3: 2048 bits or more."""


class Registration(BaseModel):
    """`slug` stands in the names of its topics. Either `jwks` or `jwks_url`: the public keys that it signs assertions with."""

    model_config = ConfigDict(frozen=True)

    recipient_id: UUID
    slug: str
    smart_client_id: str
    jwks: Json[dict[str, Any]] | None
    jwks_url: str | None
    scopes: tuple[str, ...]
    purpose: Purpose
    sealed: bool
    """Values leave encrypted, under a key a client and consent that is destroyed on opt-out."""
    webhook_url: str | None
    webhook_secret: str | None
    acknowledge_hours: int
    """How long it may take to acknowledge a recall."""
    attest_days: int
    """How long it may take to state that everything recalled is deleted."""


def check_keys(keys: Sequence[Mapping[str, Any]]) -> None:
    """Public keys that an assertion can be checked with (RS384, ES384), each with an id of its own. Raises Problem."""
    if len({key.get("kid") for key in keys}) != len(keys):
        raise _refused_key("Every key has an id (kid) of its own.")
    for key in keys:
        if any(key.get(part) is not None for part in PRIVATE):
            raise _refused_key("Private keys stay with their owner: only public keys are registered. Replace this one, it was shown.")
        if key.get("kty") == "EC" and (key.get("crv") != "P-384" or not key.get("x") or not key.get("y")):
            raise _refused_key("An EC key is one of P-384 (ES384).")
        if key.get("kty") == "RSA" and (not key.get("e") or _length(key.get("n") or "") < SMALLEST_RSA):
            raise _refused_key("An RSA key has 2048 bits or more (RS384).")


def _length(number: str) -> int:
    return len(urlsafe_b64decode(number + "=" * (-len(number) % 4)).lstrip(b"\0"))


def _refused_key(detail: str) -> Problem:
    return Problem("invalid_request", detail, field="jwks")


def check_address(url: str | None, field: str, *, over_http: bool) -> None:
    """Raises Problem. Without TLS neither keys nor a webhook's answers are anybody's in particular; only the local stack does without."""
    if url is not None and not url.startswith("https://") and not over_http:
        raise Problem("invalid_request", "The address is one of https.", field=field)


def check_slug(before: str, slug: str) -> None:
    """Raises Problem: topics carry it, and what they hold was released under it."""
    if slug != before:
        raise Problem("already_exists", "This recipient has a slug already, which stays: its topics carry it.", field="slug")


def webhook_secret(before: Registration | None, url: str | None, random: Callable[[], bytes], *, rotate: bool) -> str | None:
    """Standard Webhooks. The same while the address is the same and nobody asks for a new one."""
    if url is None:
        return None
    if before and before.webhook_url == url and before.webhook_secret and not rotate:
        return before.webhook_secret
    return "whsec_" + b64encode(random()).decode()


def ends_tokens(before: Registration, after: Registration) -> bool:
    """Whether what was granted before may not be granted any more: other keys, another client, other scopes."""
    what = ("smart_client_id", "jwks", "jwks_url", "scopes", "purpose")
    return any(getattr(before, name) != getattr(after, name) for name in what)
