""" "My data sharing": the client's own page. Everything on it works without a script."""

import json
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from common.auth import Principal, Role
from common.contracts.vocabulary import Category, Programme
from common.edge import Db, Now
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, AllowSignIn, csrf_of, sign_in, sign_out
from consent.decisions.rules import Scope
from consent.ledger.signing import Signer
from consent.pages import choices, progress
from consent.pages.client_view import ORDINARY, Ticks, history, shown_to
from consent.receipts import usecases as receipts
from consent.receipts.rules import PROOF_TYPE, RECEIPT_TYPE

AREA = "/my-data-sharing"
router = APIRouter(prefix=AREA, route_class=PageRoute, include_in_schema=False)
Client = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.CLIENT))]
Ticked = Annotated[list[Category], Field(max_length=10)]
TOLD = ("opted_in", "declined", "nothing_changed")
"""What the page says after a form, once."""


class ChoiceIn(BaseModel):
    """What was shown (version, text, ticks) and what was made of it."""

    programme: Programme
    action: Literal["save", "decline", "preview"]
    version: int = Field(ge=0, lt=2**31)
    decision_id: UUID
    """Made with the page: sending the form twice is one decision."""
    notice_digest: str = Field(pattern="^[0-9a-f]{64}$")
    shown: Ticked = []
    category: Ticked = []


@dataclass(frozen=True, slots=True)
class Say:
    """What the page says above everything else."""

    message: str | None = None
    status: int = 200
    stopped: UUID | None = None
    """What was withdrawn all the same."""
    previewed: Programme | None = None


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, AREA)


@router.post("/sign-out")
async def close_session(request: Request, caller: Client) -> Response:
    return sign_out(request, AREA)


@router.get("")
async def show(request: Request, caller: Client, now: Now) -> Response:
    done = request.query_params.get("done", "")
    return await _page(request, caller, now, Say(f"done.{done}" if done in TOLD else None))


@router.post("/decisions")
async def decide(request: Request, caller: Client, now: Now, form: Annotated[ChoiceIn, Form()]) -> Response:
    """C4, C11: on the version and the text that the page showed."""
    if form.action == "preview":
        return await _page(request, caller, now, Say(previewed=form.programme), {form.programme: form.category})
    if form.action == "save" and not form.category and not form.shown:
        return await _page(request, caller, now, Say("error.nothing_ticked", 422))
    book, scope = request.app.state.book, Scope(caller.id, form.programme)
    made = choices.Form(form.version, form.notice_digest, form.decision_id, frozenset(form.shown), frozenset(form.category))
    saved = await (choices.save if form.action == "save" else choices.decline)(book, scope, made, now)
    if saved.refused:
        return await _refused(request, caller, now, saved)
    if saved.stopped:
        return _to(request, f"{AREA}/opt-outs/{saved.stopped}")
    return _to(request, AREA, done="opted_in" if saved.opened else "declined" if form.action == "decline" else "nothing_changed")


@router.post("/opt-outs")
async def stop_everything(request: Request, caller: Client, now: Now) -> Response:
    """C4: one button, which needs nothing."""
    first, *others = await choices.stop_everything(request.app.state.book, caller.id, now)
    return _to(request, f"{AREA}/opt-outs/{first}", others)


@router.get("/opt-outs/{decision_id}")
async def show_progress(
    request: Request,
    db: Db,
    caller: Client,
    decision_id: UUID,
    also: Annotated[list[UUID], Query(max_length=4)] = [],  # noqa: B006
) -> Response:
    """Of the client's own only; what is looked up before the first byte can still be refused."""
    followed = await progress.follow(db, caller.id, [decision_id, *also])
    pieces = progress.told(request, caller.id, followed, csrf_of(request))
    # A proxy that collects answers before it passes them on would hold the progress back.
    return StreamingResponse(pieces, media_type="text/html", headers={"x-accel-buffering": "no", "content-language": language_of(request)})


@router.get("/opt-outs/{decision_id}/proof")
async def download_proof(request: Request, db: Db, caller: Client, decision_id: UUID, now: Now) -> Response:
    record = await receipts.issue_proof(db, request.app.state.controller, caller.id, decision_id, now)
    return _file(request, PROOF_TYPE, record, f"proof-{decision_id}.jws")


@router.get("/decisions/{decision_id}/receipt")
async def download_receipt(request: Request, db: Db, caller: Client, decision_id: UUID) -> Response:
    record = await receipts.issue_receipt(db, request.app.state.controller, caller.id, decision_id)
    return _file(request, RECEIPT_TYPE, record, f"receipt-{decision_id}.jws")


async def _refused(request: Request, caller: Principal, now: Now, saved: choices.Saved) -> Response:
    """The state as it is by now, with nothing of the form in it: it was made on something else."""
    problem = saved.refused
    assert problem is not None, "refused"
    if problem.code not in ("state_changed", "notice_not_current", "already_exists"):
        raise problem
    return await _page(request, caller, now, Say(f"error.{problem.code}", problem.status, stopped=saved.stopped))


async def _page(request: Request, caller: Principal, now: Now, say: Say, ticks: Ticks | None = None) -> Response:
    answer: Response = request.app.state.pages.render(
        request,
        "my_data_sharing.html",
        say.status,
        here=AREA,
        csrf=csrf_of(request),
        programmes=await shown_to(request, caller.id, language_of(request), now, ticks or {}),
        history=await history(request.app.state.db, caller.id),
        ordinary=ORDINARY,
        decision_ids={programme: uuid4() for programme in Programme},
        as_sent=_as_sent,
        controller=request.app.state.controller,
        say=say,
    )
    return answer


def _as_sent(record: dict[str, object]) -> str:
    """There is no token before there is a consent."""
    return json.dumps({name: value for name, value in record.items() if name != "token"}, ensure_ascii=False)


def _to(request: Request, path: str, also: list[UUID] | None = None, **query: str) -> Response:
    more = "".join(f"&{name}={value}" for name, value in query.items()) + "".join(f"&also={other}" for other in also or [])
    return RedirectResponse(f"{path}?lang={language_of(request)}{more}", 303)


def _file(request: Request, kind: str, record: dict[str, object], name: str) -> Response:
    signer: Signer = request.app.state.signer
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(signer.sign(kind, record), media_type="application/jose", headers=headers)
