"""Chases recalls that a recipient does not acknowledge, or does not attest, in time."""

import asyncio

from common.clock import Clock
from common.db import Database
from common.journal import Journal


async def chase_recalls(db: Database, journal: Journal, clock: Clock) -> None:
    """Runs for the life of the process."""
    while True:
        await asyncio.sleep(1)
