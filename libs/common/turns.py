"""Requests that come in masses take turns, so that a few that must not wait do not wait behind them.

One process has one event loop: whatever is ready runs before anything that becomes ready meanwhile. So the masses begin one at a time, few
are under way at once, and when something urgent has arrived none begins for a moment.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ABREAST = 10
"""Under way at once. More would only wait for each other further inside, in everybody's way."""
MOMENT = 0.03
"""Seconds: what an opt-out takes to be recorded and handed to Kafka. The masses have as long between two such moments."""


class Turns:
    """Of one process."""

    def __init__(self) -> None:
        self._abreast, self._entrance = asyncio.Semaphore(ABREAST), asyncio.Lock()
        self._clear_at = 0.0

    def let_past(self) -> None:
        """Something urgent has arrived."""
        now = time.monotonic()
        if now > self._clear_at + MOMENT:
            self._clear_at = now + MOMENT

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        async with self._abreast:
            async with self._entrance:
                if (left := self._clear_at - time.monotonic()) > 0:
                    await asyncio.sleep(left)
            yield
