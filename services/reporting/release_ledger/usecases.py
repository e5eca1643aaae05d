"""Closing the months that are due and releasing what may leave; stating how many people an employer has.

A month is closed first, for good. What is published of it is decided afterwards from what was closed: whoever is killed in between leaves
a closed month without a release, and the next round decides it from the same numbers.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from common.db import Connection, Database
from common.problems import Problem
from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Family
from reporting.release_ledger import tables
from reporting.release_ledger.apart import Deciding, deciding_apart
from reporting.release_ledger.cells import Cell, Decision, Policy, Reason
from reporting.rollups import closing

log = logging.getLogger(__name__)
POLICY = Policy()
RELEASING = 7_001
"""An advisory lock: one instance releases at a time."""


class Release(BaseModel):
    """One month of one family, with the quarter and the year that it completes."""

    model_config = ConfigDict(frozen=True)

    release_id: UUID
    family: str
    month: str
    family_version: int
    shown: int
    withheld: int
    late: int
    """Clients who became known after their own month was closed, and are counted in this one (D7)."""
    linear_ms: float
    audit_ms: float
    audited: int
    """How many small numbers the integer audit looked at (D6)."""
    released_at: datetime


async def release_due(db: Database, now: datetime) -> Sequence[Release]:
    """Closes and releases what is due by now, family by family, the oldest month first. Empty where somebody else is at it."""
    async with db.pool.acquire() as lock:
        if not await lock.fetchval("select pg_try_advisory_lock($1)", RELEASING):
            return []
        try:
            async with deciding_apart() as decide:
                return [release for family in FAMILIES.values() for release in await _release_family(db, decide, family, now)]
        finally:
            await lock.execute("select pg_advisory_unlock($1)", RELEASING)


async def _release_family(db: Database, decide: Deciding, family: Family, now: datetime) -> Sequence[Release]:
    async with db.pool.acquire() as tx:
        due = await closing.due_months(tx, family.code, family.closes_after_days, now.date())
    made = await _release_closed(db, decide, family, now)
    for month in due:
        await closing.close_month(db, family.code, month, now)
        made = [*made, *await _release_closed(db, decide, family, now)]
    return made


async def _release_closed(db: Database, decide: Deciding, family: Family, now: datetime) -> Sequence[Release]:
    """Every closed month that has no release yet, in order: one, or those that a crash had left."""
    async with db.pool.acquire() as tx:
        closed = await closing.closed_months(tx, family.code)
        released = {row["month"] for row in await tx.fetch("select month from release where family = $1", family.code)}
    return [await _release_month(db, decide, family, month, now) for month in closed if month not in released]


async def _release_month(db: Database, decide: Deciding, family: Family, month: str, now: datetime) -> Release:
    async with db.pool.acquire() as tx:
        months = [closed for closed in await closing.closed_months(tx, family.code) if closed[:4] == month[:4] and closed <= month]
        counted = await closing.rollup_of(tx, family.code, months)
        population = await tables.population_of(tx, int(month[:4]))
        past = await tables.decided_of(tx, family.code, month[:4])
        late = await closing.late_of(tx, family.code, month)
    decision = await decide(POLICY, family, month, counted, population, past)
    release = _release(family, month, decision, late, now)
    async with db.begin_event() as tx:
        await _publish(tx, release, decision)
    log.info("released", extra={"family": family.code, "month": month, "shown": release.shown, "withheld": release.withheld})
    return release


def _release(family: Family, month: str, decision: Decision, late: int, now: datetime) -> Release:
    shown = sum(decided.released for decided in decision.decided)
    return Release(
        release_id=uuid4(),
        family=family.code,
        month=month,
        family_version=family.version,
        shown=shown,
        withheld=len(decision.decided) - shown,
        late=late,
        linear_ms=decision.linear_seconds * 1000,
        audit_ms=decision.audit_seconds * 1000,
        audited=decision.audited,
        released_at=now,
    )


async def _publish(tx: Connection, release: Release, decision: Decision) -> None:
    await tx.execute(tables.RELEASE, *release.model_dump().values())
    await tables.publish(tx, release.release_id, decision.decided)


async def list_releases(db: Database) -> Sequence[Release]:
    """The newest first."""
    async with db.pool.acquire() as tx:
        rows = await tx.fetch("select * from release order by released_at desc, month desc, family limit 500")
    return [Release(**row) for row in rows]


async def state_population(db: Database, employer_id: UUID, year: int, eligible: int, now: datetime) -> None:
    """D12: decides whether, and how often, an employer has a report of its own. Raises Problem once a month of that year is closed: what
    an employer gets follows from its size as it was known before, and not from what its people did."""
    async with db.begin_event() as tx:
        await tx.execute("select pg_advisory_xact_lock($1)", closing.CLOSING)
        if await tx.fetchval("select exists (select from closing where left(month, 4) = $1)", f"{year:04}"):
            raise Problem("population_fixed", "A month of that year was closed with the number stated before.", field="year", rule="R2")
        await tx.execute(tables.STATE_POPULATION, employer_id, year, eligible, now)


async def why_withheld(db: Database, cell: Cell) -> Reason | None:
    async with db.pool.acquire() as tx:
        return await tables.why_withheld(tx, cell)
