"""Recalls, for the plan: what to delete, and saying that it was done (R5)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from reporting.recalls import tables, usecases

router = APIRouter(prefix="/v1/recalls", tags=["recalls"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]


class Recall(BaseModel):
    """Delete everything that was received under these tokens, from these exports and from the partner topic."""

    recall_id: UUID
    tokens: list[UUID]
    exports: list[UUID]
    created_at: datetime
    acknowledged_at: datetime | None


class Acknowledged(BaseModel):
    recall_id: UUID
    acknowledged: bool = True


@router.get("", operation_id="listRecalls", responses=problems())
async def list_recalls(db: Db, caller: Plan, cursor: Cursor = None, limit: Limit = 100, acknowledged: bool = False) -> Page[Recall]:
    """Open recalls; with `acknowledged=true` all of them."""
    async with db.pool.acquire() as tx:
        rows = await tables.recalls_of(tx, caller.id, after(cursor), acknowledged, limit + 1)
    return page_of([Recall.model_validate(row) for row in rows], limit, lambda item: item.recall_id)


@router.post("/{recall_id}/acknowledgement", operation_id="acknowledgeRecall", responses=problems("not_found"))
async def acknowledge_recall(db: Db, journal: TheJournal, caller: Plan, recall_id: UUID, now: Now) -> Acknowledged:
    """The plan has deleted it. Saying so twice changes nothing."""
    await usecases.acknowledge_recall(db, journal, caller.id, recall_id, now)
    return Acknowledged(recall_id=recall_id)
