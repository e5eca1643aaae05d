"""The partner topics: the compacted state of those who share, keyed by recipient token, and the recalls.

A state leaves behind the release gate, and the gate is held until the broker has acknowledged it; so a tombstone, written by the
transaction of the opt-out, always comes after it. One publisher at a time, by advisory lock.
"""

import asyncio
import contextlib
import logging
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from common import kafka
from common.clock import Clock
from common.contracts.partner import DELETED_TYPE, RECALL_TOPIC, RECALL_TYPE, STATE_TOPIC, STATE_TYPE, RecallRequested
from common.contracts.reporting import RedactionApplied, SinkReceipt
from common.contracts.vocabulary import Programme, Sink
from common.db import Connection, Database
from common.journal import Journal
from common.problems import Problem
from reporting.partner_topics import tables
from reporting.partner_topics.tables import Notice
from reporting.recalls.tables import mark_sent
from reporting.release_gate.gate import Gate, Hold
from reporting.sealing.keys import Sealer

log = logging.getLogger(__name__)

COMPACTED = {
    "cleanup.policy": "compact",
    # A deletion reaches the disk within a bounded time (KIP-354), and a tombstone outlives a recipient's outage of a week.
    "max.compaction.lag.ms": "3600000",
    "delete.retention.ms": "604800000",
}
AT_ONCE = 100
ACK_SECONDS = 5.0


class Publisher:
    """Runs for the life of the process."""

    def __init__(self, db: Database, journal: Journal, bootstrap: str, prefix: str, clock: Clock) -> None:
        self.db, self.journal, self.clock = db, journal, clock
        self.gate: Gate | None = None
        self.sealer: Sealer | None = None
        self._bootstrap, self._prefix = bootstrap, prefix
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                await self._lead()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # Kafka, consent or the database away: nothing is taken off the tables before it was sent
                log.warning("partner publisher starts again", extra={"error": type(error).__name__})
                await asyncio.sleep(0.3)

    async def _lead(self) -> None:
        lock = await asyncpg.connect(self.db.url)
        try:
            await lock.execute("select pg_advisory_lock(hashtext('partner publisher'))")
            await self._publish(lock)
        finally:
            lock.terminate()

    async def _publish(self, lock: Connection) -> None:
        producer = kafka.new_producer(self._bootstrap)
        try:
            await producer.start()
            while not lock.is_closed():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await self._wake.wait()
                self._wake.clear()
                while await self._send_notices(producer):
                    pass
                await self._send_states(producer)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.stop(), 2)

    async def _send_notices(self, producer: AIOKafkaProducer) -> int:
        """Taking back needs no gate. The receipts follow the broker's acknowledgement."""
        async with self.db.pool.acquire() as tx:
            batch = await tables.notices(tx, AT_ONCE)
        if batch:
            await asyncio.wait_for(asyncio.gather(*[await self._send_notice(producer, notice) for notice in batch]), ACK_SECONDS)
            async with self.db.begin_event() as tx:
                await tables.drop_notices(tx, batch)
                await mark_sent(tx, [notice.key for notice in batch if notice.topic == "recalls"])
                await self.journal.append_event(tx, *self._receipts(batch))
        return len(batch)

    async def _send_notice(self, producer: AIOKafkaProducer, notice: Notice) -> Any:
        key = str(notice.key).encode()
        if notice.topic == "state":
            return await producer.send(self._prefix + STATE_TOPIC, None, key=key, headers=headers(DELETED_TYPE, key))
        value = RecallRequested(recall_id=notice.key, decision_id=notice.decision_id).model_dump_json().encode()
        return await producer.send(self._prefix + RECALL_TOPIC, value, key=key, headers=headers(RECALL_TYPE, key))

    def _receipts(self, batch: list[Notice]) -> list[RedactionApplied]:
        """One event a decision and sink."""
        sinks: dict[tuple[str, Notice], int] = {}
        for notice in batch:
            first = next((n for (topic, n) in sinks if topic == notice.topic and n.decision_id == notice.decision_id), notice)
            sinks[(notice.topic, first)] = sinks.get((notice.topic, first), 0) + 1
        return [
            RedactionApplied(
                occurred_at=self.clock.now(),
                client_id=notice.client_id,
                programme=Programme(notice.programme),
                decision_id=notice.decision_id,
                receipts=(SinkReceipt(sink=Sink.PARTNER_TOPIC if topic == "state" else Sink.RECALL_SENT, records=count),),
            )
            for (topic, notice), count in sinks.items()
        ]

    async def _send_states(self, producer: AIOKafkaProducer) -> None:
        async with self.db.pool.acquire() as tx:
            streams = await tables.dirty_streams(tx)
        for stream in streams:
            try:
                assert self.gate is not None
                async with self.gate.held(stream) as hold:
                    await self._send_stream(producer, hold)
            except Problem as refusal:
                log.info("partner states wait", extra={"code": refusal.code})

    async def _send_stream(self, producer: AIOKafkaProducer, hold: Hold) -> None:
        states = await tables.take_states(hold, AT_ONCE)
        sent = []
        for state in states:
            if state.value is None:
                continue
            key, value = str(state.token).encode(), state.value.encode()
            sent.append(await producer.send(self._prefix + STATE_TOPIC, value, key=key, headers=headers(STATE_TYPE, key)))
        if sent:
            await asyncio.wait_for(asyncio.gather(*sent), ACK_SECONDS)
        await tables.drop_dirty(hold, states)


def headers(kind: str, subject: bytes) -> list[tuple[str, bytes]]:
    """CloudEvents, binary mode: without data it is a tombstone."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", subject + b"/" + kind.encode()),
        ("ce_source", b"/care-connect/reporting"),
        ("ce_type", kind.encode()),
        ("ce_subject", subject),
        ("content-type", b"application/json"),
    ]
