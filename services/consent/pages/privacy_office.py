"""The privacy officer's page: mails to be read, sinks that do not answer, clients whose events wait, and the ledger."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Principal, Role
from common.edge import Now
from common.never_kept import StructuredText
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, AllowSignIn, csrf_of, sign_in, sign_out
from common.problems import Problem
from consent.mail.rules import Resolution
from consent.mail.usecases import resolve_mail
from consent.pages.officer_view import office

AREA = "/privacy-office"
router = APIRouter(prefix=AREA, route_class=PageRoute, include_in_schema=False)
Officer = Annotated[Principal, Depends(AllowPage(Role.PRIVACY_OFFICER))]
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.PRIVACY_OFFICER))]


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, AREA)


@router.post("/sign-out")
async def close_session(request: Request, caller: Officer) -> Response:
    return sign_out(request, AREA)


@router.get("")
async def show(request: Request, caller: Officer, now: Now) -> Response:
    done = request.query_params.get("done", "")
    return await _page(request, now, message=f"done.{done}" if done in list(Resolution) else None)


@router.post("/mails/{mail_id}/resolution")
async def resolve(
    request: Request,
    caller: Officer,
    mail_id: UUID,
    now: Now,
    resolution: Annotated[Resolution, Form()],
    clients: Annotated[StructuredText, Form(max_length=400)] = "",
    client_id: Annotated[list[UUID], Form(max_length=10)] = [],  # noqa: B006
) -> Response:
    """C4: as over the API. What the officer knows better than the address is named by client ids."""
    try:
        named = [*client_id, *_ids(clients)]
        await resolve_mail(request.app.state.post_room, mail_id, resolution, named, caller.id, now)
    except Problem as problem:
        if problem.code not in ("wrong_state", "invalid_request"):
            raise
        return await _page(request, now, message=f"error.mail_{problem.code}", status=problem.status)
    return RedirectResponse(f"{AREA}?lang={language_of(request)}&done={resolution}", 303)


def _ids(text: str) -> list[UUID]:
    """Raises Problem."""
    try:
        return [UUID(one) for one in re.split(r"[\s,;]+", text) if one]
    except ValueError as error:
        raise Problem("invalid_request", "A client id is written as 8-4-4-4-12 hexadecimal digits.", field="clients") from error


async def _page(request: Request, now: Now, *, message: str | None = None, status: int = 200) -> Response:
    shown = await office(request, now)
    answer: Response = request.app.state.pages.render(
        request, "privacy_office.html", status, here=AREA, csrf=csrf_of(request), office=shown, now=now, message=message
    )
    return answer
