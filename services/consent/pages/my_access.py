"""A copy of all that is held (C10): the client asks for it, sees how far it has come, reads it and takes it."""

import io
import zipfile
from collections.abc import Awaitable
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from common.auth import Principal, Role
from common.edge import Now
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.rendering import HEADERS
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.access_requests import usecases
from consent.access_requests.routes import archive_answer, counter_of
from consent.access_requests.rules import Language
from consent.access_requests.tables import Download

AREA = "/my-data-sharing"
HERE = f"{AREA}/access"
router = APIRouter(prefix=HERE, route_class=PageRoute, include_in_schema=False)
Client = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]
DONE = ("asked", "withdrawn")
SAID = ("wrong_state", "state_changed")
"""What may come of a form, and is no error of the page."""


@router.get("")
async def show(request: Request, caller: Client, now: Now) -> Response:
    done = request.query_params.get("done", "")
    return await _page(request, caller, now, f"done.access_{done}" if done in DONE else None)


@router.post("")
async def ask(request: Request, caller: Client, now: Now) -> Response:
    """In the language of the page. Asked again it is the same."""
    language: Language = "es" if language_of(request) == "es" else "en"
    return await _after(request, caller, now, usecases.ask_access(counter_of(request), caller.id, language, None, now), "asked")


@router.post("/{request_id}/withdrawal")
async def withdraw(request: Request, caller: Client, request_id: UUID, now: Now) -> Response:
    withdrawing = usecases.withdraw_access(counter_of(request), request_id, caller.id, caller.id, now)
    return await _after(request, caller, now, withdrawing, "withdrawn")


@router.get("/{request_id}/copy.zip")
async def download(request: Request, caller: Client, request_id: UUID, now: Now) -> Response:
    archive = await usecases.take_copy(counter_of(request), request_id, caller.id, Download(uuid4(), "archive", caller.id), now)
    return archive_answer(archive, request_id)


@router.get("/{request_id}/page")
async def read(request: Request, caller: Client, request_id: UUID, now: Now) -> Response:
    """The copy's own page, as it stands in the archive."""
    archive = await usecases.take_copy(counter_of(request), request_id, caller.id, Download(uuid4(), "page", caller.id), now)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return HTMLResponse(files.read("index.html"), headers=HEADERS)


async def _after(request: Request, caller: Principal, now: Now, acting: Awaitable[Any], done: str) -> Response:
    try:
        await acting
    except Problem as problem:
        if problem.code not in SAID:
            raise
        return await _page(request, caller, now, f"error.access_{problem.code}", problem.status)
    return RedirectResponse(f"{HERE}?lang={language_of(request)}&done={done}", 303)


async def _page(request: Request, caller: Principal, now: Now, message: str | None, status: int = 200) -> Response:
    cases = await usecases.list_access(counter_of(request), caller.id)
    answer: Response = request.app.state.pages.render(
        request,
        "my_access.html",
        status,
        here=HERE,
        csrf=csrf_of(request),
        cases=cases,
        is_open=any(case.request.state == "collecting" for case in cases),
        controller=request.app.state.controller,
        now=now,
        message=message,
    )
    return answer
