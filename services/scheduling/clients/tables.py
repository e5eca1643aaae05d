"""`client`: a covered person, by pseudonym. Employer and plan are what was found last; the history stands in `coverage_period`."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.clients.rules import Client, Covered
from scheduling.employers.tables import WHOLE, employer
from scheduling.plans.tables import plan
from scheduling.schema import metadata

client = sa.Table(
    "client",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), nullable=False, index=True),
    sa.Column("plan_id", pg.UUID(as_uuid=True), sa.ForeignKey(plan.c.plan_id), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Date, nullable=False),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text),
    moment("recorded_at", filled=True),
    sa.Index("client_member_idx", "employer_id", "member_id", unique=True, postgresql_where=sa.text("member_id is not null")),
)


async def insert(tx: AsyncConnection, added: Client) -> bool:
    """False where the id, or the member id at this employer, is taken."""
    result = await tx.execute(pg.insert(client).values(added.model_dump()).on_conflict_do_nothing())
    return result.rowcount == 1


async def find(tx: AsyncConnection, client_id: UUID) -> Client | None:
    row = (await tx.execute(sa.select(client).where(client.c.client_id == client_id))).one_or_none()
    return Client.model_validate(row, from_attributes=True) if row else None


async def lock_covered(tx: AsyncConnection, client_id: UUID, *, skip_locked: bool = False) -> Covered | None:
    """Locks the client's row until the commit: what a client does is taken one after the other. `for no key update` lets rows be
    added meanwhile that only point at the client. None where there is none, and with `skip_locked` where somebody else holds it."""
    statement = (
        sa.select(client, WHOLE.selected_columns.programmes.label("offered"))
        .join(employer, employer.c.employer_id == client.c.employer_id)
        .where(client.c.client_id == client_id)
        .with_for_update(of=client, key_share=True, skip_locked=skip_locked)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    return Covered(
        client_id=row.client_id,
        employer_id=row.employer_id,
        plan_id=row.plan_id,
        state=row.state,
        zone=row.time_zone,
        language=row.language,
        programme=Programme(row.programme),
        offered=[Programme(name) for name in row.offered],
    )
