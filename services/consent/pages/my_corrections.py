"""A client's corrections (C10): asking for one, what became of it, who was told, and disagreeing."""

from collections.abc import Awaitable
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Principal, Role
from common.edge import Now
from common.never_kept import FreeText, StructuredText
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.corrections import usecases
from consent.corrections.routes import LONGEST_REASON, LONGEST_STATEMENT, desk_of
from consent.corrections.usecases import Asked
from consent.pages.corrections_form import WHAT, done_of, refused_of, what_of, wish_of

AREA = "/my-data-sharing"
HERE = f"{AREA}/corrections"
router = APIRouter(prefix=HERE, route_class=PageRoute, include_in_schema=False)
Client = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]
What = Annotated[StructuredText, Form(pattern="^[a-z_]{1,40}$", max_length=40)]


@router.get("")
async def show(request: Request, caller: Client, now: Now) -> Response:
    return await _page(request, caller, now, done_of(request))


@router.post("")
async def ask(
    request: Request,
    caller: Client,
    now: Now,
    what: What,
    correction_id: Annotated[UUID, Form()],
    reason: Annotated[FreeText, Form(min_length=1, max_length=LONGEST_REASON)],
    wanted: Annotated[StructuredText, Form(max_length=200)] = "",
) -> Response:
    """C12, C13: what must not be kept is not."""

    async def asking() -> None:
        asked = Asked(correction_id, caller.id, wish_of(what, wanted, reason))
        await usecases.ask_correction(desk_of(request), asked, now)

    return await _after(request, caller, now, asking(), "asked")


@router.post("/{correction_id}/withdrawal")
async def withdraw(request: Request, caller: Client, correction_id: UUID, now: Now) -> Response:
    return await _after(request, caller, now, usecases.withdraw_correction(desk_of(request), correction_id, caller.id, now), "withdrawn")


@router.post("/{correction_id}/disagreement")
async def disagree(
    request: Request,
    caller: Client,
    correction_id: UUID,
    now: Now,
    text: Annotated[FreeText, Form(min_length=1, max_length=LONGEST_STATEMENT)],
) -> Response:
    stating = usecases.state_disagreement(desk_of(request), correction_id, caller.id, text, now)
    return await _after(request, caller, now, stating, "disagreed")


async def _after(request: Request, caller: Principal, now: Now, acting: Awaitable[Any], done: str) -> Response:
    try:
        await acting
    except Problem as problem:
        return await _page(request, caller, now, refused_of(problem), problem.status)
    return RedirectResponse(f"{HERE}?lang={language_of(request)}&done={done}", 303)


async def _page(request: Request, caller: Principal, now: Now, message: str | None, status: int = 200) -> Response:
    cases = await usecases.list_corrections(desk_of(request), caller.id)
    told = await request.app.state.reporting.get_json(f"/v1/clients/{caller.id}/data-corrections", {}) if cases else {"items": []}
    answer: Response = request.app.state.pages.render(
        request,
        "my_corrections.html",
        status,
        here=HERE,
        csrf=csrf_of(request),
        cases=cases,
        told=_by_correction(told),
        what_of=what_of,
        whats=WHAT,
        correction_id=uuid4(),
        now=now,
        message=message,
    )
    return answer


def _by_correction(told: dict[str, Any] | None) -> dict[str, list[dict[str, Any]]] | None:
    """None where reporting is away."""
    if told is None:
        return None
    found: dict[str, list[dict[str, Any]]] = {}
    for one in told["items"]:
        found.setdefault(one["correction_id"], []).append(one)
    return found
