"""Statements over `correction_delivery`: what an owner, or reporting, is still to be handed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Database, after_commit
from common.waking import Waking
from consent.corrections.tables import correction_delivery

LONGEST = 300
"""Seconds between two tries."""
LEASE = 20
"""Seconds. Longer than a try takes; another instance follows whoever is killed meanwhile."""
deliveries = Waking()

# The pause doubles from a second on. By the database's clock: the others' absence is real, whatever a simulated clock says.
CLAIM = """
update correction_delivery d
   set attempts = attempts + 1, next_at = clock_timestamp() + make_interval(secs => $2)
  from (select correction_id, service from correction_delivery where done_at is null and next_at <= clock_timestamp()
         order by next_at limit $1 for update skip locked) due
 where d.correction_id = due.correction_id and d.service = due.service
returning d.correction_id, d.service"""

PUT_OFF = """
update correction_delivery set next_at = clock_timestamp() + make_interval(secs => least($3, power(2, least(attempts, 12)) / 2))
 where correction_id = $1 and service = $2 and done_at is null"""


async def put(tx: AsyncConnection, correction_id: UUID, client_id: UUID, service: str) -> None:
    """In the transaction that decides."""
    values = {"correction_id": correction_id, "client_id": client_id, "service": service}
    await tx.execute(pg.insert(correction_delivery).values(values).on_conflict_do_nothing())
    after_commit(deliveries.wake)


async def claim(db: Database, limit: int) -> Sequence[tuple[UUID, str]]:
    async with db.begin_event() as tx:
        return [(row["correction_id"], row["service"]) for row in await tx.fetch(CLAIM, limit, LEASE)]


async def put_off(db: Database, correction_id: UUID, service: str) -> None:
    await db.pool.execute(PUT_OFF, correction_id, service, LONGEST)


async def done(tx: AsyncConnection, correction_id: UUID, service: str, now: datetime) -> None:
    c = correction_delivery.c
    mine = (c.correction_id == correction_id) & (c.service == service) & c.done_at.is_(None)
    await tx.execute(sa.update(correction_delivery).where(mine).values(done_at=now))


async def drop(tx: AsyncConnection, correction_id: UUID, service: str) -> None:
    c = correction_delivery.c
    await tx.execute(sa.delete(correction_delivery).where(c.correction_id == correction_id, c.service == service))
