"""The relay: reads the journal in order and publishes it, partition = stream.

One leader per service holds an advisory lock, so several instances can run. It gets new entries in memory at commit (or by NOTIFY from
another instance); a poll of the heads is only the safety net. Positions are gapless and in commit order, so "the next position of the
stream" is all it needs to know: no cursor over ids, no SKIP LOCKED, no watermark. A restart publishes again what was not noted yet;
consumers drop it by position.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from functools import partial

from aiokafka import AIOKafkaProducer

from common import kafka
from common.cloudevents import Entry, to_headers
from common.db import DOWN, Connection, Database, connect_to_lead
from common.journal import Journal, heads
from common.metrics import Metrics

log = logging.getLogger(__name__)

BATCH = 500
ACK_TIMEOUT = 15.0
"""Seconds. An idempotent batch of aiokafka never expires by itself."""

SAVE_CURSOR = """
insert into relay_cursor (stream, position) select * from unnest($1::int[], $2::bigint[])
on conflict (stream) do update set position = greatest(relay_cursor.position, excluded.position)"""

UNPUBLISHED_SINCE = """
select extract(epoch from clock_timestamp() - min(j.recorded_at))
  from unnest($1::int[], $2::bigint[]) as acked(stream, position)
  join journal j on j.stream = acked.stream and j.position = acked.position + 1"""


class Relay:
    """Runs for the life of the process; leads or waits to lead."""

    def __init__(self, db: Database, journal: Journal, bootstrap: str, topic: str, metrics: Metrics, poll: float) -> None:
        self.db, self.journal, self.metrics = db, journal, metrics
        self.bootstrap, self.topic, self.poll = bootstrap, topic, poll
        self.leading = False
        self._channel = f"relay_{journal.source}"
        self._fresh: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._failure: BaseException | None = None
        self._sent: dict[int, int] = {}
        self._acked: dict[int, int] = {}
        self._look = asyncio.Event()
        self._behind: set[int] = set()
        """Streams of which the journal has more than was sent."""
        self._in_flight: deque[tuple[float, asyncio.Future[object]]] = deque()
        self._notifying: set[asyncio.Task[None]] = set()

    def committed(self, entries: list[Entry]) -> None:
        """Called right after each commit of this process."""
        if self.leading:
            self._fresh.extend(entries)
            self._wake.set()
        else:
            task = asyncio.create_task(self._notify())
            self._notifying.add(task)
            task.add_done_callback(self._notifying.discard)

    async def _notify(self) -> None:
        """After the commit, never within it: NOTIFY takes a lock of the whole cluster. A lost one is found by the poll."""
        with contextlib.suppress(*DOWN):
            await self.db.pool.execute(f"notify {self._channel}")

    async def run(self) -> None:
        while True:
            try:
                await self._lead()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever it was: give up leading, start again from the journal
                log.warning("relay starts again", extra={"error": type(error).__name__})
                self.metrics.relay_restarts.inc()
                await asyncio.sleep(0.2)

    async def _lead(self) -> None:
        connection = await connect_to_lead(self.db.url)
        try:
            await connection.execute("select pg_advisory_lock(hashtext($1))", self._channel)
            connection.add_termination_listener(lambda *_: self._fail(ConnectionError("lost the leader's lock")))
            await connection.add_listener(self._channel, lambda *_: self._look.set())
            await self._publish_until_failure(connection)
        finally:
            self.leading = False
            connection.terminate()  # the lock ends with the session, whatever state it is in

    async def _publish_until_failure(self, connection: Connection) -> None:
        noted = {row["stream"]: row["position"] for row in await connection.fetch("select stream, position from relay_cursor")}
        self._acked = {stream: noted.get(stream, 0) for stream in range(self.journal.streams)}
        self._sent = dict(self._acked)
        self._failure = None
        self._fresh.clear()
        self._in_flight.clear()
        self._behind.clear()
        producer, looking = kafka.new_producer(self.bootstrap), None
        try:
            await producer.start()
            self.leading = True
            looking = asyncio.create_task(self._look_around(connection))
            while True:
                await self._wait()
                await self._send_fresh(producer)
                while self._behind:
                    await self._send_from_journal(producer, self._behind.pop())
                self._check()
        finally:
            self.leading = False
            if looking:
                looking.cancel()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.stop(), 2)

    async def _wait(self) -> None:
        """Until something was appended, failed, or it is time for the safety net."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.poll):
                await self._wake.wait()
        self._wake.clear()

    async def _look_around(self, connection: Connection) -> None:
        """The safety net, beside the sending: whatever the heads say that was not sent yet, whoever appended it."""
        saved, before = dict(self._acked), None
        try:
            while True:
                async with self.db.pool.acquire() as tx:
                    vector = await heads(tx)
                # Our own entries are on their way in memory: only what a look has seen twice was missed. Another's are sent at once.
                self._behind |= {s for s, at in (vector if before is None else before).items() if at > self._sent[s]}
                if self._behind:
                    self._wake.set()
                self.metrics.journal_lag.set(sum(vector.values()) - sum(self._acked.values()))
                saved = await self._note_progress(connection, saved)
                told = await self._told_to_look()
                before = None if told else vector
        except Exception as error:
            self._fail(error)

    async def _told_to_look(self) -> bool:
        """Whether another instance appended, within the time until the next look anyhow."""
        try:
            async with asyncio.timeout(self.poll):
                await self._look.wait()
        except TimeoutError:
            return False
        self._look.clear()
        return True

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._wake.set()

    def _check(self) -> None:
        while self._in_flight and self._in_flight[0][1].done():
            self._in_flight.popleft()
        if self._in_flight and time.monotonic() - self._in_flight[0][0] > ACK_TIMEOUT:
            self._failure = TimeoutError("no acknowledgement")
        if self._failure:
            raise self._failure

    async def _send_fresh(self, producer: AIOKafkaProducer) -> None:
        while self._fresh:
            entry = self._fresh.popleft()
            if entry.position == self._sent[entry.stream] + 1:
                await self._send(producer, entry)
            elif entry.position > self._sent[entry.stream]:
                await self._send_from_journal(producer, entry.stream)

    async def _send_from_journal(self, producer: AIOKafkaProducer, stream: int) -> None:
        while True:
            async with self.db.pool.acquire() as tx:
                entries = await self.journal.page(tx, stream, self._sent[stream], BATCH)
            for entry in entries:
                await self._send(producer, entry)
            if len(entries) < BATCH:
                return

    async def _send(self, producer: AIOKafkaProducer, entry: Entry) -> None:
        """Pipelined: the broker keeps the order of a partition, failures end this term of leading."""
        self._check()
        key, value = str(entry.subject).encode(), entry.payload.encode()
        future = await producer.send(self.topic, value, key=key, partition=entry.stream, headers=to_headers(entry))
        self._sent[entry.stream] = entry.position
        self._in_flight.append((time.monotonic(), future))
        future.add_done_callback(partial(self._on_ack, entry))

    def _on_ack(self, entry: Entry, future: "asyncio.Future[object]") -> None:
        if future.cancelled() or future.exception():
            self._fail(future.exception() if not future.cancelled() else ConnectionError("cancelled"))  # type: ignore[arg-type]
        elif self._failure is None and entry.position == self._acked[entry.stream] + 1:
            # Never past one that failed: what is noted as published is never looked at again.
            self._acked[entry.stream] = entry.position

    async def _note_progress(self, connection: Connection, saved: dict[int, int]) -> dict[int, int]:
        acked = dict(self._acked)
        streams, positions = list(acked), list(acked.values())
        if acked != saved:
            await connection.execute(SAVE_CURSOR, streams, positions)
        oldest = await connection.fetchval(UNPUBLISHED_SINCE, streams, positions)
        self.metrics.oldest_unpublished_seconds.set(float(oldest or 0))
        return acked
