"""Waiting for an opt-out to become effective: woken in-process, with a slow look at the database for other instances' receipts."""

import asyncio
import contextlib
import time
from uuid import UUID

from common.db import Database
from consent.propagation import tables
from consent.propagation.rules import Receipt, Status, status_of

LOOK_EVERY = 0.1


class Waiters:
    """Who waits for which decision in this process."""

    def __init__(self) -> None:
        self._events: dict[UUID, asyncio.Event] = {}

    def wake(self, decision_id: UUID) -> None:
        event = self._events.get(decision_id)
        if event:
            event.set()

    async def effective(self, db: Database, decision_id: UUID, seconds: float) -> list[Receipt]:
        """The receipts, at the latest after so many seconds."""
        event = self._events.setdefault(decision_id, asyncio.Event())
        until = time.monotonic() + seconds
        try:
            while True:
                left = until - time.monotonic()
                if left > 0:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(min(LOOK_EVERY, left)):
                            await event.wait()
                async with db.pool.acquire() as tx:
                    receipts = await tables.receipts_of(tx, decision_id)
                if status_of(receipts) is not Status.RECORDED or time.monotonic() >= until:
                    return receipts
                event.clear()
        finally:
            self._events.pop(decision_id, None)
