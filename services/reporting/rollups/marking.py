"""`recount_mark`: who is to be counted anew."""

from uuid import UUID

from common.db import PENDING, Connection, after_commit
from common.waking import Waking

# As many clients as the oldest so many marks are about, with all their marks.
TAKE = """
delete from recount_mark where client_id in (
  select client_id from recount_mark where $2 or retry_at is null or retry_at <= clock_timestamp() order by mark_id limit $1)
returning client_id"""
TAKE_ONE = "delete from recount_mark where client_id = $1"
PUT_OFF = "update recount_mark set retry_at = clock_timestamp() + interval '1 minute' where client_id = $1"

marks = Waking()


def and_mark(statement: str, clients: str) -> str:
    """What changes facts leaves a mark for each of the `clients`, a parameter, in the same statement."""
    return f"with changed as ({statement}) insert into recount_mark (client_id) select distinct unnest({clients}::uuid[])"


def wake() -> None:
    """Once the transaction under way is committed. A rebuild has nobody to wake."""
    if PENDING.get() is not None:
        after_commit(marks.wake)


async def take(tx: Connection, limit: int, *, put_off: bool = False) -> set[UUID]:
    """Whoever changes them from here on leaves a new mark. `put_off`: also those who could not be counted a short time ago."""
    return {row["client_id"] for row in await tx.fetch(TAKE, limit, put_off)}


async def take_one(tx: Connection, client_id: UUID) -> None:
    await tx.execute(TAKE_ONE, client_id)


async def put_off(tx: Connection, client_id: UUID) -> None:
    """Whoever cannot be counted holds nobody up."""
    await tx.execute(PUT_OFF, client_id)
