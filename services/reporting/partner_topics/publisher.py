"""The partner topics: the compacted state of those who share, notices of what was taken back, and aggregate releases.

A state leaves behind the release gate, and the gate is held until the broker has acknowledged it; so a tombstone, written by the
transaction of the opt-out, always comes after it. One publisher at a time, by advisory lock.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from uuid import UUID

from aiokafka import AIOKafkaProducer

from common import kafka
from common.clock import Clock
from common.contracts.reporting import RedactionApplied, SinkReceipt
from common.contracts.vocabulary import Programme, Sink
from common.db import Connection, Database, Pool, connect_to_lead
from common.journal import Journal
from common.problems import Problem
from reporting.corrections.tables import mark_told
from reporting.partner_topics import tables, topics
from reporting.partner_topics.aggregates import reports_of
from reporting.partner_topics.messages import Message, of_notice, of_report, of_state
from reporting.partner_topics.tables import Notice, State
from reporting.recalls.tables import mark_sent
from reporting.recipients.rules import Registration
from reporting.recipients.tables import every
from reporting.release_gate.gate import Gate, Hold
from reporting.sealing.encoding import seals_of
from reporting.sealing.keys import Sealer
from reporting.settings import ReportingSettings

log = logging.getLogger(__name__)

AT_ONCE = 100
ACK_SECONDS = 5.0
LARGEST_STATE = topics.LARGEST - 65_536
"""Bytes. The rest is for what a message has around it."""
TOO_LARGE_SECONDS, UNSEALED_SECONDS = 600.0, 30.0
"""How long a client is left alone: there may be less of it by then, or its key may be read again."""


class Publisher:
    """Runs for the life of the process."""

    def __init__(self, db: Database, journal: Journal, settings: ReportingSettings, clock: Clock) -> None:
        self.db, self.journal, self.clock, self.settings = db, journal, clock, settings
        self.gate: Gate | None = None
        self.sealer: Sealer | None = None
        self.reports: Pool | None = None
        """As the role that reads published numbers only."""
        self._wake = asyncio.Event()
        self._left_alone: dict[UUID, float] = {}

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
        lock = await connect_to_lead(self.db.url)
        try:
            await lock.execute("select pg_advisory_lock(hashtext('partner publisher'))")
            await self._publish(lock)
        finally:
            lock.terminate()

    async def _publish(self, lock: Connection) -> None:
        producer = kafka.new_producer(self.settings.kafka, topics.LARGEST)
        known: set[UUID] = set()
        up_to_date: object = None
        try:
            await producer.start()
            while not lock.is_closed():
                recipients = await self._recipients(known)
                while await self._send_notices(producer):
                    pass
                more = await self._send_states(producer)
                up_to_date = await self._send_releases(producer, recipients, up_to_date)
                if not more:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            await self._wake.wait()
                    self._wake.clear()
        finally:
            await _end(producer)

    async def _recipients(self, known: set[UUID]) -> Sequence[Registration]:
        """All that are registered; those that are new get their topics first."""
        async with self.db.pool.acquire() as tx:
            found = await every(tx)
        if new := [one for one in found if one.recipient_id not in known]:
            slugs = [one.slug for one in new]
            await topics.ensure(
                self.settings.kafka, self.settings.topic_prefix, slugs, self.journal.streams, self.settings.replication_factor
            )
            known.update(one.recipient_id for one in new)
        return found

    async def _send(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
        """Returns when the broker has acknowledged them."""

        async def send() -> None:
            sent = [await producer.send(self.settings.topic_prefix + topic, v, key=k, headers=h) for topic, k, v, h in messages]
            await asyncio.gather(*sent)

        if messages:
            await asyncio.wait_for(send(), ACK_SECONDS)

    async def _send_notices(self, producer: AIOKafkaProducer) -> int:
        """Taking back needs no gate. The receipts follow the broker's acknowledgement."""
        async with self.db.pool.acquire() as tx:
            batch = await tables.notices(tx, AT_ONCE)
        if batch:
            await self._send(producer, [of_notice(notice, self.settings.public_url) for notice in batch])
            async with self.db.begin_event() as tx:
                await tables.drop_notices(tx, batch)
                first = await mark_sent(tx, [notice.key for notice in batch if notice.kind == "recall"])
                await mark_told(tx, [(notice.key, notice.recipient_id) for notice in batch if notice.kind == "correction"])
                await self.journal.append_event(tx, *self._receipts([n for n in batch if n.kind == "tombstone" or n.key in first]))
        return len(batch)

    def _receipts(self, batch: Sequence[Notice]) -> list[RedactionApplied]:
        """One event a decision and sink. What was redacted in exports has its receipt already, and a reminder of a recall as well; what no
        decision led to needs none."""
        sinks: dict[tuple[Sink, UUID], list[Notice]] = {}
        for notice in batch:
            sink = Sink.PARTNER_TOPIC if notice.kind == "tombstone" else Sink.RECALL_SENT
            if notice.decision_id is not None:
                sinks.setdefault((sink, notice.decision_id), []).append(notice)
        return [
            RedactionApplied(
                occurred_at=self.clock.now(),
                client_id=notices[0].client_id,
                programme=Programme(notices[0].programme),
                decision_id=decision_id,
                receipts=(SinkReceipt(sink=sink, records=len(notices)),),
            )
            for (sink, decision_id), notices in sinks.items()
        ]

    async def _send_states(self, producer: AIOKafkaProducer) -> bool:
        """Whether there is more to send at once."""
        self._left_alone = {client: until for client, until in self._left_alone.items() if until > time.monotonic()}
        async with self.db.pool.acquire() as tx:
            waiting = await tables.waiting(tx, list(self._left_alone), self.clock.now())
            for stream in {one.stream for one in waiting if one.recipient_id is None}:
                await tables.forget_unregistered(tx, stream)
        more = False
        for one in waiting:
            await self._send_notices(producer)  # what is taken back never waits for all that is sent
            if one.recipient_id is not None:
                more |= await self._send_states_of(producer, one.stream, one.recipient_id)
        return more

    async def _send_states_of(self, producer: AIOKafkaProducer, stream: int, recipient_id: UUID) -> bool:
        assert self.gate is not None
        try:
            async with self.gate.held(stream, recipient_id) as hold:
                return await self._send_stream(producer, hold)
        except Problem as refusal:
            log.info("partner states wait", extra={"code": refusal.code})
            return False

    async def _send_stream(self, producer: AIOKafkaProducer, hold: Hold) -> bool:
        states = await tables.take_states(hold, AT_ONCE, list(self._left_alone), self.settings.public_url, LARGEST_STATE)
        taken = [(state, await self._message(hold, state)) for state in states]
        messages, seconds = [message for _, message in taken if message is not None], hold.seconds(ACK_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                await self._send(producer, messages)
        except BaseException:
            await _end(producer)  # before the gate lets go: nothing may be under way when a tombstone follows
            raise
        settled = [state for state, message in taken if message is not None or not (state.value or state.too_large)]
        await tables.drop_dirty(hold, settled)
        return len(states) == AT_ONCE

    async def _message(self, hold: Hold, state: State) -> Message | None:
        """None where there is nothing to send, or nothing that could be: that client is left alone, and stays to be sent."""
        if state.too_large:
            log.error("the state of a client is too large for the partner topic", extra={"recipient": state.slug})
            self._left_alone[state.client_id] = time.monotonic() + TOO_LARGE_SECONDS
        if state.value is None:
            return None
        try:
            return of_state(state, await self._value(hold, state))
        except Problem as refusal:
            log.error("the state of a client cannot be sealed", extra={"recipient": state.slug, "code": refusal.code})
            self._left_alone[state.client_id] = time.monotonic() + UNSEALED_SECONDS
            return None

    async def _value(self, hold: Hold, state: State) -> bytes:
        """As it leaves. A sealed recipient's is sealed here, with the key of its token."""
        assert state.value is not None
        plain = state.value.encode()
        if not state.sealed:
            return plain
        assert self.sealer is not None
        assert state.token is not None
        seals = await seals_of(self.sealer, hold.tx, [state.token], hold.stream)
        return seals[state.token].binary(plain).encode()

    async def _send_releases(self, producer: AIOKafkaProducer, recipients: Sequence[Registration], up_to_date: object) -> object:
        """What it answers is handed to the next call: while neither releases nor recipients have changed there is nothing to do."""
        async with self.db.pool.acquire() as tx:
            now = await tx.fetchval("select count(*) from release"), {one.recipient_id for one in recipients}
        if now != up_to_date:
            for one in recipients:
                await self._send_releases_to(producer, one)
        return now

    async def _send_releases_to(self, producer: AIOKafkaProducer, one: Registration) -> None:
        async with self.db.pool.acquire() as tx:
            unsent = await tables.unsent_releases(tx, one.recipient_id)
        if not unsent:
            return
        assert self.reports is not None
        async for key, document in reports_of(self.reports, one.recipient_id, {month for _, month in unsent}):
            await self._send(producer, [of_report(one.slug, key, document)])
            await self._send_notices(producer)
        async with self.db.pool.acquire() as tx:
            await tables.keep_sent(tx, one.recipient_id, [release_id for release_id, _ in unsent])


async def _end(producer: AIOKafkaProducer) -> None:
    """Nothing is sent any more when this returns. aiokafka's own stop first waits for what is under way, without an end."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.stop(), 2)
    sender = producer._sender
    with contextlib.suppress(Exception):
        await sender.close()
    with contextlib.suppress(Exception):
        await producer.client.close()
