"""`employer`: a customer, and the programmes that it offers."""

from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from scheduling.schema import metadata


class Employer(BaseModel):
    model_config = ConfigDict(frozen=True)

    employer_id: UUID
    name: str
    programmes: tuple[Programme, ...]


employer = sa.Table(
    "employer",
    metadata,
    sa.Column("employer_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("programmes", pg.ARRAY(sa.Text), nullable=False),
)


async def insert(tx: AsyncConnection, added: Employer) -> bool:
    """False where the id is taken."""
    result = await tx.execute(pg.insert(employer).values(added.model_dump()).on_conflict_do_nothing())
    return result.rowcount == 1


async def find(tx: AsyncConnection, employer_id: UUID) -> Employer | None:
    row = (await tx.execute(sa.select(employer).where(employer.c.employer_id == employer_id))).one_or_none()
    return Employer.model_validate(row, from_attributes=True) if row else None


async def list_after(tx: AsyncConnection, last: UUID, limit: int) -> list[Employer]:
    rows = await tx.execute(sa.select(employer).where(employer.c.employer_id > last).order_by(employer.c.employer_id).limit(limit))
    return [Employer.model_validate(row, from_attributes=True) for row in rows]
