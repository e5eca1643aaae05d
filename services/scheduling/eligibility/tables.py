"""`coverage_period`: who was employed where and covered by what, as it was known when. `eligibility_verdict`: what was last found.

`payer_answer`: what the plan itself said when it was asked. `eligibility_file`: which files were taken, by their digest.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.clients.rules import Client
from scheduling.clients.tables import client
from scheduling.eligibility.rules import PayerAnswer, Period
from scheduling.employers.tables import employer
from scheduling.plans.tables import plan
from scheduling.schema import metadata

Row = TypeVar("Row", bound=BaseModel)
AT_ONCE = 2000

coverage_period = sa.Table(
    "coverage_period",
    metadata,
    sa.Column("period_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), nullable=False, index=True),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), nullable=False),
    sa.Column("plan_id", pg.UUID(as_uuid=True), sa.ForeignKey(plan.c.plan_id), nullable=False),
    sa.Column("programme", sa.Text),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date),
    sa.Column("source", sa.Text, nullable=False),
    moment("recorded_at"),
    moment("superseded_at", nullable=True),
    sa.CheckConstraint("ends_on >= starts_on", name="ends_on"),
    sa.Index("coverage_period_employer_idx", "employer_id", "client_id", postgresql_where=sa.text("superseded_at is null")),
    sa.Index("coverage_period_plan_idx", "plan_id", "client_id", postgresql_where=sa.text("superseded_at is null")),
)

eligibility_verdict = sa.Table(
    "eligibility_verdict",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("employer_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    moment("verified_at"),
)

payer_answer = sa.Table(
    "payer_answer",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    moment("answered_at"),
)

eligibility_file = sa.Table(
    "eligibility_file",
    metadata,
    sa.Column("digest", pg.BYTEA, primary_key=True),
    sa.Column("result", pg.JSONB),
    moment("received_at"),
)


def one_of(column: sa.ColumnElement[UUID], ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """One parameter for any number of ids."""
    return column == sa.any_(sa.literal(list(ids), pg.ARRAY(pg.UUID(as_uuid=True))))


async def clients_of(tx: AsyncConnection, client_ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Client]:
    """Locked in one order, so that two who change the same clients wait for each other and do not deadlock."""
    wanted = sa.select(client).where(one_of(client.c.client_id, client_ids)).order_by(client.c.client_id)
    rows = await tx.execute(wanted.with_for_update(key_share=True) if lock else wanted)
    return {found.client_id: found async for found in _read(rows, Client)}


async def periods_of(tx: AsyncConnection, client_ids: Collection[UUID], *, superseded: bool = False) -> dict[UUID, list[Period]]:
    """What is known now, or all that ever was."""
    c = coverage_period.c
    wanted = sa.select(coverage_period).where(one_of(c.client_id, client_ids)).order_by(c.starts_on, c.recorded_at, c.period_id)
    found: dict[UUID, list[Period]] = {client_id: [] for client_id in client_ids}
    rows = await tx.execute(wanted if superseded else wanted.where(c.superseded_at.is_(None)))
    async for period in _read(rows, Period):
        found[period.client_id].append(period)
    return found


async def _read(rows: Iterable[Any], model: type[Row]) -> AsyncIterator[Row]:
    """Of a large file they are a hundred thousand: other requests get their turn in between."""
    for number, row in enumerate(rows, 1):
        yield model.model_validate(row, from_attributes=True)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


async def change(tx: AsyncConnection, superseded: Sequence[Period], added: Sequence[Period], now: datetime) -> None:
    if superseded:
        mine = one_of(coverage_period.c.period_id, [period.period_id for period in superseded])
        await tx.execute(sa.update(coverage_period).where(mine).values(superseded_at=now))
    if added:
        connection = (await tx.get_raw_connection()).driver_connection
        assert connection is not None
        columns = list(Period.model_fields)
        rows = [tuple(period.model_dump().values()) for period in added]
        await connection.copy_records_to_table(coverage_period.name, records=rows, columns=columns)


MOVE = """
update client c set employer_id = m.employer_id, plan_id = m.plan_id, member_id = case c.employer_id when m.employer_id then c.member_id end
  from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as m(client_id, employer_id, plan_id) where c.client_id = m.client_id"""


async def move_clients(tx: AsyncConnection, moved: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Client, employer and plan as they were found now. A member id is one of the employer's, and does not move along."""
    if moved:
        await tx.exec_driver_sql(MOVE, tuple(map(list, zip(*moved, strict=True))))


async def covered_by(tx: AsyncConnection, *, plan_id: UUID) -> list[UUID]:
    c = coverage_period.c
    wanted = sa.select(c.client_id).distinct().where(c.plan_id == plan_id, c.superseded_at.is_(None))
    return list(await tx.scalars(wanted))


async def employed_at(tx: AsyncConnection, employer_ids: Collection[UUID]) -> list[UUID]:
    c = coverage_period.c
    wanted = sa.select(c.client_id).distinct().where(one_of(c.employer_id, employer_ids), c.superseded_at.is_(None))
    return list(await tx.scalars(wanted))


async def members(tx: AsyncConnection, employer_ids: Collection[UUID]) -> dict[tuple[UUID, str], UUID]:
    """By employer and member id."""
    c = client.c
    wanted = sa.select(c.employer_id, c.member_id, c.client_id).where(one_of(c.employer_id, employer_ids), c.member_id.is_not(None))
    return {(row.employer_id, row.member_id): row.client_id for row in await tx.execute(wanted)}


async def payer_answers(tx: AsyncConnection, client_ids: Collection[UUID]) -> dict[tuple[UUID, Programme], PayerAnswer]:
    rows = await tx.execute(sa.select(payer_answer).where(one_of(payer_answer.c.client_id, client_ids)))
    answers = (PayerAnswer(r.client_id, Programme(r.programme), r.plan_id, r.as_of, r.active, r.answered_at) for r in rows)
    return {(answer.client_id, answer.programme): answer for answer in answers}


async def keep_answer(tx: AsyncConnection, answer: PayerAnswer) -> None:
    row = {name: getattr(answer, name) for name in PayerAnswer.__slots__}
    await tx.execute(pg.insert(payer_answer).values(row).on_conflict_do_update(index_elements=["client_id", "programme"], set_=row))


async def claim_file(tx: AsyncConnection, digest: bytes, now: datetime) -> dict[str, object] | None:
    """What was answered to the same file before, which is waited for while it is under way. None: it is new, and this one's to take."""
    claimed = await tx.execute(pg.insert(eligibility_file).values(digest=digest, received_at=now).on_conflict_do_nothing())
    if claimed.rowcount:
        return None
    return await tx.scalar(sa.select(eligibility_file.c.result).where(eligibility_file.c.digest == digest))


async def keep_result(tx: AsyncConnection, digest: bytes, result: dict[str, object]) -> None:
    await tx.execute(sa.update(eligibility_file).where(eligibility_file.c.digest == digest).values(result=result))
