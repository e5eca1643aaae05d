"""Fetching from the owner what Kafka did not bring: a gap, a loss at the end of a topic, or everything while Kafka is away."""

import asyncio
import logging

import httpx

from common.applying import Applier, Overtaken
from common.cloudevents import Entry, digest_of
from common.db import DOWN
from common.metrics import Metrics
from common.owner import Owner
from common.positions import Positions

log = logging.getLogger(__name__)


class BrokenChain(Exception):
    """The owner's own entries do not follow on each other: its journal was tampered with. The stream stays stopped."""


class CatchUp:
    """Shares positions and the lock of applying with the consumer of the same source."""

    def __init__(self, applier: Applier, owner: Owner, positions: Positions, metrics: Metrics, every: float) -> None:
        self.applier, self.owner, self.positions, self.metrics = applier, owner, positions, metrics
        self.applying = asyncio.Lock()
        self._every = every

    async def apply(self, entries: list[Entry], offsets: dict[int, int]) -> None:
        """Under the lock, with entries that follow on the positions. Waits for the database as long as it takes."""
        while entries:
            expected: dict[int, int] = {}
            for entry in entries:  # not from the positions: another instance's progress may have been read into them meanwhile
                expected.setdefault(entry.stream, entry.position - 1)
            try:
                await self.applier.apply(entries, expected, offsets)
                return self.positions.advance(entries, offsets)
            except Overtaken:
                return await self.positions.load()  # what the other instance did not apply shows as a gap
            except DOWN as error:
                log.warning("waiting for the database", extra={"error": type(error).__name__})
                await asyncio.sleep(0.1)
                await self._load_when_back()
                entries = [entry for entry in entries if entry.position > self.positions.at(entry.stream)[0]]

    async def _load_when_back(self) -> None:
        while True:
            try:
                return await self.positions.load()
            except DOWN:
                await asyncio.sleep(0.2)

    async def mend(self, stream: int) -> bool:
        """True once the stream holds all that its owner had. While it cannot be had the stream stands still, and only that stream."""
        try:
            while True:
                async with self.applying:
                    position, digest = self.positions.at(stream)
                    fetched = await self.owner.page(stream, position)
                    if not fetched:
                        return True
                    self._check_chain(position, digest, fetched)
                    await self.apply(fetched, {stream: self.positions.offset(stream)})
        except httpx.HTTPError as error:
            log.warning("not mended yet", extra={"source": self.owner.source, "stream": stream, "error": type(error).__name__})
            return False
        except BrokenChain as error:
            log.error("stream stopped", extra={"source": self.owner.source, "error": str(error)})
            return False

    def _check_chain(self, position: int, digest: bytes, fetched: list[Entry]) -> None:
        for entry in fetched:
            position, digest = position + 1, digest_of(digest, entry)
            if (entry.position, entry.digest) != (position, digest):
                raise BrokenChain(f"the chain of {self.owner.source} is broken at {entry.stream}/{position}")

    async def sweep(self) -> None:
        """Runs for the life of the process: what is behind at two looks and has not moved is fetched."""
        behind: dict[int, int] = {}
        while True:
            await asyncio.sleep(self._every)
            try:
                heads = await self.owner.heads()
                await self.positions.load()
                vector = self.positions.vector()
                for stream, position in behind.items():
                    if vector[stream] == position < heads[stream]:
                        self.metrics.gaps.labels(self.owner.source).inc()
                        await self.mend(stream)
                behind = {stream: at for stream, at in self.positions.vector().items() if at < heads[stream]}
            except (httpx.HTTPError, *DOWN):
                continue
