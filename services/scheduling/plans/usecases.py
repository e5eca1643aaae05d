"""What can be done about health plans: add one, change one, look."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.eligibility.verifying import verify_plan
from scheduling.plans import rules, tables
from scheduling.plans.rules import Plan

NOTHING = "There is nothing here that you may see."


async def add_plan(db: Database, caller: Principal, key: IdempotencyKey, plan: Plan) -> Plan:
    """Raises Problem."""
    rules.checked(plan)

    async def work(tx: AsyncConnection) -> Plan:
        if not await tables.insert(tx, plan):
            raise Problem("already_exists", "There is a plan with this id.", field="plan_id")
        return plan

    return await once(db, caller, key, Plan, work)


async def change_plan(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, plan: Plan, now: datetime) -> Plan:
    """S2: everybody whom the plan covers is verified anew; where it cannot be processed, they and their providers are told."""
    rules.checked(plan)

    async def work(tx: AsyncConnection) -> Plan:
        if not await tables.change(tx, plan):
            raise Problem("not_found", NOTHING)
        await verify_plan(tx, journal, plan.plan_id, now)
        return plan

    return await once(db, caller, key, Plan, work)


async def read_plan(db: Database, plan_id: UUID) -> Plan:
    async with db.begin() as tx:
        found = await tables.find(tx, plan_id)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found
