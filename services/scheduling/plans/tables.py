"""`plan`: the health plans, and from when until when the network's systems can process them (S2)."""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.plans.rules import Plan
from scheduling.schema import metadata

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("plan_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("participating", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("participating_from", sa.Date),
    sa.Column("participating_until", sa.Date),
    sa.Column("copay_cents", sa.Integer),
    sa.Column("payer_id", sa.Text),
)


async def insert(tx: AsyncConnection, added: Plan) -> bool:
    """False where the id is taken."""
    result = await tx.execute(pg.insert(plan).values(added.model_dump()).on_conflict_do_nothing())
    return result.rowcount == 1


async def change(tx: AsyncConnection, changed: Plan) -> bool:
    """False where there is none."""
    result = await tx.execute(sa.update(plan).where(plan.c.plan_id == changed.plan_id).values(changed.model_dump()))
    return result.rowcount == 1


async def find(tx: AsyncConnection, plan_id: UUID) -> Plan | None:
    return (await plans_of(tx, [plan_id])).get(plan_id)


async def plans_of(tx: AsyncConnection, plan_ids: Collection[UUID]) -> Mapping[UUID, Plan]:
    wanted = sa.select(plan).where(plan.c.plan_id == sa.any_(sa.literal(list(plan_ids), pg.ARRAY(pg.UUID(as_uuid=True)))))
    return {row.plan_id: Plan.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)}
