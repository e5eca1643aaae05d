"""How far an opt-out has taken effect (C9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Sink
from common.edge import Db
from common.http import problems
from common.problems import Problem
from consent.propagation.rules import STOPS_RELEASE, Receipt, Status, status_of
from consent.propagation.tables import receipts_of

router = APIRouter(prefix="/v1", tags=["propagation"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]
DEFAULT_WAIT, LONGEST_WAIT = 2.0, 30.0


class ReceiptOut(BaseModel):
    sink: Sink
    due_at: datetime
    done_at: datetime | None
    records: int | None
    overdue: bool


class Propagation(BaseModel):
    """`recorded`: no release begun later holds the client. `effective`: nothing leaves any more. `complete`: stated deleted."""

    decision_id: UUID
    status: Status
    receipts: list[ReceiptOut]


class SinkOut(BaseModel):
    sink: Sink
    stops_release: bool


class Sinks(BaseModel):
    items: list[SinkOut]


PREFER = {
    "parameters": [
        {"name": "Prefer", "in": "header", "required": False, "schema": {"type": "string"}, "description": "`wait=seconds` (RFC 7240)."}
    ]
}


def preferred_wait(prefer: str | None) -> float:
    """Seconds; anything that is no such preference is ignored, as RFC 7240 wants."""
    for preference in (prefer or "").split(","):
        name, _, value = preference.strip().partition("=")
        if name.strip().lower() == "wait" and value.strip().isdigit():
            return min(float(value), LONGEST_WAIT)
    return DEFAULT_WAIT


def propagation_of(decision_id: UUID, receipts: Sequence[Receipt]) -> Propagation:
    out = [ReceiptOut(sink=r.sink, due_at=r.due_at, done_at=r.done_at, records=r.records, overdue=r.overdue) for r in receipts]
    return Propagation(decision_id=decision_id, status=status_of(receipts), receipts=out)


@router.get("/clients/{client_id}/opt-outs/{decision_id}", operation_id="readOptOut", responses=problems("not_found"))
async def read_opt_out(db: Db, caller: Reader, client_id: UUID, decision_id: UUID) -> Propagation:
    caller.own(Role.CLIENT, client_id)
    async with db.pool.acquire() as tx:
        known = await tx.fetchval("select true from receipt where decision_id = $1 and client_id = $2", decision_id, client_id)
        receipts = await receipts_of(tx, decision_id) if known else []
    if not receipts:
        raise Problem("not_found", "No such opt-out.")
    return propagation_of(decision_id, receipts)


@router.get("/sinks", operation_id="listSinks", dependencies=[Depends(Allow(Role.PRIVACY_OFFICER, Role.OPERATIONS))], responses=problems())
async def list_sinks() -> Sinks:
    """Every place that individual data can have reached."""
    return Sinks(items=[SinkOut(sink=sink, stops_release=sink in STOPS_RELEASE) for sink in Sink])
