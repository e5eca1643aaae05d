"""Who was given what, and why (C9): the client's own page, and a client's accounting for the privacy officer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from common.auth import Principal, Role
from common.db import Database
from common.edge import Now
from common.never_kept import StructuredText
from common.pages.errors import PageRoute
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.accounting.routes import as_csv
from consent.accounting.rules import Entry, Law, counted, period_of, summarised
from consent.accounting.usecases import accounting_of

CLIENT_AREA, OFFICE_AREA = "/my-data-sharing", "/privacy-office"
router = APIRouter(route_class=PageRoute, include_in_schema=False)
Client = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]
Officer = Annotated[Principal, Depends(AllowPage(Role.PRIVACY_OFFICER))]
MOST = 500
"""Entries that a page shows one by one; the file has all of them."""


@router.get(f"{CLIENT_AREA}/disclosures")
async def show(request: Request, caller: Client, now: Now, law: Law = Law.ALL) -> Response:
    here = f"{CLIENT_AREA}/disclosures"
    return await _page(request, here, await _entries(request, caller.id, now), law, now)


@router.get(f"{CLIENT_AREA}/disclosures.csv")
async def download(request: Request, caller: Client, now: Now, law: Law = Law.ALL) -> Response:
    return _file(await _entries(request, caller.id, now), law, now)


@router.get(f"{OFFICE_AREA}/disclosures")
async def show_to_officer(
    request: Request, caller: Officer, now: Now, client_id: Annotated[StructuredText, Query(max_length=36)] = "", law: Law = Law.ALL
) -> Response:
    """With what an authority has suspended the client's own right to."""
    here = f"{OFFICE_AREA}/disclosures"
    if not client_id:
        return await _page(request, here, [], law, now, asks=True)
    try:
        client = UUID(client_id.strip())
    except ValueError:
        return await _page(request, here, [], law, now, asks=True, message="disclosures.no_client_id")
    return await _page(request, here, await _entries(request, client, now, hidden=True), law, now, client=client)


@router.get(f"{OFFICE_AREA}/disclosures.csv")
async def download_for_officer(request: Request, caller: Officer, now: Now, client_id: UUID, law: Law = Law.ALL) -> Response:
    return _file(await _entries(request, client_id, now, hidden=True), law, now)


async def _entries(request: Request, client_id: UUID, now: datetime, *, hidden: bool = False) -> list[Entry] | None:
    """None where reporting is away: what is not complete is not shown."""
    db: Database = request.app.state.db
    try:
        return await accounting_of(db, request.app.state.reporting, client_id, now, hidden=hidden)
    except Problem as problem:
        if problem.code != "temporarily_unavailable":
            raise
        return None


def _file(entries: list[Entry] | None, law: Law, now: datetime) -> Response:
    """Raises Problem."""
    if entries is None:
        raise Problem("temporarily_unavailable", "An accounting is given in full or not at all. Try again.", rule="C9")
    return as_csv(counted(entries, law, period_of(law, now)), "disclosures.csv")


async def _page(request: Request, here: str, found: Sequence[Entry] | None, law: Law, now: datetime, **shown: object) -> Response:
    period = period_of(law, now)
    entries = counted(found or (), law, period)
    answer: Response = request.app.state.pages.render(
        request,
        "my_disclosures.html",
        503 if found is None else 422 if shown.get("message") else 200,
        here=here,
        csrf=csrf_of(request),
        away=found is None,
        law=law,
        laws=list(Law),
        period=period,
        now=now,
        series=summarised(entries),
        entries=entries[::-1][:MOST],
        number=len(entries),
        **{"asks": False, "client": None, "message": None} | shown,
    )
    return answer
