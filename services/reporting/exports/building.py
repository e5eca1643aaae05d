"""Builds exports: stream by stream, each behind the gate. A worker that ends half way is followed by one that goes on."""

import asyncio

from common.clock import Clock
from common.db import Database
from reporting.release_gate.gate import Gate


class Builder:
    """Runs for the life of the process; woken when an export is asked for."""

    def __init__(self, db: Database, gate: Gate, streams: int, clock: Clock, keep_hours: float) -> None:
        self.db, self.gate, self.streams, self.clock, self.keep_hours = db, gate, streams, clock, keep_hours
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(1)
