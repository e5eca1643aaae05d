""" "My data sharing": the client's own page. Everything on it works without a script."""

import json
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from common.auth import Principal, Role
from common.contracts.vocabulary import Category, Programme
from common.edge import Db, Now
from common.problems import Problem
from consent.decisions.rules import Scope
from consent.ledger.signing import Signer
from consent.pages import choices, progress
from consent.pages.client_view import ORDINARY, Ticks, history, shown_to
from consent.pages.errors import PageRoute, message_of
from consent.pages.language import language_of
from consent.pages.session import AllowPage, AllowSignIn, csrf_of, sign_in, sign_out
from consent.receipts import usecases as receipts
from consent.receipts.rules import PROOF_TYPE, RECEIPT_TYPE

AREA = "/my-data-sharing"
router = APIRouter(prefix=AREA, route_class=PageRoute, include_in_schema=False)
Client = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.CLIENT))]
Ticked = Annotated[list[Category], Form(max_length=10)]
TOLD = ("opted_in", "declined", "nothing_changed")
"""What the page says after a form, once."""


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, AREA)


@router.post("/sign-out")
async def close_session(request: Request, caller: Client) -> Response:
    return sign_out(request, AREA)


@router.get("")
async def show(request: Request, caller: Client, now: Now) -> Response:
    done = request.query_params.get("done", "")
    return await _page(request, caller, now, {}, message=f"done.{done}" if done in TOLD else None)


@router.post("/decisions")
async def decide(
    request: Request,
    caller: Client,
    now: Now,
    programme: Annotated[Programme, Form()],
    action: Annotated[Literal["save", "decline", "preview"], Form()],
    version: Annotated[int, Form(ge=0, le=2**31 - 1)],
    decision_id: Annotated[UUID, Form()],
    notice_digest: Annotated[str, Form(pattern="^([0-9a-f]{64})?$")] = "",
    category: Ticked = [],  # noqa: B006
    shown: Ticked = [],  # noqa: B006
) -> Response:
    """C4, C11: on the version and the text that the page showed."""
    form = choices.Form(version, notice_digest, decision_id, frozenset(shown), frozenset(category))
    if action == "preview":
        return await _page(request, caller, now, {programme: category}, previewed=programme)
    if action == "save" and not category and not shown:
        return await _page(request, caller, now, {}, message="error.nothing_ticked", status=422)
    book, scope = request.app.state.book, Scope(caller.id, programme)
    saved = await (choices.save if action == "save" else choices.decline)(book, scope, form, now)
    if saved.refused:
        return await _refused(request, caller, now, saved)
    if saved.stopped:
        return _to(request, f"{AREA}/opt-outs/{saved.stopped}")
    return _to(request, AREA, done="opted_in" if saved.opened else "declined" if action == "decline" else "nothing_changed")


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
    stopped = str(saved.stopped) if saved.stopped else None
    return await _page(request, caller, now, {}, message=message_of(Problem(problem.code, "")), status=problem.status, stopped=stopped)


async def _page(
    request: Request,
    caller: Principal,
    now: Now,
    ticks: Ticks,
    *,
    message: str | None = None,
    status: int = 200,
    stopped: str | None = None,
    previewed: Programme | None = None,
) -> Response:
    answer: Response = request.app.state.pages.render(
        request,
        "my_data_sharing.html",
        status,
        here=AREA,
        csrf=csrf_of(request),
        programmes=await shown_to(request, caller.id, language_of(request), now, ticks),
        history=await history(request.app.state.db, caller.id),
        ordinary=ORDINARY,
        decision_ids={programme: uuid4() for programme in Programme},
        as_sent=_as_sent,
        controller=request.app.state.controller,
        message=message,
        stopped=stopped,
        previewed=previewed,
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
