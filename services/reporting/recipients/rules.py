"""A registered recipient of individual data: a health plan, for one purpose (C5). Pure."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Json

from common.contracts.vocabulary import Purpose

EVERY_SCOPE = ("system/*.rs",)


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
