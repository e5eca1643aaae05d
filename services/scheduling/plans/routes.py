"""Health plans over HTTP."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from scheduling.plans import usecases
from scheduling.plans.tables import Plan

router = APIRouter(prefix="/v1/plans", tags=["plans"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.PLAN))]


class PlanIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Optum"}})

    name: StructuredText = Field(min_length=1, max_length=200)
    plan_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""


@router.post("", status_code=201, operation_id="addPlan", responses=problems("already_exists", "idempotency_key_reused"))
async def add_plan(db: Db, caller: Operations, key: Key, body: PlanIn) -> Plan:
    return await usecases.add_plan(db, caller, key, Plan(plan_id=body.plan_id, name=body.name))


@router.get("/{plan_id}", operation_id="readPlan", responses=problems("not_found"))
async def read_plan(db: Db, caller: Reader, plan_id: UUID) -> Plan:
    caller.own(Role.PLAN, plan_id)
    return await usecases.read_plan(db, plan_id)
