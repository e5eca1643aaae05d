"""Chases sinks that do not answer."""

import asyncio
import logging

from common.db import DOWN, Database
from common.metrics import Metrics
from consent.propagation import tables

log = logging.getLogger(__name__)


async def mark_overdue_receipts(db: Database, metrics: Metrics, every: float = 0.5) -> None:
    """Runs for the life of the process. A receipt that comes late clears its mark."""
    while True:
        try:
            async with db.pool.acquire() as tx:
                fresh, total = await tables.mark_overdue(tx)
            metrics.optout_receipts_overdue.set(total)
            if fresh:
                log.error("sinks have not answered an opt-out in time", extra={"receipts": fresh})
        except DOWN:
            pass
        await asyncio.sleep(every)
