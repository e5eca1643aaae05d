"""Health plans over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from scheduling.plans import usecases
from scheduling.plans.rules import Plan

router = APIRouter(prefix="/v1/plans", tags=["plans"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.PLAN))]


class PlanChange(BaseModel):
    """The whole of what is known of a plan. Both days of participation are included."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Optum", "copay_cents": 2500, "participating_until": "2027-12-31"}}
    )

    name: StructuredText = Field(min_length=1, max_length=200)
    participating: bool = True
    """S2: false where our systems cannot process the plan."""
    participating_from: date | None = None
    participating_until: date | None = None
    copay_cents: int | None = Field(None, ge=0, le=100_000)
    """What a visit costs the client where insurance pays (S13)."""
    payer_id: str | None = Field(None, pattern="^[A-Z0-9]{2,8}$")
    """By which the plan is addressed in eligibility checks."""


class PlanIn(PlanChange):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Optum"}})

    plan_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""


@router.post("", status_code=201, operation_id="addPlan", responses=problems("already_exists", "idempotency_key_reused"))
async def add_plan(db: Db, caller: Operations, key: Key, body: PlanIn) -> Plan:
    return await usecases.add_plan(db, caller, key, Plan(**body.model_dump()))


@router.put("/{plan_id}", operation_id="changePlan", responses=problems("not_found", "idempotency_key_reused"))
async def change_plan(db: Db, journal: TheJournal, caller: Operations, key: Key, plan_id: UUID, body: PlanChange, now: Now) -> Plan:
    """S2: where the plan cannot be processed any more, its clients and their providers are told."""
    return await usecases.change_plan(db, journal, caller, key, Plan(plan_id=plan_id, **body.model_dump()), now)


@router.get("/{plan_id}", operation_id="readPlan", responses=problems("not_found"))
async def read_plan(db: Db, caller: Reader, plan_id: UUID) -> Plan:
    caller.own(Role.PLAN, plan_id)
    return await usecases.read_plan(db, plan_id)
