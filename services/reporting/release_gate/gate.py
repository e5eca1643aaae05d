"""The release gate (invariants 2 and 3): individual data leaves only inside `held`.

It asks consent for its heads, waits until reporting has applied at least that much, and holds the stream's lock in shared mode until the
bytes have arrived. The consumer takes the lock in exclusive mode when it applies a decision, so the receipt of an opt-out is written only
when no page of its stream is under way. Where freshness cannot be proven, nothing leaves.

The lock is a session's, not a transaction's: what is disclosed is committed before the first byte leaves, and the lock outlives that
commit. The connections are a pool of their own, so that no number of downloads keeps an opt-out waiting for one.

C14: whatever leaves holds its recipient's lock as well, and under it looks whether a contract is in force until what leaves now has
arrived. A recipient is closed in exclusive mode, so nothing is on its way to it once that is acknowledged.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx

from common.clock import Clock
from common.db import DOWN, Connection, Pool
from common.metrics import Metrics
from common.positions import Positions
from common.problems import Problem
from reporting.contracts import tables as contracts
from reporting.contracts.rules import not_valid
from reporting.release_gate.freshness import Freshness

LOCK_CLASS = 0x6A7E
"""The consumer takes these locks in exclusive mode (`Subscription.lock_class`)."""
LOOK_EVERY = 0.02


RECIPIENTS = contracts.LOCK_CLASS
# The recipient's first: whoever waits there for its closing keeps no opt-out waiting.
LOCK = f"select pg_advisory_lock_shared({RECIPIENTS}, hashtext($1)), pg_advisory_lock_shared({LOCK_CLASS}, $2)"
UNLOCK = f"select pg_advisory_unlock_shared({LOCK_CLASS}, $2), pg_advisory_unlock_shared({RECIPIENTS}, hashtext($1))"


@dataclass(frozen=True, slots=True)
class Hold:
    """The locks of one stream and one recipient, the place in consent's stream that it was checked against, and the contract that what
    leaves now leaves under."""

    tx: Connection
    stream: int
    gated_at: int
    recipient_id: UUID
    contract_id: UUID
    at: datetime
    """When the contract was looked at, by the service's clock."""
    ends: float
    """When contracts are in force no more, on this process' monotonic clock."""

    def seconds(self, most: float) -> float:
        """How long bytes may be on their way. Raises Problem (`contract_not_valid`) where no time is left (C14)."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise not_valid()
        return min(most, left)


class Gate:
    """Knows how fresh it is and whom to ask. `patience`: seconds; `page_seconds`: how long a recipient may take for a page."""

    def __init__(self, pool: Pool, freshness: Freshness, positions: Positions, metrics: Metrics, clock: Clock) -> None:
        self._pool, self._freshness, self._positions = pool, freshness, positions
        self._metrics, self._clock = metrics, clock
        self.patience, self.page_seconds = 2.0, 1.0

    @asynccontextmanager
    async def held(self, stream: int, recipient_id: UUID) -> AsyncIterator[Hold]:
        """Raises Problem where freshness cannot be proven in time, and where no contract is in force (C14)."""
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
                await tx.execute(LOCK, str(recipient_id), stream, timeout=5)
                yield await self._under_contract(tx, stream, wanted, recipient_id)
                await tx.execute(UNLOCK, str(recipient_id), stream)
            except BaseException:
                tx.terminate()  # the locks end with the session
                raise

    async def _under_contract(self, tx: Connection, stream: int, gated_at: int, recipient_id: UUID) -> Hold:
        now, began = self._clock.now(), time.monotonic()
        found = await contracts.in_force(tx, recipient_id, now, now + timedelta(seconds=self.page_seconds))
        if found is None:
            self._metrics.releases_refused.inc()
            raise not_valid()
        ends = began + (found.open_until - now).total_seconds()
        return Hold(tx, stream, gated_at, recipient_id, found.contract_id, now, ends)

    async def _proven(self, stream: int) -> int:
        until = time.monotonic() + self.patience
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
