"""`employer`: a customer. `contract`: the versions of its terms, one row a programme and change; nothing is overwritten."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.employers.rules import FEDERAL, Contract, as_of
from scheduling.schema import metadata


class Employer(BaseModel):
    """With the programmes that it has a contract for, in force or not."""

    model_config = ConfigDict(frozen=True)

    employer_id: UUID
    name: str
    programmes: tuple[Programme, ...]


employer = sa.Table(
    "employer",
    metadata,
    sa.Column("employer_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

contract = sa.Table(
    "contract",
    metadata,
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("applies_from", sa.Date, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date),
    sa.Column("regions", pg.ARRAY(sa.Text)),
    sa.Column("session_limit", sa.Integer),
    sa.Column("limit_period", sa.Text, nullable=False),
    sa.Column("calendar", sa.Text, nullable=False),
    moment("recorded_at"),
    sa.CheckConstraint("session_limit between 1 and 52", name="session_limit"),
)

PROGRAMMES = sa.func.array(
    sa.select(contract.c.programme)
    .distinct()
    .where(contract.c.employer_id == employer.c.employer_id)
    .order_by(contract.c.programme)
    .correlate(employer)
    .scalar_subquery()
)
WHOLE = sa.select(employer, sa.type_coerce(PROGRAMMES, pg.ARRAY(sa.Text)).label("programmes"))


async def insert(tx: AsyncConnection, added: Employer) -> bool:
    """False where the id is taken."""
    row = {"employer_id": added.employer_id, "name": added.name}
    result = await tx.execute(pg.insert(employer).values(row).on_conflict_do_nothing())
    return result.rowcount == 1


async def add_versions(tx: AsyncConnection, versions: Sequence[Contract]) -> None:
    await tx.execute(sa.insert(contract), [version.model_dump() for version in versions])


async def lock(tx: AsyncConnection, employer_id: UUID) -> bool:
    """Changes of an employer's contracts one after the other. False where there is no such employer."""
    wanted = sa.select(employer.c.employer_id).where(employer.c.employer_id == employer_id).with_for_update(key_share=True)
    return (await tx.execute(wanted)).one_or_none() is not None


async def find(tx: AsyncConnection, employer_id: UUID) -> Employer | None:
    row = (await tx.execute(WHOLE.where(employer.c.employer_id == employer_id))).one_or_none()
    return Employer.model_validate(row, from_attributes=True) if row else None


async def list_after(tx: AsyncConnection, last: UUID, limit: int) -> list[Employer]:
    rows = await tx.execute(WHOLE.where(employer.c.employer_id > last).order_by(employer.c.employer_id).limit(limit))
    return [Employer.model_validate(row, from_attributes=True) for row in rows]


async def versions_of(tx: AsyncConnection, employer_id: UUID) -> list[Contract]:
    """All of them, by programme, the newest first."""
    c = contract.c
    wanted = sa.select(contract).where(c.employer_id == employer_id).order_by(c.programme, c.version.desc())
    return [Contract.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]


async def contracts_of(tx: AsyncConnection, employer_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Contract]]:
    """Every version for each of the employers that there are."""
    c = contract.c
    wanted = (
        sa.select(employer.c.employer_id.label("of"), contract)
        .select_from(employer.outerjoin(contract))
        .where(employer.c.employer_id == sa.any_(sa.literal(list(employer_ids), pg.ARRAY(pg.UUID(as_uuid=True)))))
        .order_by(employer.c.employer_id, c.programme, c.version)
    )
    found: dict[UUID, list[Contract]] = {}
    for row in await tx.execute(wanted):
        versions = found.setdefault(row.of, [])
        if row.version is not None:
            versions.append(Contract.model_validate(row, from_attributes=True))
    return found


async def calendar_of(tx: AsyncConnection, employer_id: UUID, programme: Programme, on: date) -> str:
    """The code of the working calendar that the contract counts by; the federal one where no contract says."""
    found = as_of(await versions_of(tx, employer_id), programme, on)
    return found.calendar if found else FEDERAL
