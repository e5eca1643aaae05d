"""Plans what clients are sent: whoever something has changed for is looked at as a whole, and what is queued follows; outcomes as well.

The plan is a function of what is known (windows.py), so it does not matter in which order that was learned, nor how often.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments import marking, tables
from assessments.assignments.changes import Change, changes_of
from assessments.assignments.facts import facts_of
from assessments.assignments.rules import AssignmentState
from assessments.assignments.windows import Facts
from assessments.outcomes.measuring import measure
from assessments.schedules.rules import CLOSING, Schedules
from assessments.schedules.versions import Versions
from common.clock import Clock
from common.contracts.event import Event
from common.db import Database
from common.deadlines import engine
from common.journal import Journal

log = logging.getLogger(__name__)
AT_ONCE = 50
LOOK_EVERY = 1.0


async def plan_assignments(db: Database, journal: Journal, clock: Clock, versions: Versions) -> None:
    """For the life of the process."""
    async for _ in marking.marks.rounds(LOOK_EVERY):
        try:
            await versions.refresh(db)
            while await plan_some(db, journal, versions.newest, clock.now()):
                pass
        except Exception as error:  # the database is away, or starts: the marks are still there
            log.warning("planning starts again", extra={"error": type(error).__name__})


async def plan_some(db: Database, journal: Journal, schedules: Schedules, now: datetime) -> int:
    """How many clients were planned, or put off."""
    marked = set[UUID]()
    try:
        async with db.begin() as tx:
            marked = await marking.take(tx, AT_ONCE)
            await plan(tx, journal, schedules, marked, now)
    except Exception as error:
        if not marked:
            raise
        log.warning("clients are planned one at a time", extra={"error": type(error).__name__, "clients": len(marked)})
        for client_id in marked:
            await _plan_alone(db, journal, schedules, client_id, now)
    return len(marked)


async def _plan_alone(db: Database, journal: Journal, schedules: Schedules, client_id: UUID, now: datetime) -> None:
    """Raises where the database is away: then it was nobody's fault."""
    try:
        async with db.begin() as tx:
            await marking.take_one(tx, client_id)
            await plan(tx, journal, schedules, [client_id], now)
    except Exception as error:
        async with db.begin() as tx:
            await marking.put_off(tx, client_id)
        log.error("a client could not be planned", extra={"client_id": str(client_id), "error": type(error).__name__})


async def plan(tx: AsyncConnection, journal: Journal, schedules: Schedules, client_ids: Collection[UUID], now: datetime) -> None:
    if not client_ids:
        return
    facts = await facts_of(tx, client_ids, lock=True)
    there = await tables.of_clients(tx, list(facts), lock=True)
    changes = [change for client_id, known in facts.items() for change in changes_of(schedules, known, there[client_id], now)]
    await tables.save(tx, [change.after for change in changes])
    for change in changes:
        await _follow(tx, change, facts[change.after.client_id], schedules, now)
    events: list[Event] = [event for change in changes for event in change.events(facts[change.after.client_id], now)]
    await journal.append_all(tx, [*events, *await measure(tx, facts.values(), now)])


async def _follow(tx: AsyncConnection, change: Change, facts: Facts, schedules: Schedules, now: datetime) -> None:
    """The deadlines of a change."""
    before, after = change.before, change.after
    subject = after.assignment_id
    if after.state is AssignmentState.QUEUED:
        policy = schedules[after.schedule].policy
        if before and before.schedule_version != after.schedule_version:
            await engine.swap_policy(tx, policy.code, policy, subject=subject, now=now, reason="schedule")
        await engine.arm(tx, policy, subject=subject, about=after.client_id, anchor_at=after.send_at, zone=facts.zone, now=now, anew=True)
    if after.state in (AssignmentState.QUEUED, AssignmentState.SENT):
        await engine.arm(
            tx, CLOSING, subject=subject, about=after.client_id, anchor_at=after.closes_at, zone=facts.zone, now=now, anew=True
        )
    else:
        await engine.cancel(tx, subject=subject, now=now, reason=after.state)
