"""`plan`: the health plans."""

from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.schema import metadata


class Plan(BaseModel):
    model_config = ConfigDict(frozen=True)

    plan_id: UUID
    name: str


plan = sa.Table(
    "plan",
    metadata,
    sa.Column("plan_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)


async def insert(tx: AsyncConnection, added: Plan) -> bool:
    """False where the id is taken."""
    result = await tx.execute(pg.insert(plan).values(added.model_dump()).on_conflict_do_nothing())
    return result.rowcount == 1


async def find(tx: AsyncConnection, plan_id: UUID) -> Plan | None:
    row = (await tx.execute(sa.select(plan).where(plan.c.plan_id == plan_id))).one_or_none()
    return Plan.model_validate(row, from_attributes=True) if row else None
