"""Recalls: for the plan what to delete, and saying that it was done (R5); for those who watch over it, how far each plan is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import AttestingRole, DeletionMethod
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem
from reporting.recalls import tables, usecases
from reporting.recalls.rules import UNANSWERED, Attestation, Overdue, State

router = APIRouter(prefix="/v1", tags=["recalls"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]
Watching = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER, Role.OPERATIONS, Role.SERVICE))]
States = Annotated[list[State] | None, Query(description="One or more; without it those that wait for an acknowledgement.")]


class Recall(BaseModel):
    """Delete everything that was received under these tokens, from these exports and from the partner topic."""

    recall_id: UUID
    state: State
    tokens: list[UUID]
    exports: list[UUID]
    created_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    attested_at: datetime | None
    overdue: Overdue | None


class Progress(BaseModel):
    """Who is asked, how far it is, and what it owes. No token and no client."""

    recall_id: UUID
    state: State
    plan_id: UUID
    slug: str | None
    decision_id: UUID
    exports: int
    created_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    attested_at: datetime | None
    method: DeletionMethod | None
    attested_by: AttestingRole | None
    overdue: Overdue | None
    escalated: bool


class Acknowledged(BaseModel):
    recall_id: UUID
    acknowledged: bool = True


class Attested(BaseModel):
    recall_id: UUID
    attested: bool = True


@router.get("/recalls", operation_id="listRecalls", responses=problems())
async def list_recalls(db: Db, caller: Plan, cursor: Cursor = None, limit: Limit = 100, state: States = None) -> Page[Recall]:
    """`state=acknowledged`: what is still to be attested."""
    async with db.pool.acquire() as tx:
        rows = await tables.recalls_of(tx, caller.id, after(cursor), state or UNANSWERED, limit + 1)
    return page_of([Recall.model_validate(row) for row in rows], limit, lambda item: item.recall_id)


@router.get("/recalls/{recall_id}", operation_id="readRecall", responses=problems("not_found"))
async def read_recall(db: Db, caller: Plan, recall_id: UUID) -> Recall:
    async with db.pool.acquire() as tx:
        row = await tables.find_recall(tx, recall_id, caller.id)
    if row is None:
        raise Problem("not_found", "No such recall.")
    return Recall.model_validate(row)


@router.post("/recalls/{recall_id}/acknowledgement", operation_id="acknowledgeRecall", responses=problems("not_found"))
async def acknowledge_recall(db: Db, journal: TheJournal, caller: Plan, recall_id: UUID, now: Now) -> Acknowledged:
    """The plan has it, and uses nothing of it any more. Saying so twice changes nothing."""
    await usecases.acknowledge_recall(db, journal, caller.id, recall_id, now)
    return Acknowledged(recall_id=recall_id)


@router.post("/recalls/{recall_id}/attestation", operation_id="attestRecall", responses=problems("not_found"))
async def attest_recall(db: Db, journal: TheJournal, caller: Plan, recall_id: UUID, body: Attestation, now: Now) -> Attested:
    """The plan has deleted everything, and says how, when and who states it. It acknowledges by that. The first statement stands."""
    await usecases.attest_recall(db, journal, caller.id, recall_id, body, now)
    return Attested(recall_id=recall_id)


@router.get("/recall-progress", operation_id="listRecallProgress", responses=problems())
async def list_recall_progress(db: Db, _: Watching, cursor: Cursor = None, limit: Limit = 100, overdue: bool = False) -> Page[Progress]:
    """Every plan's recalls; with `overdue=true` those that are late."""
    async with db.pool.acquire() as tx:
        rows = await tables.progress(tx, after(cursor), overdue, limit + 1)
    return page_of([Progress.model_validate(row) for row in rows], limit, lambda item: item.recall_id)
