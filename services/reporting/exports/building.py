"""Builds exports: stream by stream, each behind the gate. A worker that ends half way is followed by one that goes on.

Any number of workers and processes may be at one export: what is done stands in the database, and a batch is locked while it is made.
"""

import asyncio
import itertools
import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from common.clock import Clock
from common.db import Database
from common.problems import Problem
from reporting.exports import clearing, tables
from reporting.exports.filling import NotWanted, fill_batch, missing_streams
from reporting.exports.rules import Export
from reporting.release_gate.gate import Gate

log = logging.getLogger(__name__)
WORKERS = 2
"""Of one process: a small export does not wait behind a large one."""
LOOK_EVERY = 1.0
"""Seconds. For what another process was asked, and for what this one left behind when it ended."""
CLEAR_EVERY = 60
"""Looks."""
SETTLE = 0.1
"""Seconds. A transaction is seen among those under way a moment after the time that it calls its beginning."""


class Builder:
    """Runs for the life of the process; woken when an export is asked for."""

    def __init__(self, db: Database, gate: Gate, streams: int, clock: Clock, keep_hours: float) -> None:
        self.db, self.gate, self.streams, self.clock, self.keep_hours = db, gate, streams, clock, keep_hours
        self.waiting: set[UUID] = set()
        """Exports of which a stream could not be proven to be fresh a moment ago."""
        self._wake = asyncio.Event()
        self._taken: set[UUID] = set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        await asyncio.gather(*(self._work() for _ in range(WORKERS)), self._clear())

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            try:
                for export in await tables.open_exports(self.db.pool):
                    await self._build_alone(export)
            except Exception:
                log.exception("an export waits")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()

    async def _build_alone(self, export: Export) -> None:
        if export.export_id not in self._taken:
            self._taken.add(export.export_id)
            try:
                await self.build(export)
            finally:
                self._taken.discard(export.export_id)

    async def build(self, export: Export) -> None:
        """As far as freshness can be proven. What was refused is tried again with the next look."""
        if export.transaction_time is None:
            await asyncio.sleep(SETTLE)
            await tables.begin_export(self.db.pool, export.export_id)
        refused = False
        for stream in await missing_streams(self.db.pool, export.export_id, self.streams):
            try:
                await self._build_stream(export, stream)
            except (Problem, TimeoutError):  # or decisions of this stream are being applied all the time
                refused = True
                self.waiting.add(export.export_id)
            except NotWanted:
                continue
        if not refused:
            self.waiting.discard(export.export_id)
            now = self.clock.now()
            await tables.complete_export(self.db.pool, export.export_id, self.streams, now, now + timedelta(hours=self.keep_hours))

    async def _build_stream(self, export: Export, stream: int) -> None:
        """Each batch behind the gate anew, so that no opt-out waits for a whole stream. Raises Problem, NotWanted."""
        after: tuple[UUID, str] | None = None
        while True:
            async with self.gate.held(stream, export.recipient_id) as hold:
                after = await fill_batch(hold, export, after)
            if after is None:
                return

    async def _clear(self) -> None:
        """Looks now and then for what a cancellation that was killed left behind."""
        for look in itertools.count():
            try:
                if await clearing.expire(self.db.pool, self.clock.now()) or look % CLEAR_EVERY == 0:
                    await clearing.clear(self.db.pool)
            except Exception:
                log.exception("what is over is not cleared yet")
            await asyncio.sleep(LOOK_EVERY)
