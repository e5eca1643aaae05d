"""The sweep: finds what is due by an index, and fires it. Any number of them may run, in any number of processes.

One batch is one transaction. A crash rolls all of it back and another sweep takes it up; what was committed is claimed for ever. Each
deadline takes one step a transaction, so that rungs missed in an outage follow in ladder order.

Fairness: the longest overdue comes first, whoever armed it. A bulk load that is due at once goes ahead only of what became due after it,
and for no longer than firing it takes. What an action leaves for later, and what fails, steps aside.
"""

import asyncio
import logging
import math
import random
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.clock import Clock
from common.db import Database
from common.deadlines.batch import Action, Effects, Fired, Firing, OutcomeEvents, Shot, fire
from common.deadlines.calendar_versions import outdated, ship_calendars
from common.deadlines.deadline import Deadline
from common.deadlines.policies import Policies
from common.deadlines.reprojection import reproject
from common.deadlines.statements import CLAIM, CLAIM_ONE, LOOK, PUT_OFF, RETRYING, to_deadline
from common.journal import Journal
from common.metrics import Metrics

__all__ = ["Action", "Fired", "Firing", "OutcomeEvents", "Sweep"]

log = logging.getLogger(__name__)

BATCH = 500
BREATH = 0.02
"""Seconds between two looks at least: what is due one after the other is fired a few at a time."""
RETRIES = 20
"""Of those that failed before, at most so many a sweep, each in a transaction of its own."""


class Sweep:
    """Of one process, for its life. Raises ValueError where a policy names an action that there is not."""

    def __init__(
        self,
        db: Database,
        journal: Journal,
        clock: Clock,
        policies: Policies,
        actions: Mapping[str, Action],
        outcome_events: OutcomeEvents,
        metrics: Metrics | None = None,
        *,
        poll: float = 1.0,
    ) -> None:
        if missing := {name for policy in policies.values() for name in policy.actions} - set(actions):
            raise ValueError(f"no such actions: {sorted(missing)}")
        self.db, self.clock, self.metrics, self.poll = db, clock, metrics or Metrics(), poll
        self._shipped = False
        self._effects = Effects(journal, policies, actions, outcome_events)

    async def run(self) -> None:
        """Looks each second, a little unevenly so that several do not always meet, and sooner where it knows of something."""
        while True:
            pause = self.poll * random.uniform(0.75, 1.25)
            try:
                due, ahead = await self._look(self.clock.now())
                if due or not self._shipped:
                    await self.drain()
                    _, ahead = await self._look(self.clock.now())
                if ahead > 0:
                    pause = min(pause, max(ahead, BREATH))
            except Exception as error:  # the database is away, or starts: nothing is lost, all of it is still due
                log.warning("the sweep of deadlines starts again", extra={"error": type(error).__name__})
            await asyncio.sleep(pause)

    async def drain(self) -> None:
        """Until nothing is due that can be fired now."""
        left = set[UUID]()
        if not self._shipped:
            async with self.db.begin() as tx:
                await ship_calendars(tx, self.clock.now())
            self._shipped = True
        while True:
            now, passed_over = self.clock.now(), len(left)
            moved = await self._follow_calendars(now) + await self.sweep(now, left)
            if not moved and len(left) == passed_over:
                return

    async def sweep(self, now: datetime, left: set[UUID] | None = None) -> int:
        """One batch, and what failed before and is due again; how many were moved on. `left` are passed over, and added to."""
        claimed = list[Deadline]()
        try:
            taken = await self._fire_batch(now, claimed, set() if left is None else left)
        except Exception as error:
            if not claimed:
                raise
            log.warning("deadlines are fired one at a time", extra={"error": type(error).__name__, "deadlines": len(claimed)})
            taken = sum([await self._fire_alone(deadline.deadline_id, now) for deadline in claimed])
        return taken + sum([await self._fire_alone(deadline_id, now) for deadline_id in await self._retrying(now)])

    async def _fire_batch(self, now: datetime, claimed: list[Deadline], left: set[UUID]) -> int:
        async with self.db.begin() as tx:
            rows = await tx.exec_driver_sql(CLAIM, (now, BATCH, list(left)))
            claimed.extend(map(to_deadline, rows.mappings()))
            taken, not_now = await self._fire(tx, claimed, now)
        left.update(not_now)
        self._observe(taken, now)
        return len(claimed) - len(not_now)

    async def _fire_alone(self, deadline_id: UUID, now: datetime) -> int:
        """One that fails by itself is put off, and holds nobody up."""
        try:
            async with self.db.begin() as tx:
                rows = await tx.exec_driver_sql(CLAIM_ONE, (deadline_id, now))
                claimed = list(map(to_deadline, rows.mappings()))
                taken, not_now = await self._fire(tx, claimed, now)
        except Exception as error:
            await self._put_off(deadline_id, now, error)
            return 0
        self._observe(taken, now)
        return len(claimed) - len(not_now)

    async def _fire(self, tx: AsyncConnection, claimed: list[Deadline], now: datetime) -> tuple[list[Shot], Collection[UUID]]:
        return await fire(tx, self._effects, claimed, now) if claimed else ([], set())

    async def _put_off(self, deadline_id: UUID, now: datetime, error: Exception) -> None:
        """Raises where the database is away: then it was not this deadline's fault."""
        async with self.db.begin() as tx:
            row = (await tx.exec_driver_sql(PUT_OFF, (deadline_id, now))).one_or_none()
        if row:
            self.metrics.deadline_failures.labels(row.policy_code).inc()
            noted = {"deadline_id": str(deadline_id), "error": type(error).__name__, "attempts": row.attempts}
            log.error("a deadline could not be fired", extra=noted)

    async def _retrying(self, now: datetime) -> list[UUID]:
        async with self.db.begin() as tx:
            return list((await tx.exec_driver_sql(RETRYING, (now, RETRIES))).scalars())

    async def _follow_calendars(self, now: datetime) -> int:
        moved = 0
        async with self.db.begin() as tx:
            for code in await outdated(tx):
                moved += await reproject(tx, code, now, BATCH)
        return moved

    async def _look(self, now: datetime) -> tuple[bool, float]:
        """Whether there is anything to do, and seconds until the next is due: infinite where there is none, negative for what is
        overdue. Tells how old the oldest is."""
        async with self.db.begin() as tx:
            row = (await tx.exec_driver_sql(LOOK)).one()
        ahead = (row.first_at - now).total_seconds() if row.first_at else math.inf
        self.metrics.deadline_oldest_due_seconds.set(max(0.0, -ahead))
        return row.outdated or ahead <= 0, ahead

    def _observe(self, taken: list[Shot], now: datetime) -> None:
        for shot in taken:
            lateness = max(0.0, (now - shot.step.at).total_seconds())
            self.metrics.deadline_lateness_seconds.labels(shot.before.policy_code).observe(lateness)
