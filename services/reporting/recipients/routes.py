"""The recipients of individual data, for those who run the network: who they are, how they show it, how they take it (C5)."""

from typing import Annotated, Literal
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
from reporting.recipients.rules import EVERY_SCOPE, Registration, check_address, check_keys

router = APIRouter(prefix="/v1/recipients", tags=["recipients"])
Operators = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Readers = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.PRIVACY_OFFICER))]
Slug = Annotated[StructuredText, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Url = Annotated[StructuredText, Field(pattern=r"^https?://[^\s]+$", max_length=400)]


Number = Annotated[StructuredText, Field(pattern=r"^[A-Za-z0-9_=-]+$", max_length=1500)]


class PublicKey(BaseModel):
    """RFC 7517. What is not named here is not kept; private parts are named so that they are refused, not left out in silence."""

    model_config = ConfigDict(extra="ignore")

    kid: Annotated[StructuredText, Field(pattern=r"^[!-~]{1,200}$")]
    kty: Literal["EC", "RSA"]
    alg: Literal["RS384", "ES384"] | None = None
    use: Literal["sig"] | None = None
    crv: Literal["P-256", "P-384", "P-521"] | None = None
    x: Number | None = None
    y: Number | None = None
    n: Number | None = None
    e: Number | None = None
    d: Number | None = None
    p: Number | None = None
    q: Number | None = None
    dp: Number | None = None
    dq: Number | None = None
    qi: Number | None = None
    k: Number | None = None


class PublicKeys(BaseModel):
    model_config = ConfigDict(extra="ignore")

    keys: Annotated[list[PublicKey], Field(min_length=1, max_length=10)]


class RecipientIn(BaseModel):
    """Either `jwks` or `jwks_url`."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    smart_client_id: Annotated[StructuredText, Field(pattern=r"^[A-Za-z0-9._:/-]{3,200}$")]
    jwks: PublicKeys | None = None
    jwks_url: Url | None = None
    scopes: tuple[Annotated[StructuredText, Field(pattern=r"^system/[A-Za-z*]+\.rs$")], ...] = EVERY_SCOPE
    purpose: Purpose = Purpose.PERSONALISED_RECOMMENDATIONS
    sealed: bool = False
    webhook_url: Url | None = None
    rotate_webhook_secret: bool = False
    acknowledge_hours: int = Field(default=24, ge=1, le=720)
    attest_days: int = Field(default=10, ge=1, le=90)


class RecipientOut(BaseModel):
    recipient_id: UUID
    slug: str
    smart_client_id: str
    jwks_url: str | None
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


@router.put("/{recipient_id}", operation_id="registerRecipient", responses=problems("already_exists"))
async def register_recipient(request: Request, db: Db, _: Operators, recipient_id: UUID, body: RecipientIn, now: Now) -> RecipientOut:
    """The id is the plan's, and the slug stays. The webhook's secret is made with its address, or when a new one is asked for, and shown
    that once. Other keys, scopes or another client id end all access tokens."""
    over_http = request.app.state.settings.webhooks_over_http
    check_address(body.jwks_url, "jwks_url", over_http=over_http)
    check_address(body.webhook_url, "webhook_url", over_http=over_http)
    made, new_secret = await usecases.register(db, _asked(recipient_id, body), now, rotate=body.rotate_webhook_secret)
    request.app.state.publisher.wake()
    return _out(made, made.webhook_secret if new_secret else None)


def _asked(recipient_id: UUID, body: RecipientIn) -> Registration:
    """Raises Problem."""
    if (body.jwks is None) == (body.jwks_url is None):
        raise Problem("invalid_request", "Either jwks or jwks_url.", field="jwks")
    said = body.model_dump(exclude={"rotate_webhook_secret"})
    if body.jwks is not None:
        said["jwks"] = body.jwks.model_dump(exclude_none=True)
        check_keys(said["jwks"]["keys"])
    return Registration.model_construct(recipient_id=recipient_id, webhook_secret=None, **said)


@router.get("/{recipient_id}", operation_id="readRecipient", responses=problems("unknown_recipient"))
async def read_recipient(db: Db, _: Readers, recipient_id: UUID) -> RecipientOut:
    return _out(await usecases.read_recipient(db, recipient_id))


@router.get("", operation_id="listRecipients", responses=problems())
async def list_recipients(db: Db, _: Readers) -> Recipients:
    return Recipients(items=[_out(found) for found in await usecases.list_recipients(db)])
