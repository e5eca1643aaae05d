"""Deciding on individual data sharing, over HTTP. Opting out is in `opt_outs.py`."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import (
    DEFAULT_CATEGORIES,
    AskedBy,
    Category,
    Channel,
    Choice,
    IdentityCheck,
    Programme,
    Purpose,
    Recipient,
)
from common.edge import Db, Parts
from common.http import etag, problems, version_of
from common.never_kept import StructuredText
from consent.decisions import usecases
from consent.decisions.rules import Asked, Decision, Scope, Sharing, Source, check_scope, check_staff, staff
from consent.receipts.rules import RECEIPT_TYPE, LedgerLine, receipt_of

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["decisions"])
Decider = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER, Role.SERVICE))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]

CHANNELS = {Role.CLIENT: Channel.PORTAL, Role.PRIVACY_OFFICER: Channel.STAFF, Role.SERVICE: Channel.CONSULTATION_REQUEST}


class OnBehalfIn(BaseModel):
    """C4: staff act for a client: who asked, and how identity was checked."""

    model_config = ConfigDict(extra="forbid")

    asked_by: AskedBy
    identity_check: IdentityCheck


class DecisionIn(BaseModel):
    """C2, C11: an explicit choice, and which notice was shown. Nothing is pre-ticked: `choice` has no default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"choice": "opt_in", "programme": "care_connect", "notice_digest": "9f" * 32, "categories": ["appointments"]}
        },
    )

    choice: Choice
    programme: Programme
    recipient: StructuredText = Field(Recipient.HEALTH_PLAN, max_length=100)
    purpose: StructuredText = Field(Purpose.PERSONALISED_RECOMMENDATIONS, max_length=100)
    notice_digest: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the very text that was shown, as `GET /v1/notices` gives it."""
    categories: tuple[Category, ...] = DEFAULT_CATEGORIES
    """C16: session frequency is off unless it is named."""
    on_behalf: OnBehalfIn | None = None
    """For staff only."""
    decision_id: UUID = Field(default_factory=uuid4)
    """The caller's own id for this decision, so that it may be repeated safely."""


class SharingOut(BaseModel):
    client_id: UUID
    programme: Programme
    recipient: Recipient
    purpose: Purpose
    shared: bool
    decision: Decision | None
    decision_id: UUID | None
    categories: tuple[Category, ...]
    """Consented to. While sharing is suspended none of them is shared."""
    notice_digest: str | None
    version: int


class DecidedOut(SharingOut):
    receipt: str | None
    """A signed receipt (JWS) of the decision; null where the same decision was on record: `readReceipt` issues it again."""


def source_of(caller: Principal, on_behalf: OnBehalfIn | None) -> Source:
    """What staff do, they do on somebody's behalf; nobody else can say so."""
    if caller.role is not Role.PRIVACY_OFFICER:
        return Source(CHANNELS[caller.role])
    said = on_behalf.model_dump() if on_behalf else {"asked_by": None, "identity_check": None}
    return Source(Channel.STAFF, staff(caller.id, **said))


def sharing_out(state: Sharing) -> SharingOut:
    return SharingOut(**sharing_fields(state))


def sharing_fields(state: Sharing) -> dict[str, Any]:
    s = state.scope
    return {
        "client_id": s.client_id,
        "programme": s.programme,
        "recipient": s.recipient,
        "purpose": s.purpose,
        "shared": state.shared,
        "decision": state.decision,
        "decision_id": state.decision_id,
        "categories": state.categories,
        "notice_digest": state.notice_digest,
        "version": state.version,
    }


@router.get("/sharing/{programme}", operation_id="readSharing", responses=problems("not_found"))
async def read_sharing(db: Db, caller: Reader, client_id: UUID, programme: Programme, response: Response) -> SharingOut:
    """Whether individual data is shared now, by which decision. The ETag is the version that an opt-in must name."""
    caller.own(Role.CLIENT, client_id)
    state = await usecases.read_sharing(db, Scope(client_id, programme))
    response.headers["etag"] = etag(state.version)
    return sharing_out(state)


REFUSALS = (
    "not_found",
    "unknown_client",
    "notice_not_current",
    "state_changed",
    "already_exists",
    "if_match_missing",
    "recipient_not_allowed",
    "identity_not_checked",
    "ssn_refused",
)


@router.post("/decisions", operation_id="decide", response_model=DecidedOut, responses=problems(*REFUSALS))
async def decide(
    request: Request,
    caller: Decider,
    client_id: UUID,
    body: DecisionIn,
    if_match: Annotated[StructuredText | None, Header(description="The version decided on; needed to opt in.", max_length=40)] = None,
) -> Response:
    """Opt in or decline. An opt-in is refused when the client has decided something else since (`If-Match`)."""
    caller.own(Role.CLIENT, client_id)
    check_scope(body.recipient, body.purpose)
    source = source_of(caller, body.on_behalf)
    opening = body.choice is Choice.OPT_IN
    if source.channel is Channel.STAFF:
        check_staff(source.on_behalf, opening=opening)
    on_version = version_of(if_match, "C4") if opening else None
    asked = Asked(body.choice, body.notice_digest, body.categories, on_version, source, body.decision_id)
    # Scheduling, which passes the first choice on, is where clients are registered: it knows its clients before we do.
    known = caller.role is not Role.SERVICE
    scope, now = Scope(client_id, body.programme), Parts.of(request).now
    outcome = await usecases.decide(request.app.state.book, scope, asked, now, known=known)
    answer = DecidedOut(**sharing_fields(outcome.state), receipt=signed_receipt(request, outcome))
    return Response(answer.model_dump_json(), media_type="application/json", headers={"etag": etag(outcome.state.version)})


def signed_receipt(request: Request, outcome: usecases.Outcome) -> str | None:
    if outcome.event is None or outcome.recorded is None:
        return None
    line = LedgerLine(outcome.recorded.stream, outcome.recorded.position, outcome.recorded.digest)
    state = request.app.state
    token: str = state.signer.sign(RECEIPT_TYPE, receipt_of(outcome.event, line, state.controller))
    return token
