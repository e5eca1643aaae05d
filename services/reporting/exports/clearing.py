"""Taking away what is over: exports that expired or were called off, batch by batch."""

from datetime import datetime
from uuid import UUID

from common.db import Connection, Pool

BATCH = 1000
"""Rows. An opt-out that wants one of them waits for the batch."""

EXPIRE = "update export set status = 'expired' where status = 'complete' and expires_at <= $1"
OVER = """
select x.export_id from export x
 where x.status in ('cancelled', 'expired') and exists (select from export_stream s where s.export_id = x.export_id
                                                        union all select from export_part p where p.export_id = x.export_id)"""

# Passes over what an opt-out is deleting at this moment: two that wait for each other's rows would end one of them.
DELETE_ROWS = f"""
delete from export_row r using (
  select export_id, stream, part, seq from export_row where export_id = $1 limit {BATCH} for update skip locked) b
 where r.export_id = b.export_id and r.stream = b.stream and r.part = b.part and r.seq = b.seq"""


async def expire(pool: Pool, now: datetime) -> bool:
    """Whether there was something."""
    return await pool.execute(EXPIRE, now) != "UPDATE 0"


async def clear(pool: Pool) -> None:
    for row in await pool.fetch(OVER):
        async with pool.acquire() as tx:
            await clear_export(tx, row["export_id"])


async def clear_export(tx: Connection, export_id: UUID) -> None:
    """Rows first: a worker that ends half way is followed by one that still finds the parts."""
    while await tx.execute(DELETE_ROWS, export_id) != "DELETE 0":
        pass
    if await tx.fetchval("select exists (select from export_row where export_id = $1)", export_id):
        return  # an opt-out has them; with the next look they are gone
    async with tx.transaction():
        await tx.execute("delete from export_part where export_id = $1", export_id)
        await tx.execute("delete from export_stream where export_id = $1", export_id)
