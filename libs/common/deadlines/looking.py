"""What runs for many subjects at once: for lists that show the time left."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines.deadline import Deadline
from common.deadlines.statements import COLUMNS, to_deadline

SOONEST = f"""
select distinct on (d.subject) {COLUMNS} from deadline d
 where d.subject = any($1::uuid[]) and d.closed_at is null
 order by d.subject, d.due_at nulls last, d.deadline_id"""


async def soonest(tx: AsyncConnection, subjects: Collection[UUID]) -> dict[UUID, Deadline]:
    """By subject, the one that ends first of those that are not closed; a paused one only where nothing runs."""
    rows = (await tx.exec_driver_sql(SOONEST, (list(subjects),))).mappings()
    return {deadline.subject: deadline for deadline in map(to_deadline, rows)}
