"""How far this service has applied one publisher's journal: the `applied` rows, mirrored in memory, and waiting for them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from common.cloudevents import Entry
from common.db import Database
from common.journal import FIRST_DIGEST
from common.metrics import Metrics

FILL = """
insert into applied (source, stream, position, digest, kafka_offset)
select $1, stream, 0, $3, -1 from generate_series(0, $2::int - 1) as stream on conflict do nothing"""

LOAD = "select stream, position, digest, kafka_offset from applied where source = $1"


class Positions:
    """Per stream: the last position applied, its digest, and the offset it came at. The rows in the database decide."""

    def __init__(self, db: Database, source: str, streams: int, metrics: Metrics) -> None:
        self._db, self.source, self._streams, self._metrics = db, source, streams, metrics
        self._at: dict[int, tuple[int, bytes]] = dict.fromkeys(range(streams), (0, FIRST_DIGEST))
        self._offset: dict[int, int] = dict.fromkeys(range(streams), -1)
        self._moved = asyncio.Event()

    async def load(self) -> None:
        async with self._db.pool.acquire() as tx:
            await tx.execute(FILL, self.source, self._streams, FIRST_DIGEST)
            rows = await tx.fetch(LOAD, self.source)
        for row in rows:
            # An answer that was on its way while we applied more is older than what we know.
            if row["position"] >= self._at[row["stream"]][0]:
                self._at[row["stream"]] = (row["position"], row["digest"])
                self._offset[row["stream"]] = row["kafka_offset"]
        self._announce(row["stream"] for row in rows)

    def advance(self, entries: Sequence[Entry], offsets: Mapping[int, int]) -> None:
        """After the commit that applied them."""
        for entry in entries:
            self._at[entry.stream] = (entry.position, entry.digest)
        for stream, offset in offsets.items():
            self._offset[stream] = max(self._offset[stream], offset)
        self._announce({entry.stream for entry in entries})

    def at(self, stream: int) -> tuple[int, bytes]:
        return self._at[stream]

    def offset(self, stream: int) -> int:
        return self._offset[stream]

    def vector(self) -> dict[int, int]:
        return {stream: position for stream, (position, _) in self._at.items()}

    async def reached(self, stream: int, position: int) -> None:
        """Waits; put a time-out around it. Another instance's progress is seen only in the database, so callers check there."""
        while self._at[stream][0] < position:
            await self._moved.wait()

    def _announce(self, streams: Iterable[int]) -> None:
        for stream in streams:
            self._metrics.applied_position.labels(self.source, stream).set(self._at[stream][0])
        self._moved.set()
        self._moved = asyncio.Event()
