"""Opting out over HTTP: of everything, or of some categories (C4, C17). Neither needs anything, and neither can open anything."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Category, Programme
from common.edge import Now, Parts
from common.http import problems
from consent.decisions import usecases
from consent.decisions.routes import OnBehalfIn, SharingOut, sharing_fields, signed_receipt, source_of
from consent.decisions.rules import Scope
from consent.propagation.routes import PREFER, Propagation, preferred_wait, propagation_of
from consent.propagation.rules import Status

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["decisions"])
Closer = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]


class OptOutIn(BaseModel):
    """Opting out needs nothing. Without a programme it is for all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"programme": "care_connect"}})

    programme: Programme | None = None
    on_behalf: OnBehalfIn | None = None
    """For staff only: who asked, and how identity was checked. Absent: by the client, not checked."""


class WithdrawalIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"categories": ["session_frequency"]}})

    categories: frozenset[Category] = Field(min_length=1)
    programme: Programme | None = None
    on_behalf: OnBehalfIn | None = None


class Place(BaseModel):
    """Where the decision stands in the ledger. The digest covers every line before it."""

    stream: int
    position: int
    digest: str


class OptOutOut(Propagation):
    client_id: UUID
    programme: Programme
    version: int
    place: Place
    receipt: str | None
    """A signed receipt (JWS); null where the opt-out was on record: `readReceipt` issues it again."""


class OptOuts(BaseModel):
    """`status` is the least advanced of the items'."""

    status: Status
    items: list[OptOutOut]


class WithdrawalOut(SharingOut):
    receipt: str | None
    """Null where nothing of it was consented to. How far it has come: `readOptOut`, by the decision's id."""


class Withdrawals(BaseModel):
    items: list[WithdrawalOut]


@router.post("/opt-outs", operation_id="optOut", response_model=OptOuts, responses=problems("not_found"), openapi_extra=PREFER)
async def opt_out(request: Request, caller: Closer, client_id: UUID, body: OptOutIn | None = None) -> Response:
    """C4: unconditional and idempotent. Waits a little (`Prefer: wait=seconds`, 2 by default) so as to answer `effective`."""
    caller.own(Role.CLIENT, client_id)
    parts, source = Parts.of(request), source_of(caller, body.on_behalf if body else None)
    scopes = [Scope(client_id, programme) for programme in ([body.programme] if body and body.programme else Programme)]
    done = await usecases.opt_out(request.app.state.book, scopes, source, preferred_wait(parts.prefer), parts.now)
    items = [_opt_out_out(request, each) for each in done]
    answer = OptOuts(status=min((item.status for item in items), key=list(Status).index), items=items)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.post("/withdrawals", operation_id="withdrawCategories", responses=problems("not_found"))
async def withdraw_categories(request: Request, caller: Closer, client_id: UUID, body: WithdrawalIn, now: Now) -> Withdrawals:
    """C17: some categories only. What was shared is taken back as by an opt-out; the other categories go on under a new token."""
    caller.own(Role.CLIENT, client_id)
    source = source_of(caller, body.on_behalf)
    items = []
    for programme in [body.programme] if body.programme else list(Programme):
        outcome = await usecases.withdraw(request.app.state.book, Scope(client_id, programme), body.categories, source, now)
        items.append(WithdrawalOut(**sharing_fields(outcome.state), receipt=signed_receipt(request, outcome)))
    return Withdrawals(items=items)


def _opt_out_out(request: Request, done: usecases.OptOut) -> OptOutOut:
    state, line = done.outcome.state, done.outcome.recorded
    assert state.decision_id, "opted out by some decision"
    assert line, "which has its line in the ledger"
    return OptOutOut(
        client_id=state.scope.client_id,
        programme=state.scope.programme,
        version=state.version,
        place=Place(stream=line.stream, position=line.position, digest=line.digest.hex()),
        receipt=signed_receipt(request, done.outcome),
        **propagation_of(state.decision_id, done.receipts).model_dump(),
    )
