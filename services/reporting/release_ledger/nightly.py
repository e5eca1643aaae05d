"""What happens by itself: the second count of the rollups, and, where it agrees, the release of what is due."""

import asyncio
import logging

from common.clock import Clock
from common.db import Database
from common.metrics import Metrics
from reporting.release_ledger.usecases import release_due
from reporting.rollups.verifying import verify

log = logging.getLogger(__name__)
SOON = 300.0
"""Seconds. What was missed while the service was down has arrived by then."""


async def release_nightly(db: Database, clock: Clock, metrics: Metrics, every_seconds: float) -> None:
    """For the life of the process, soon after its start first. Nothing is released that two ways of counting do not agree on."""
    pause = min(SOON, every_seconds)
    while True:
        await asyncio.sleep(pause)
        pause = every_seconds
        try:
            differences = len((await verify(db)).differences)
            metrics.rollup_differences.set(differences)
            if differences:
                log.error("the rollups are not what the facts say", extra={"differences": differences})
            else:
                await release_due(db, clock.now())
        except Exception as error:  # the database is away: tomorrow is another night
            log.error("nothing was released", extra={"error": type(error).__name__})
