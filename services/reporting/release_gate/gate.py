"""The release gate (invariants 2 and 3): individual data leaves only inside `held`.

It asks consent for its heads, waits until reporting has applied at least that much, and holds the stream's lock in shared mode until the
bytes have arrived. The consumer takes the lock in exclusive mode when it applies a decision, so the receipt of an opt-out is written only
when no page of its stream is under way. Where freshness cannot be proven, nothing leaves.

The lock is a session's, not a transaction's: what is disclosed is committed before the first byte leaves, and the lock outlives that
commit. The connections are a pool of their own, so that no number of downloads keeps an opt-out waiting for one.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from common.db import DOWN, Connection, Pool
from common.metrics import Metrics
from common.positions import Positions
from common.problems import Problem
from reporting.release_gate.freshness import Freshness

LOCK_CLASS = 0x6A7E
"""The consumer takes these locks in exclusive mode (`Subscription.lock_class`)."""
LOOK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Hold:
    """The lock of one stream, and the place in consent's stream that it was checked against."""

    tx: Connection
    stream: int
    gated_at: int


class Gate:
    """Knows how fresh it is and whom to ask."""

    def __init__(self, pool: Pool, freshness: Freshness, positions: Positions, metrics: Metrics, patience: float) -> None:
        self._pool, self._freshness, self._positions = pool, freshness, positions
        self._metrics, self._patience = metrics, patience

    @asynccontextmanager
    async def held(self, stream: int) -> AsyncIterator[Hold]:
        """Raises Problem where freshness cannot be proven in time."""
        try:
            wanted = await self._proven(stream)
        except (httpx.HTTPError, TimeoutError, *DOWN) as error:
            self._metrics.releases_refused.inc()
            raise Problem(
                "freshness_not_proven",
                "Whether every opt-out is known cannot be proven now. Try again.",
                rule="C4",
                headers={"retry-after": "2"},
            ) from error
        async with self._pool.acquire() as tx:
            try:
                await tx.execute(f"select pg_advisory_lock_shared({LOCK_CLASS}, {stream})", timeout=5)
                yield Hold(tx, stream, wanted)
                await tx.execute(f"select pg_advisory_unlock_shared({LOCK_CLASS}, {stream})")
            except BaseException:
                tx.terminate()  # the lock ends with the session
                raise

    async def _proven(self, stream: int) -> int:
        until = time.monotonic() + self._patience
        wanted = (await self._freshness.heads())[stream]
        while self._positions.at(stream)[0] < wanted:
            if time.monotonic() > until:
                raise TimeoutError
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._positions.reached(stream, wanted)
            except TimeoutError:
                await self._positions.load()  # another instance may have applied it
        return wanted
