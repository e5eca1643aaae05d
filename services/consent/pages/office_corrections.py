"""Corrections on the privacy officer's pages (C10): what waits until when, deciding, and recording one on behalf."""

from collections.abc import Awaitable
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Principal, Role
from common.contracts.corrections import RefusalGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.edge import Now
from common.never_kept import FreeText, StructuredText
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.corrections import usecases
from consent.corrections.routes import LONGEST_REASON, LONGEST_STATEMENT, desk_of
from consent.corrections.rules import ExtensionReason, OnBehalf
from consent.corrections.usecases import Asked
from consent.pages.corrections_form import WHAT, done_of, refused_of, what_of, wish_of

HERE = "/privacy-office/corrections"
router = APIRouter(prefix=HERE, route_class=PageRoute, include_in_schema=False)
Officer = Annotated[Principal, Depends(AllowPage(Role.PRIVACY_OFFICER))]


async def shown_to_office(request: Request, now: Now) -> dict[str, Any]:
    """What `office_corrections.html` needs beside `csrf` and `now`."""
    return {
        "corrections": await usecases.office_list(desk_of(request), now),
        "what_of": what_of,
        "grounds": list(RefusalGround),
        "reasons": list(ExtensionReason),
    }


@router.get("")
async def show(request: Request, caller: Officer, now: Now) -> Response:
    return await _page(request, now, done_of(request))


@router.post("")
async def record(
    request: Request,
    caller: Officer,
    now: Now,
    client_id: Annotated[UUID, Form()],
    what: Annotated[StructuredText, Form(pattern="^[a-z_]{1,40}$", max_length=40)],
    correction_id: Annotated[UUID, Form()],
    asked_by: Annotated[AskedBy, Form()],
    identity_check: Annotated[IdentityCheck, Form()],
    reason: Annotated[FreeText, Form(min_length=1, max_length=LONGEST_REASON)],
    wanted: Annotated[StructuredText, Form(max_length=200)] = "",
) -> Response:
    async def asking() -> None:
        staff = OnBehalf(staff_id=caller.id, asked_by=asked_by, identity_check=identity_check)
        await usecases.ask_correction(desk_of(request), Asked(correction_id, client_id, wish_of(what, wanted, reason), staff), now)

    return await _after(request, now, asking(), "asked")


@router.post("/{correction_id}/acceptance")
async def accept(request: Request, caller: Officer, correction_id: UUID, now: Now) -> Response:
    return await _after(request, now, usecases.accept_correction(desk_of(request), correction_id, caller.id, now), "accepted")


@router.post("/{correction_id}/refusal")
async def refuse(request: Request, caller: Officer, correction_id: UUID, now: Now, ground: Annotated[RefusalGround, Form()]) -> Response:
    return await _after(request, now, usecases.refuse_correction(desk_of(request), correction_id, ground, caller.id, now), "refused")


@router.post("/{correction_id}/extension")
async def extend(request: Request, caller: Officer, correction_id: UUID, now: Now, reason: Annotated[ExtensionReason, Form()]) -> Response:
    return await _after(request, now, usecases.extend_correction(desk_of(request), correction_id, reason, caller.id, now), "extended")


@router.post("/{correction_id}/rebuttal")
async def rebut(
    request: Request,
    caller: Officer,
    correction_id: UUID,
    now: Now,
    text: Annotated[FreeText, Form(min_length=1, max_length=LONGEST_STATEMENT)],
) -> Response:
    return await _after(request, now, usecases.rebut(desk_of(request), correction_id, text, caller.id, now), "rebutted")


async def _after(request: Request, now: Now, acting: Awaitable[Any], done: str) -> Response:
    try:
        await acting
    except Problem as problem:
        return await _page(request, now, refused_of(problem), problem.status)
    return RedirectResponse(f"{HERE}?lang={language_of(request)}&done={done}", 303)


async def _page(request: Request, now: Now, message: str | None, status: int = 200) -> Response:
    answer: Response = request.app.state.pages.render(
        request,
        "office_corrections_page.html",
        status,
        here=HERE,
        csrf=csrf_of(request),
        now=now,
        message=message,
        whats=WHAT,
        correction_id=uuid4(),
        asked_by=list(AskedBy),
        checks=[check for check in IdentityCheck if check is not IdentityCheck.NOT_CHECKED],
        **await shown_to_office(request, now),
    )
    return answer
