"""The plan's consumer in a race: everything that its topics ever held, with the broker's times.

The broker writes the wall clock's milliseconds at which it appended a record. It runs on our machine, so these are times of our
monotonic clock as well, by an offset; rounded down, a time is the earliest at which the record can have been appended.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from common.contracts.partner import individual_topic, notices_topic
from demo.history import Release
from demo.race_arrivals import ANY_ID, REFERENCE, Arrivals

WAY = "topic"
WHERE = "partner_topic"
"""As the accounting of disclosures calls it."""
MS = 1_000_000


def offset_of_clocks() -> int:
    """What the wall clock is ahead of the monotonic one, in nanoseconds."""
    return time.time_ns() - time.monotonic_ns()


@dataclass
class Topics:
    """Read during the whole race, for a compacted topic forgets; and once more from the beginning when all has settled."""

    bootstrap: str
    slug: str
    prefix: str
    seen: dict[tuple[str, int, int], ConsumerRecord] = field(default_factory=dict)
    left: dict[str, bytes] = field(default_factory=dict)
    """What the individual topic holds at the end, by token."""
    _offset: int = field(default_factory=offset_of_clocks)

    @property
    def individual(self) -> str:
        return self.prefix + individual_topic(self.slug)

    @property
    def names(self) -> Sequence[str]:
        return self.individual, self.prefix + notices_topic(self.slug)

    async def follow(self) -> None:
        """Until it is cancelled. A broker that goes away is waited for."""
        while True:
            with contextlib.suppress(KafkaError, OSError):
                async with self._consumer() as consumer:
                    while True:
                        await self._take(consumer)
            await asyncio.sleep(0.2)

    async def read_to_the_end(self) -> None:
        async with self._consumer() as consumer:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for record in await self._take(consumer):
                    if record.topic == self.individual:
                        self.left[record.key.decode()] = record.value
        self.left = {token: value for token, value in self.left.items() if value is not None}

    async def _take(self, consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
        batches = await consumer.getmany(timeout_ms=500)
        taken = [record for records in batches.values() for record in records]
        self.seen |= {(record.topic, record.partition, record.offset): record for record in taken}
        return taken

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(*self.names, bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        try:
            await consumer.start()
            if {partition.topic for partition in consumer.assignment()} != set(self.names):
                raise UnknownTopicOrPartitionError  # nothing is created by looking at it
            yield consumer
        finally:
            await consumer.stop()

    def note_in(self, arrivals: Arrivals, since: int) -> None:
        """Values of the individual topic that were appended from `since` on (CLOCK_MONOTONIC), as what arrived."""
        # A clock that was set meanwhile: the doubt is the system's.
        offset = max(self._offset, offset_of_clocks())
        for record in self._individual():
            at = record.timestamp * MS - offset
            if record.value is not None and at >= since:
                tokens = {record.key.decode(), *(found.decode() for found in REFERENCE.findall(record.value))}
                arrivals.note(Release(0, "appended", path=record.topic), WHERE, [(token, at) for token in sorted(tokens)])
        for record in self.seen.values():
            arrivals.note_ids("a topic", (record.key or b"") + b" " + (record.value or b""))

    def risen(self) -> frozenset[str]:
        """The tokens that got a value after their tombstone."""
        ended: set[str] = set()
        risen: set[str] = set()
        for record in self._individual():
            token = record.key.decode()
            if record.value is None:
                ended.add(token)
            elif token in ended:
                risen.add(token)
        return frozenset(risen)

    def _individual(self) -> list[ConsumerRecord]:
        return [self.seen[place] for place in sorted(self.seen) if place[0] == self.individual]

    def told_of(self, recalls: frozenset[str]) -> frozenset[str]:
        """Those of them that stand in a notice."""
        ids: set[str] = set()
        for record in self.seen.values():
            if record.topic != self.individual and record.value:
                ids |= {found.decode() for found in ANY_ID.findall(record.value)}
        return recalls & ids
