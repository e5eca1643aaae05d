"""How the legal periods stand, for the alarms."""

import asyncio
import contextlib

from common.clock import Clock
from common.db import DOWN, Database
from common.metrics import Metrics
from consent.statutory_deadlines.policies import POLICIES
from consent.statutory_deadlines.tables import Standing, standing


async def watch_standing(db: Database, clock: Clock, metrics: Metrics, every: float = 1.0) -> None:
    """Runs for the life of the process. A policy of which nothing is open counts zero."""
    codes = sorted({code for code, _ in POLICIES})
    while True:
        with contextlib.suppress(*DOWN):
            async with db.pool.acquire() as tx:
                found = await standing(tx, clock.now())
            for code in codes:
                of = found.get(code) or Standing(code, 0, 0, None)
                metrics.statutory_deadlines_open.labels(code).set(of.open)
                metrics.statutory_deadlines_overdue.labels(code).set(of.overdue)
        await asyncio.sleep(every)
