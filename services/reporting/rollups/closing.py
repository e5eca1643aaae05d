"""Closing a family's month: from then on its numbers never change (D7)."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from common.db import Connection, Database
from reporting.measures.periods import last_day, next_month
from reporting.rollups.counting import all_counted
from reporting.rollups.counts import rollup_of

__all__ = ["CLOSING", "SOURCES", "Positions", "applied", "close_month", "closed_months", "due_months", "late_of", "rollup_of"]

CLOSING = 7_002
"""An advisory lock: while a month is closed nothing that its release depends on is stated."""

SOURCES = ("scheduling", "assessments")

Positions = Mapping[str, Mapping[int, int]]
"""Source, stream: the position up to which it is applied."""

CLOSE = "insert into closing (family, month, positions, parked, closed_at) values ($1, $2, $3::text::jsonb, $4, $5)"
CLOSED = "select month from closing where family = $1 order by month"
EARLIEST = "select min(month) from unit where family = $1"
APPLIED = "select source, stream, position from applied where source = any($1::text[]) order by source, stream"
PARKED = "select event_id from parked_event where source = any($1::text[]) order by event_id"
LATE = "select count(*) from unit where family = $1 and month = $2 and late"


async def close_month(db: Database, family: str, month: str, now: datetime) -> None:
    """Everybody is counted first, in the same transaction. Raises ValueError where it is not the family's next month."""
    async with all_counted(db) as tx:
        await tx.execute("select pg_advisory_xact_lock($1)", CLOSING)
        closed = await closed_months(tx, family)
        if closed and month != next_month(closed[-1]):
            raise ValueError(f"after {closed[-1]} of {family} comes {next_month(closed[-1])}, not {month}")
        positions, parked = await applied(tx)
        await record_closing(tx, family, month, positions, parked, now)


async def record_closing(tx: Connection, family: str, month: str, positions: Positions, parked: Sequence[UUID], now: datetime) -> None:
    await tx.execute(CLOSE, family, month, json.dumps(positions), parked, now)


async def applied(tx: Connection) -> tuple[Positions, Sequence[UUID]]:
    """What has been applied of each publisher, and which events of that wait with a client that is parked."""
    positions: dict[str, dict[int, int]] = {source: {} for source in SOURCES}
    for row in await tx.fetch(APPLIED, SOURCES):
        positions[row["source"]][row["stream"]] = row["position"]
    return positions, [row["event_id"] for row in await tx.fetch(PARKED, SOURCES)]


async def closed_months(tx: Connection, family: str) -> list[str]:
    return [row["month"] for row in await tx.fetch(CLOSED, family)]


async def due_months(tx: Connection, family: str, closes_after_days: int, today: date) -> list[str]:
    """In their order, from the one after the last closed, or else the first of which anything is counted."""
    closed = await closed_months(tx, family)
    month = next_month(closed[-1]) if closed else await tx.fetchval(EARLIEST, family)
    due = list[str]()
    while month and last_day(month) + timedelta(days=closes_after_days) < today:
        due.append(month)
        month = next_month(month)
    return due


async def late_of(tx: Connection, family: str, month: str) -> int:
    """How many are counted in it who belong to an earlier month that was closed before they were known."""
    return int(await tx.fetchval(LATE, family, month))
