"""`visit`: a session that is scheduled or was held, with who pays for it. `coverage_choice`: how it goes on after the last one.

C16: how often somebody is seen stays in here; no route shows it to a provider, an employer or a plan.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.clients.tables import client
from scheduling.coverage.rules import Account, CoverageChoice, Visit, VisitState
from scheduling.employers.tables import employer
from scheduling.schema import metadata

visit = sa.Table(
    "visit",
    metadata,
    sa.Column("appointment_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("on_date", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("funding", sa.Text, nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("limit", sa.Integer),
    sa.Index("visit_client_idx", "client_id", "programme", "on_date"),
)

coverage_choice = sa.Table(
    "coverage_choice",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), primary_key=True),
    sa.Column("period_starts_on", sa.Date, primary_key=True),
    sa.Column("choice", sa.Text, nullable=False),
    moment("chosen_at"),
)


async def find(tx: AsyncConnection, appointment_id: UUID) -> Visit | None:
    row = (await tx.execute(sa.select(visit).where(visit.c.appointment_id == appointment_id))).one_or_none()
    return _visit(row) if row else None


async def put(tx: AsyncConnection, planned: Visit) -> None:
    row = asdict(planned)
    await tx.execute(pg.insert(visit).values(row).on_conflict_do_update(index_elements=["appointment_id"], set_=row))


async def remove(tx: AsyncConnection, appointment_id: UUID) -> None:
    """One that was held stays: it has been told to billing."""
    await tx.execute(sa.delete(visit).where(visit.c.appointment_id == appointment_id, visit.c.state == VisitState.RESERVED))


async def filled(tx: AsyncConnection, client_id: UUID, programme: Programme, empty: Account) -> Account:
    """The account with the visits that count in it, and the choice for what comes after them."""
    c = visit.c
    mine = sa.and_(c.client_id == client_id, c.programme == programme, c.employer_id == empty.employer_id)
    counted = sa.select(visit).where(mine, c.funding == "employer", c.on_date.between(empty.first, empty.last))
    visits = [_visit(row) for row in await tx.execute(counted)]
    choice = await tx.scalar(sa.select(coverage_choice.c.choice).where(*_key(client_id, programme, empty)))
    return Account(empty.employer_id, empty.limit, empty.first, empty.last, visits, CoverageChoice(choice) if choice else None)


async def choose(
    tx: AsyncConnection, client_id: UUID, programme: Programme, account: Account, choice: CoverageChoice, now: datetime
) -> None:
    key = {"client_id": client_id, "programme": programme, "employer_id": account.employer_id, "period_starts_on": account.first}
    values = {"choice": choice, "chosen_at": now}
    await tx.execute(pg.insert(coverage_choice).values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values))


def _key(client_id: UUID, programme: Programme, account: Account) -> tuple[sa.ColumnElement[bool], ...]:
    c = coverage_choice.c
    return (
        c.client_id == client_id,
        c.programme == programme,
        c.employer_id == account.employer_id,
        c.period_starts_on == account.first,
    )


def _visit(row: Any) -> Visit:
    return Visit(
        appointment_id=row.appointment_id,
        client_id=row.client_id,
        employer_id=row.employer_id,
        programme=Programme(row.programme),
        on_date=row.on_date,
        state=VisitState(row.state),
        funding=row.funding,
        number=row.number,
        limit=row.limit,
    )
