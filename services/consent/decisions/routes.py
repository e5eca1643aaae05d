"""Deciding on individual data sharing, over HTTP."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Category, Channel, Choice, Programme, Purpose, Recipient
from common.edge import Db, Now, Parts, TheJournal
from common.http import etag, problems, version_of
from common.problems import Problem
from consent.decisions import usecases
from consent.decisions.rules import Asked, Decision, Scope, Sharing, check_scope
from consent.notices.rules import decided_on
from consent.notices.texts import NOTICES
from consent.propagation.routes import PREFER, Propagation, preferred_wait, propagation_of
from consent.propagation.rules import Status

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["decisions"])
Decider = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER, Role.SERVICE))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]

CHANNELS = {Role.CLIENT: Channel.PORTAL, Role.PRIVACY_OFFICER: Channel.STAFF, Role.SERVICE: Channel.CONSULTATION_REQUEST}


class DecisionIn(BaseModel):
    """C2, C11: an explicit choice, and which notice was shown. Nothing is pre-ticked: `choice` has no default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"choice": "opt_in", "programme": "care_connect", "notice_version": "2026-01", "categories": ["appointments"]}
        },
    )

    choice: Choice
    programme: Programme
    recipient: str = Field(Recipient.HEALTH_PLAN, max_length=100)
    purpose: str = Field(Purpose.PERSONALISED_RECOMMENDATIONS, max_length=100)
    notice_version: str = Field(max_length=40)
    notice_language: str = Field("en", max_length=10)
    categories: tuple[Category, ...] = DEFAULT_CATEGORIES
    """C16: session frequency is off unless it is named."""
    decision_id: UUID = Field(default_factory=uuid4)
    """The caller's own id for this decision, so that it may be repeated safely."""


class OptOutIn(BaseModel):
    """Opting out needs nothing. Without a programme it is for all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"programme": "care_connect"}})

    programme: Programme | None = None


class SharingOut(BaseModel):
    client_id: UUID
    programme: Programme
    recipient: Recipient
    purpose: Purpose
    shared: bool
    decision: Decision | None
    decision_id: UUID | None
    categories: tuple[Category, ...]
    version: int


class Place(BaseModel):
    """Where the decision stands in the ledger."""

    stream: int
    position: int


class OptOutOut(Propagation):
    client_id: UUID
    programme: Programme
    version: int
    place: Place


class OptOuts(BaseModel):
    """`status` is the least advanced of the items'."""

    status: Status
    items: list[OptOutOut]


def _sharing_out(state: Sharing) -> SharingOut:
    s = state.scope
    return SharingOut(
        client_id=s.client_id,
        programme=s.programme,
        recipient=s.recipient,
        purpose=s.purpose,
        shared=state.shared,
        decision=state.decision,
        decision_id=state.decision_id,
        categories=state.categories,
        version=state.version,
    )


@router.get("/sharing/{programme}", operation_id="readSharing", responses=problems("not_found"))
async def read_sharing(db: Db, caller: Reader, client_id: UUID, programme: Programme, response: Response) -> SharingOut:
    """Whether individual data is shared now, by which decision. The ETag is the version that an opt-in must name."""
    caller.own(Role.CLIENT, client_id)
    state = await usecases.read_sharing(db, Scope(client_id, programme))
    response.headers["etag"] = etag(state.version)
    return _sharing_out(state)


@router.post(
    "/decisions",
    operation_id="decide",
    responses=problems(
        "not_found", "unknown_client", "notice_not_current", "state_changed", "already_exists", "if_match_missing", "recipient_not_allowed"
    ),
)
async def decide(
    request: Request,
    db: Db,
    journal: TheJournal,
    caller: Decider,
    client_id: UUID,
    body: DecisionIn,
    now: Now,
    response: Response,
    if_match: Annotated[str | None, Header(description="The version decided on; needed to opt in.")] = None,
) -> SharingOut:
    """Opt in or decline. An opt-in is refused when the client has decided something else since (`If-Match`)."""
    caller.own(Role.CLIENT, client_id)
    check_scope(body.recipient, body.purpose)
    on_version = version_of(if_match, "C4") if body.choice is Choice.OPT_IN else None
    # Scheduling, which passes the first choice on, is where clients are registered: it knows its clients before we do.
    if caller.role is not Role.SERVICE and not await usecases.check_known(db, client_id):
        raise Problem("unknown_client", "No such client.", field="client_id")
    notice = decided_on(NOTICES, body.notice_version, body.notice_language)
    asked = Asked(body.choice, notice, body.categories, on_version, CHANNELS[caller.role], body.decision_id)
    scope = Scope(client_id, body.programme)
    state = await usecases.decide(db, journal, request.app.state.places, scope, asked, now)
    response.headers["etag"] = etag(state.version)
    return _sharing_out(state)


@router.post("/opt-outs", operation_id="optOut", response_model=OptOuts, responses=problems("not_found"), openapi_extra=PREFER)
async def opt_out(request: Request, caller: Decider, client_id: UUID, body: OptOutIn | None = None) -> Response:
    """C4: unconditional and idempotent. Waits a little (`Prefer: wait=seconds`, 2 by default) so as to answer `effective`."""
    caller.own(Role.CLIENT, client_id)
    parts, channel = Parts.of(request), CHANNELS[caller.role]
    programmes = [body.programme] if body and body.programme else list(Programme)

    async def opt_out_of(programme: Programme, wait: float) -> OptOutOut:
        state, scope = request.app.state, Scope(client_id, programme)
        return _opt_out_out(await usecases.opt_out(parts.db, parts.journal, state.places, state.waiters, scope, channel, wait, parts.now))

    # All of them are recorded first; only then is any waited for.
    for programme in programmes[:-1]:
        await opt_out_of(programme, 0)
    items = [await opt_out_of(programme, preferred_wait(parts.prefer)) for programme in reversed(programmes)]
    answer = OptOuts(status=min((item.status for item in items), key=list(Status).index), items=items)
    return Response(answer.model_dump_json(), media_type="application/json")


def _opt_out_out(item: usecases.OptOut) -> OptOutOut:
    return OptOutOut(
        client_id=item.scope.client_id,
        programme=item.scope.programme,
        version=item.version,
        place=Place(stream=item.stream, position=item.position),
        **propagation_of(item.decision_id, item.receipts).model_dump(),
    )
