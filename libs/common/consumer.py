"""The consumer of one publisher's topic.

A record is transport, the journal is the truth: each entry must carry the next position of its stream and a digest that follows from
the one before. A lower position is a duplicate; a gap or a broken chain stops that stream until what is missing came from the owner.
A record that is no entry is set aside. Positions and offsets live in our own database, in the transaction that applied the entry; the
offsets committed to Kafka only serve its lag tools.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from common import kafka
from common.catching_up import CatchUp
from common.cloudevents import Entry, Malformed, digest_of, from_record

log = logging.getLogger(__name__)

DEAD_LETTER = """
insert into dead_letter (source, stream, kafka_offset, reason, value) values ($1, $2, $3, $4, $5) on conflict do nothing"""

POLL_MS = 250
POLL_RECORDS = 1_000
COMMIT_EVERY = 5.0


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs for the life of the process."""

    def __init__(self, catch_up: CatchUp, bootstrap: str, topic: str, group: str, instance: str) -> None:
        self.catch_up, self.positions, self.metrics = catch_up, catch_up.positions, catch_up.metrics
        self.source = catch_up.owner.source
        self._bootstrap, self._topic, self._group, self._instance = bootstrap, topic, f"{group}.{self.source}", instance
        self._stopped: dict[int, float] = {}
        self._commit_at = 0.0
        self._committing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Kafka or the database away, or a defect: nothing is lost, the positions tell where to go on."""
        while True:
            try:
                await self._consume()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("consumer starts again", extra={"error": type(error).__name__, "source": self.source})
                await asyncio.sleep(0.3)

    async def _consume(self) -> None:
        self._kafka: AIOKafkaConsumer = kafka.new_consumer(self._bootstrap, self._group, self._instance)
        self._stopped.clear()
        await self.positions.load()
        try:
            self._kafka.subscribe([self._topic], listener=self)
            await self._kafka.start()
            while True:
                polled = await self._kafka.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
                if polled:
                    async with self.catch_up.applying:
                        await self._take(polled)
                await self._mend_stopped()
                self._tell_kafka()
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._kafka.stop(), 3)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Go on from our own offsets."""
        await self.positions.load()
        earliest = await self._kafka.beginning_offsets(list(assigned))
        latest = await self._kafka.end_offsets(list(assigned))
        for partition in assigned:
            wanted = self.positions.offset(partition.partition) + 1
            known = earliest[partition] <= wanted <= latest[partition]
            # A topic that was made anew starts at its beginning; what is applied already is dropped by position.
            self._kafka.seek(partition, wanted if known else earliest[partition])

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Drain: what is being applied is finished before the partitions go to another instance."""
        async with self.catch_up.applying:
            self._stopped.clear()

    async def _take(self, polled: dict[TopicPartition, list[Any]]) -> None:
        entries: list[Entry] = []
        offsets: dict[int, int] = {}
        for partition, records in polled.items():
            stream = partition.partition
            following, last = await self._in_order(stream, records)
            entries += following
            offsets[stream] = last
            if last != records[-1].offset:
                self.metrics.gaps.labels(self.source).inc()
                self._stopped[stream] = 0.0
                self._kafka.pause(partition)
        await self.catch_up.apply(entries, offsets)

    async def _in_order(self, stream: int, records: list[Any]) -> tuple[list[Entry], int]:
        """The entries that follow on what is applied, and the offset up to which all is well."""
        position, digest = self.positions.at(stream)
        following: list[Entry] = []
        last = max(self.positions.offset(stream), records[0].offset - 1)
        for record in records:
            try:
                entry = from_record(self.source, stream, record.headers, record.value)
            except Malformed as error:
                await self._set_aside(stream, record, str(error))
                last = record.offset
                continue
            if entry.position <= position:
                self.metrics.duplicates.labels(self.source).inc()
            elif entry.position == position + 1 and digest_of(digest, entry) == entry.digest:
                position, digest = entry.position, entry.digest
                following.append(entry)
            else:
                break
            last = record.offset
        return following, last

    async def _mend_stopped(self) -> None:
        for stream, again_at in list(self._stopped.items()):
            if time.monotonic() < again_at:
                continue
            if await self.catch_up.mend(stream):
                del self._stopped[stream]
                partition = TopicPartition(self._topic, stream)
                if partition in self._kafka.assignment():
                    self._kafka.resume(partition)
            else:
                self._stopped[stream] = time.monotonic() + 0.5

    async def _set_aside(self, stream: int, record: Any, reason: str) -> None:
        """Nothing is lost by it: were it an entry's place, the next entry or the sweep shows the gap."""
        self.metrics.dead_letters.labels(self.source).inc()
        log.error("not an entry of the journal", extra={"source": self.source, "stream": stream, "offset": record.offset})
        await self.catch_up.applier.db.pool.execute(DEAD_LETTER, self.source, stream, record.offset, reason, record.value)

    def _tell_kafka(self) -> None:
        """Beside the work: a synchronous offset commit takes up to 7 ms."""
        if time.monotonic() < self._commit_at:
            return
        self._commit_at = time.monotonic() + COMMIT_EVERY
        assigned = self._kafka.assignment()
        if assigned and (self._committing is None or self._committing.done()):
            offsets = {p: self.positions.offset(p.partition) + 1 for p in assigned}
            self._committing = asyncio.create_task(self._commit(offsets))

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        with contextlib.suppress(Exception):
            await self._kafka.commit(offsets)
