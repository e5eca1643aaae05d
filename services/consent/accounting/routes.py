"""The accounting of disclosures over HTTP (C9), as JSON or CSV: one by one, or summed up as 45 CFR 164.528(b)(3) allows."""

import csv
import io
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from consent.accounting.rules import Entry, Law, Series, counted, period_of, summarised
from consent.accounting.usecases import accounting_of

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["accounting of disclosures"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]
COLUMNS = tuple(name for name in Entry.model_fields if name != "entry_id")


class Accounting(BaseModel):
    """`items` in the full form, `series` in the summary."""

    client_id: UUID
    law: Law
    since: datetime
    until: datetime
    made_at: datetime
    entries: int
    items: list[Entry] | None = None
    series: list[Series] | None = None


@router.get(
    "/accounting-of-disclosures",
    operation_id="readAccountingOfDisclosures",
    response_model=Accounting,
    responses=problems("not_found", "temporarily_unavailable") | {200: {"content": {"text/csv": {}}, "model": Accounting}},
)
async def read_accounting(
    request: Request,
    db: Db,
    caller: Reader,
    client_id: UUID,
    now: Now,
    law: Law = Law.ALL,
    form: Literal["full", "summary"] = "full",
    output: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Response:
    """In full or not at all: where reporting is away, nothing. What an authority has suspended is shown to privacy officers only."""
    caller.own(Role.CLIENT, client_id)
    entries = await accounting_of(db, request.app.state.reporting, client_id, now, hidden=caller.role is Role.PRIVACY_OFFICER)
    period = period_of(law, now, since, until)
    wanted = counted(entries, law, period)
    if output == "csv":
        return as_csv(wanted, f"accounting-{client_id}.csv")
    told = Accounting(
        client_id=client_id,
        law=law,
        since=period.since,
        until=period.until or now,
        made_at=now,
        entries=len(wanted),
        items=wanted if form == "full" else None,
        series=summarised(wanted) if form == "summary" else None,
    )
    return Response(told.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})


def as_csv(entries: list[Entry], name: str) -> Response:
    """RFC 4180, a heading line first."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for entry in entries:
        told = entry.model_dump(mode="json")
        writer.writerow([_cell(told[name]) for name in COLUMNS])
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: object) -> str:
    """A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
