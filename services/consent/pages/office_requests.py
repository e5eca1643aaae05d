"""Clients' requests on the privacy officer's page (C10): access and corrections, each with its deadline and its history."""

from collections.abc import Awaitable
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Principal, Role
from common.contracts.access import AccessExtension, AccessGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.edge import Now
from common.pages.errors import PageRoute
from common.pages.language import LANGUAGES, language_of
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.access_requests import usecases
from consent.access_requests.routes import archive_answer, counter_of
from consent.access_requests.rules import Language, OnBehalf
from consent.access_requests.tables import Download
from consent.pages.office_corrections import shown_to_office

HERE = "/privacy-office/requests"
router = APIRouter(prefix=HERE, route_class=PageRoute, include_in_schema=False)
Officer = Annotated[Principal, Depends(AllowPage(Role.PRIVACY_OFFICER))]
DONE = ("recorded", "extended", "refused")
SAID = ("wrong_state", "identity_not_checked", "unknown_client", "state_changed")
CHECKS = tuple(check for check in IdentityCheck if check is not IdentityCheck.NOT_CHECKED)


@router.get("")
async def show(request: Request, caller: Officer, now: Now) -> Response:
    done = request.query_params.get("done", "")
    return await _page(request, now, f"done.access_{done}" if done in DONE else None)


@router.post("/access")
async def record(
    request: Request,
    caller: Officer,
    now: Now,
    client_id: Annotated[UUID, Form()],
    asked_by: Annotated[AskedBy, Form()],
    identity_check: Annotated[IdentityCheck, Form()],
    language: Annotated[Language, Form()],
) -> Response:
    """On behalf of a client, whose identity was checked."""
    staff = OnBehalf(staff_id=caller.id, asked_by=asked_by, identity_check=identity_check)
    return await _after(request, now, usecases.ask_access(counter_of(request), client_id, language, staff, now), "recorded")


@router.post("/access/{request_id}/extension")
async def extend(request: Request, caller: Officer, request_id: UUID, now: Now, reason: Annotated[AccessExtension, Form()]) -> Response:
    return await _after(request, now, usecases.extend_access(counter_of(request), request_id, reason, caller.id, now), "extended")


@router.post("/access/{request_id}/refusal")
async def refuse(request: Request, caller: Officer, request_id: UUID, now: Now, ground: Annotated[AccessGround, Form()]) -> Response:
    return await _after(request, now, usecases.refuse_access(counter_of(request), request_id, ground, caller.id, now), "refused")


@router.get("/access/{client_id}/{request_id}/copy.zip")
async def download(request: Request, caller: Officer, client_id: UUID, request_id: UUID, now: Now) -> Response:
    """To hand it over; only of what was asked through staff."""
    archive = await usecases.take_copy(counter_of(request), request_id, client_id, Download(uuid4(), "archive", caller.id), now)
    return archive_answer(archive, request_id)


async def _after(request: Request, now: Now, acting: Awaitable[Any], done: str) -> Response:
    try:
        await acting
    except Problem as problem:
        if problem.code not in SAID:
            raise
        return await _page(request, now, f"error.access_{problem.code}", problem.status)
    return RedirectResponse(f"{HERE}?lang={language_of(request)}&done={done}", 303)


async def _page(request: Request, now: Now, message: str | None, status: int = 200) -> Response:
    answer: Response = request.app.state.pages.render(
        request,
        "office_requests.html",
        status,
        here=HERE,
        csrf=csrf_of(request),
        requests=await usecases.office_list(counter_of(request), now),
        access_grounds=list(AccessGround),
        access_reasons=list(AccessExtension),
        asked_by=list(AskedBy),
        checks=CHECKS,
        spoken=LANGUAGES,
        now=now,
        message=message,
        **await shown_to_office(request, now),
    )
    return answer
