"""What can be done about health plans: add one, look."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.plans import tables
from scheduling.plans.tables import Plan


async def add_plan(db: Database, caller: Principal, key: IdempotencyKey, plan: Plan) -> Plan:
    async def work(tx: AsyncConnection) -> Plan:
        if not await tables.insert(tx, plan):
            raise Problem("already_exists", "There is a plan with this id.", field="plan_id")
        return plan

    return await once(db, caller, key, Plan, work)


async def read_plan(db: Database, plan_id: UUID) -> Plan:
    async with db.begin() as tx:
        found = await tables.find(tx, plan_id)
    if found is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    return found
