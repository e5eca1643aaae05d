"""Corrections: for recipients what was corrected of what they have, for the client and the network's services who was told (C10)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.corrections import RefusalGround, Spreading
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem
from reporting.corrections import tables, usecases

router = APIRouter(prefix="/v1", tags=["corrections"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER, Role.SERVICE))]
Neighbour = Annotated[Principal, Depends(Allow(Role.SERVICE))]
Kind = Literal["corrected", "amended", "disputed"]
MOST = 500


class DataCorrection(BaseModel):
    """What became of `resources` (`Type/id`, under the recipient's own `tokens`). `corrected`: take them anew. `amended`: there is an
    amendment to them on file. `disputed`: the client disagrees with `fields`; a correction was refused on `ground`."""

    correction_id: UUID
    kind: Kind
    fields: list[str]
    ground: RefusalGround | None
    decided_at: datetime
    tokens: list[UUID]
    resources: list[str]
    told_at: datetime | None
    acknowledged_at: datetime | None


class Told(BaseModel):
    """One recipient: when it was told, and when it said that it had read it. `recipient` is its slug."""

    correction_id: UUID
    kind: Kind
    recipient: str
    decided_at: datetime
    queued_at: datetime
    told_at: datetime | None
    acknowledged_at: datetime | None


class WhoWasTold(BaseModel):
    items: list[Told]


class Spread(BaseModel):
    """How many recipients are told; none where it was known."""

    recipients: int


class Acknowledged(BaseModel):
    correction_id: UUID
    acknowledged: bool = True


@router.get("/data-corrections", operation_id="listDataCorrections", responses=problems())
async def list_data_corrections(db: Db, caller: Plan, cursor: Cursor = None, limit: Limit = 100) -> Page[DataCorrection]:
    async with db.pool.acquire() as tx:
        rows = await tables.page_for_recipient(tx, caller.id, after(cursor), limit + 1)
    return page_of([DataCorrection.model_validate(row) for row in rows], limit, lambda item: item.correction_id)


@router.get("/data-corrections/{correction_id}", operation_id="readDataCorrection", responses=problems("not_found"))
async def read_data_correction(db: Db, caller: Plan, correction_id: UUID) -> DataCorrection:
    """For a recipient that has what was corrected; of others' it is not said that there are any."""
    async with db.pool.acquire() as tx:
        row = await tables.for_recipient(tx, caller.id, correction_id)
    if row is None:
        raise _none()
    return DataCorrection.model_validate(row)


@router.post("/data-corrections/{correction_id}/acknowledgement", operation_id="acknowledgeDataCorrection", responses=problems("not_found"))
async def acknowledge_data_correction(db: Db, caller: Plan, correction_id: UUID, now: Now) -> Acknowledged:
    """The recipient goes by it from here on. Saying so twice changes nothing."""
    async with db.begin_event() as tx:
        if not await tx.fetchval(tables.ACKNOWLEDGE, caller.id, correction_id, now):
            raise _none()
    return Acknowledged(correction_id=correction_id)


@router.get("/clients/{client_id}/data-corrections", operation_id="listToldOfCorrections", responses=problems("not_found"))
async def list_told(db: Db, caller: Reader, client_id: UUID) -> WhoWasTold:
    """164.526(c)(3): who was told of this client's corrections, and when."""
    caller.own(Role.CLIENT, client_id)
    async with db.pool.acquire() as tx:
        rows = await tables.who_was_told(tx, client_id, MOST)
    return WhoWasTold(items=[Told.model_validate(row) for row in rows])


@router.put("/corrections/{correction_id}", operation_id="spreadCorrection", responses=problems("unknown_client"))
async def spread_correction(request: Request, db: Db, journal: TheJournal, _: Neighbour, correction_id: UUID, body: Spreading) -> Spread:
    """For consent: what no event of an owner tells. It may come again."""
    told = await usecases.spread(db, request.app.state.publisher, correction_id, body, journal.streams)
    return Spread(recipients=told)


def _none() -> Problem:
    return Problem("not_found", "No such correction.")
