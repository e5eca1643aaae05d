"""`client`: a covered person, by pseudonym."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.clients.rules import Client, Covered
from scheduling.employers.tables import employer
from scheduling.plans.tables import plan
from scheduling.schema import metadata

client = sa.Table(
    "client",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), nullable=False, index=True),
    sa.Column("plan_id", pg.UUID(as_uuid=True), sa.ForeignKey(plan.c.plan_id), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Date, nullable=False),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    moment("recorded_at", filled=True),
)


async def insert(tx: AsyncConnection, added: Client) -> bool:
    """False where the id is taken."""
    result = await tx.execute(pg.insert(client).values(added.model_dump()).on_conflict_do_nothing())
    return result.rowcount == 1


async def find(tx: AsyncConnection, client_id: UUID) -> Client | None:
    row = (await tx.execute(sa.select(client).where(client.c.client_id == client_id))).one_or_none()
    return Client.model_validate(row, from_attributes=True) if row else None


async def lock_covered(tx: AsyncConnection, client_id: UUID) -> Covered | None:
    """Locks the client's row until the commit: a client's requests are taken one after the other."""
    statement = (
        sa.select(client.c.employer_id, employer.c.programmes)
        .join(employer, employer.c.employer_id == client.c.employer_id)
        .where(client.c.client_id == client_id)
        .with_for_update(of=client)
    )
    row = (await tx.execute(statement)).one_or_none()
    return Covered(client_id, row.employer_id, [Programme(name) for name in row.programmes]) if row else None
