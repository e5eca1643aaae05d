"""A client's scores over time, for the client and for the provider who takes care of them. Without a script."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from assessments.care.usecases import check_may_see
from assessments.pages.looking import clients_of, short
from assessments.pages.scores_view import course_of
from assessments.pages.site import SCORES
from common.auth import Principal, Role
from common.db import Database
from common.edge import Db
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, AllowSignIn, csrf_of, sign_in, sign_out

router = APIRouter(prefix=SCORES, route_class=PageRoute, include_in_schema=False)
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.CLIENT, Role.PROVIDER))]
Viewer = Annotated[Principal, Depends(AllowPage(Role.CLIENT, Role.PROVIDER))]


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, SCORES)


@router.post("/sign-out")
async def close_session(request: Request, _caller: Viewer) -> Response:
    return sign_out(request, SCORES)


@router.get("")
async def show(request: Request, db: Db, caller: Viewer) -> Response:
    """The client's own; a provider chooses among the clients in their care."""
    if caller.role is Role.CLIENT:
        return await _page(request, db, caller, caller.id)
    clients = await clients_of(db, caller.id)
    page: Response = request.app.state.pages.render(request, "clients.html", csrf=csrf_of(request), clients=clients, short=short)
    return page


@router.get("/{client_id}")
async def show_client(request: Request, db: Db, caller: Viewer, client_id: UUID) -> Response:
    await check_may_see(db, caller, client_id)
    return await _page(request, db, caller, client_id)


async def _page(request: Request, db: Database, caller: Principal, client_id: UUID) -> Response:
    t = request.app.state.pages.texts(request)
    course = await course_of(db, client_id, language_of(request))
    page: Response = request.app.state.pages.render(
        request,
        "scores.html",
        csrf=csrf_of(request),
        course=course,
        when=lambda at: t.when(at, zone=course.zone),
        own=caller.role is Role.CLIENT,
        client=short(client_id),
    )
    return page
