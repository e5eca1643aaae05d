"""`to_plan`: whose assignments are to be planned anew. Every change leaves a mark of its own.

A mark is never merged with one that is there: that one may be taken up this very moment, by somebody who has not seen the change.
"""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.schema import metadata
from common.db import Connection, after_commit
from common.schema import moment
from common.waking import Waking

to_plan = sa.Table(
    "to_plan",
    metadata,
    sa.Column("mark_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    moment("retry_at", nullable=True),
)
MARK = "insert into to_plan (client_id) select distinct unnest($1::uuid[])"
MARK_QUEUED = "insert into to_plan (client_id) select distinct client_id from assignment where schedule = $1 and state = 'queued'"
# Of whom no appointment is known there is nothing to plan; the first one leaves a mark of its own.
MARK_ANSWERED = "insert into to_plan (client_id) select $1 where exists (select from care_visit where client_id = $1)"
TAKE = """
delete from to_plan where mark_id in (
  select mark_id from to_plan where retry_at is null or retry_at <= clock_timestamp() order by mark_id limit $1 for update skip locked)
returning client_id"""
TAKE_ONE = "delete from to_plan where client_id = $1"
PUT_OFF = "update to_plan set retry_at = clock_timestamp() + interval '1 minute' where client_id = $1"

marks = Waking()


async def mark(tx: Connection, client_ids: Collection[UUID]) -> None:
    """In the transaction of an event."""
    await tx.execute(MARK, list(client_ids))
    after_commit(marks.wake)


async def mark_again(tx: AsyncConnection, client_ids: Collection[UUID]) -> None:
    """In the transaction of a use case or a deadline."""
    await tx.exec_driver_sql(MARK, (list(client_ids),))
    after_commit(marks.wake)


async def mark_answered(tx: AsyncConnection, client_id: UUID) -> None:
    """In the transaction that completes a response."""
    await tx.exec_driver_sql(MARK_ANSWERED, (client_id,))
    after_commit(marks.wake)


async def mark_queued(tx: AsyncConnection, schedule: str) -> None:
    """Everybody for whom something of this schedule waits to be sent: an edit reaches what is queued."""
    await tx.exec_driver_sql(MARK_QUEUED, (schedule,))
    after_commit(marks.wake)


async def take(tx: AsyncConnection, limit: int) -> set[UUID]:
    """Whoever changes them from here on leaves a new mark."""
    return set((await tx.exec_driver_sql(TAKE, (limit,))).scalars())


async def take_one(tx: AsyncConnection, client_id: UUID) -> None:
    await tx.exec_driver_sql(TAKE_ONE, (client_id,))


async def put_off(tx: AsyncConnection, client_id: UUID) -> None:
    """Whoever cannot be planned holds nobody up."""
    await tx.exec_driver_sql(PUT_OFF, (client_id,))
