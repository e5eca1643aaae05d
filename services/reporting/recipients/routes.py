"""The recipients of individual data, for those who run the network: who they are, how they show it, how they take it (C5)."""

from base64 import b64encode
from secrets import token_bytes
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Purpose
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem
from reporting.recipients import usecases
from reporting.recipients.rules import EVERY_SCOPE, Registration

router = APIRouter(prefix="/v1/recipients", tags=["recipients"])
Operators = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Readers = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.PRIVACY_OFFICER))]
Slug = Annotated[StructuredText, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Url = Annotated[StructuredText, Field(pattern=r"^https?://[^\s]+$", max_length=400)]


class RecipientIn(BaseModel):
    """Either `jwks` or `jwks_url`."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    smart_client_id: Annotated[StructuredText, Field(pattern=r"^[A-Za-z0-9._:/-]{3,200}$")]
    jwks: dict[str, Any] | None = None
    jwks_url: Url | None = None
    scopes: tuple[Annotated[StructuredText, Field(pattern=r"^system/[A-Za-z*]+\.rs$")], ...] = EVERY_SCOPE
    purpose: Purpose = Purpose.PERSONALISED_RECOMMENDATIONS
    sealed: bool = False
    webhook_url: Url | None = None
    acknowledge_hours: int = Field(default=24, ge=1, le=720)
    attest_days: int = Field(default=10, ge=1, le=90)


class RecipientOut(BaseModel):
    recipient_id: UUID
    slug: str
    smart_client_id: str
    scopes: tuple[str, ...]
    purpose: Purpose
    sealed: bool
    webhook_url: str | None
    acknowledge_hours: int
    attest_days: int
    webhook_secret: str | None = None
    """Shown once, when it is made."""


class Recipients(BaseModel):
    items: list[RecipientOut]


def _out(registration: Registration, secret: str | None = None) -> RecipientOut:
    return RecipientOut(**registration.model_dump(include=set(RecipientOut.model_fields) - {"webhook_secret"}), webhook_secret=secret)


@router.put("/{recipient_id}", operation_id="registerRecipient", responses=problems("unknown_recipient", "already_exists"))
async def register_recipient(request: Request, db: Db, _: Operators, recipient_id: UUID, body: RecipientIn, now: Now) -> RecipientOut:
    """The id is the plan's. The webhook's secret is made here, and shown this once."""
    if (body.jwks is None) == (body.jwks_url is None):
        raise Problem("invalid_request", "Either jwks or jwks_url.", field="jwks")
    secret = "whsec_" + b64encode(token_bytes(24)).decode() if body.webhook_url else None
    made = Registration.model_construct(recipient_id=recipient_id, webhook_secret=secret, **body.model_dump())
    await usecases.register(db, made, now)
    request.app.state.publisher.wake()
    return _out(made, secret)


@router.get("/{recipient_id}", operation_id="readRecipient", responses=problems("unknown_recipient"))
async def read_recipient(db: Db, _: Readers, recipient_id: UUID) -> RecipientOut:
    return _out(await usecases.read_recipient(db, recipient_id))


@router.get("", operation_id="listRecipients", responses=problems())
async def list_recipients(db: Db, _: Readers) -> Recipients:
    return Recipients(items=[_out(found) for found in await usecases.list_recipients(db)])
