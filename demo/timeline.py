"""One opt-out, watched from outside: what was written where, and when.

Every time is one that a part of the system wrote down itself (PostgreSQL's clock beside the row, Kafka's in the record); all run on
one machine, so one clock tells them all. Kafka's has whole milliseconds only.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

from common.contracts.catalogue import topic_of
from common.contracts.consent import OptedOut
from common.contracts.reporting import RedactionApplied
from demo.calling import Caller
from demo.system import System

SINKS = {
    "export_rows": "rows redacted in every export produced",
    "partner_topic": "tombstone acknowledged by the broker",
    "recall_sent": "recall notice acknowledged by the broker",
    "recall_acknowledged": "the plan has the recall, and uses nothing of it any more",
    "recall_attested": "the plan has stated that it has deleted",
}


@dataclass(frozen=True)
class Moment:
    """Milliseconds since the request was sent."""

    at: float
    where: str
    what: str


@dataclass(frozen=True)
class Watched:
    opt_out: dict[str, Any]
    """As it was answered."""
    moments: list[Moment]
    propagation_ms: float
    """From the ledger's line to the last receipt that `effective` needs, as for every opt-out of the race."""


async def watched_opt_out(system: System, client: Caller, programme: str) -> Watched:
    """Opts out, and collects what everybody wrote down about it."""
    async with _listening(system.bootstrap, topic_of("consent")) as seen:
        sent = time.time()
        answer = await client.post("consent", f"/v1/clients/{client.id}/opt-outs", {"programme": programme})
        answered = time.time()
        (opt_out,) = answer["items"]
        published = await asyncio.wait_for(seen(opt_out["decision_id"]), 10)
    written = await _written(system, opt_out["decision_id"])
    moments = [
        Moment(0, "client", "opt-out sent"),
        *[_since(sent, at, where, what) for at, where, what in written],
        Moment((published - sent) * 1000, "Kafka", f"{OptedOut.type} published, its time stamp in whole ms"),
        Moment((answered - sent) * 1000, "client", f"answer received: {opt_out['status']}"),
    ]
    at_consent = [at for at, where, _ in written if where == "consent"]
    took = (max(at_consent) - min(at_consent)).total_seconds() * 1000
    return Watched(opt_out, sorted(moments, key=lambda moment: moment.at), took)


def _since(sent: float, at: datetime, where: str, what: str) -> Moment:
    return Moment((at.timestamp() - sent) * 1000, where, what)


async def _written(system: System, decision_id: str) -> list[tuple[datetime, str, str]]:
    """From the journals of consent and reporting, and from the receipts."""
    consent = await _fetch(system.database("consent"), "select recorded_at, type from journal where event_id = $1::text::uuid", decision_id)
    statement = f"""
        select recorded_at, (payload::json -> 'receipts')::text as receipts from journal
         where type = '{RedactionApplied.type}' and payload::json ->> 'decision_id' = $1 order by recorded_at limit 1"""
    applied = await _fetch(system.database("reporting"), statement, decision_id)
    receipts = await _fetch(
        system.database("consent"),
        "select done_at, sink from receipt where decision_id = $1::text::uuid and done_at is not null",
        decision_id,
    )
    return [
        *[(row["recorded_at"], "consent", "decision in the ledger") for row in consent],
        *[(row["recorded_at"], "reporting", "redaction applied, in one transaction with its receipt") for row in applied],
        *[(row["done_at"], "consent", f"receipt {row['sink']}: {SINKS[row['sink']]}") for row in receipts],
    ]


async def _fetch(dsn: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


class _Seen:
    """Time stamps of the records that came by, by event id."""

    def __init__(self) -> None:
        self._times: dict[str, asyncio.Future[float]] = {}

    def note(self, event_id: str, timestamp: float) -> None:
        future = self._of(event_id)
        if not future.done():
            future.set_result(timestamp)

    async def __call__(self, event_id: str) -> float:
        return await self._of(event_id)

    def _of(self, event_id: str) -> asyncio.Future[float]:
        return self._times.setdefault(event_id, asyncio.get_running_loop().create_future())


@asynccontextmanager
async def _listening(bootstrap: str, topic: str) -> AsyncIterator[_Seen]:
    """A consumer of our own, without a group, from the end of the topic on."""
    consumer, seen = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="latest"), _Seen()
    await consumer.start()
    try:
        await consumer.seek_to_end()

        async def listen() -> None:
            async for record in consumer:
                seen.note(dict(record.headers)["ce_id"].decode(), record.timestamp / 1000)

        listening = asyncio.create_task(listen())
        yield seen
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
    finally:
        await consumer.stop()
