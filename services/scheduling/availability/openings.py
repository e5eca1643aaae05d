"""`next_opening`: each provider's next open consultation, kept true with every change, and by a sweep as time passes."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from common.clock import Clock
from common.db import DOWN, Database
from common.schema import moment
from scheduling.availability import slot_tables, tables
from scheduling.availability.rules import LONGEST_HORIZON, MINUTE, Calendar, open_slots
from scheduling.schema import metadata

log = logging.getLogger(__name__)

AGAIN = timedelta(hours=1)
"""When to look again for somebody who has nothing open: the horizon moves on."""

next_opening = sa.Table(
    "next_opening",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    moment("starts_at", nullable=True),
    moment("computed_at"),
    # When time alone makes it untrue: it comes too near to be booked, or a hold before it expires.
    moment("refresh_at"),
    sa.Index("next_opening_starts_at_idx", "starts_at", "provider_id"),
    sa.Index("next_opening_refresh_at_idx", "refresh_at"),
)

# Whoever changes something about a provider at this very moment brings the opening up to date themselves.
DUE = sa.text("""
select provider_id from (select provider_id from next_opening where refresh_at < :now order by refresh_at limit :limit) as due
 where pg_try_advisory_xact_lock(:of, hashtext(provider_id::text))""")


async def next_open_at(tx: AsyncConnection, provider_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Those who have nothing open are left out."""
    columns = next_opening.c
    wanted = sa.select(columns.provider_id, columns.starts_at).where(columns.provider_id.in_(provider_ids), columns.starts_at.is_not(None))
    return {row.provider_id: row.starts_at for row in await tx.execute(wanted)}


async def recompute(tx: AsyncConnection, provider_ids: Sequence[UUID], now: datetime) -> None:
    """The providers' locks are held."""
    horizon = now + LONGEST_HORIZON
    found = await tables.calendars(tx, provider_ids, now, horizon, now)
    rows = [_opening(provider_id, *theirs, now, horizon) for provider_id, theirs in found.items()]
    if rows:
        put = pg.insert(next_opening).values(rows)
        changed = {column.name: column for column in put.excluded if column.name != "provider_id"}
        await tx.execute(put.on_conflict_do_update(index_elements=["provider_id"], set_=changed))


def _opening(provider_id: UUID, calendar: Calendar, expiries: list[datetime], now: datetime, last: datetime) -> dict[str, Any]:
    found = next(open_slots(calendar, calendar.terms.consultation_minutes, now, last, now), None)
    too_near = found.starts_at - calendar.terms.lead_minutes * MINUTE if found else now + AGAIN
    starts_at = found.starts_at if found else None
    return {"provider_id": provider_id, "starts_at": starts_at, "computed_at": now, "refresh_at": min([too_near, *expiries])}


async def refresh(db: Database, now: datetime, limit: int = 50) -> int:
    """Brings up to date what time alone has made untrue; how many that were."""
    async with db.begin() as tx:
        due = await tx.scalars(DUE, {"now": now, "limit": limit, "of": slot_tables.OF_PROVIDER})
        if provider_ids := due.all():
            await slot_tables.purge_holds(tx, provider_ids, now)
            await recompute(tx, provider_ids, now)
    return len(provider_ids)


async def keep_fresh(db: Database, clock: Clock, every: float = 1, limit: int = 50) -> None:
    """Runs for the life of the process."""
    while True:
        try:
            while await refresh(db, clock.now(), limit) == limit:
                pass
        except DOWN:
            pass
        except DBAPIError as error:
            log.warning("openings not refreshed", extra={"error": type(error.orig).__name__})
        await asyncio.sleep(every)
