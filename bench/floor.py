"""The floor: what the parts of the way cost by themselves, with nothing of ours and nothing of a relay's in between.

A request to a bare service, a commit of one row, an idempotent produce until it is consumed, a commit of one row: one after the other
for each sample, at the pace that the opt-outs are made at, since an idle machine answers slower than a tight loop.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.pace import at_pace
from bench.posting import Posting
from bench.seeding import fresh_database
from common import kafka
from common.db import Pool, open_pool
from deploy.local.infrastructure import Infrastructure

TOPIC = "bench.floor"
BODY = b'{"programme":"care_connect"}'
INSERT = "insert into floor (id, payload) values ($1, $2)"
PAYLOAD = "x" * 300
"""As long as the event of an opt-out."""


class Floor:
    """Open for the life of a run."""

    def __init__(self, posting: Posting, first: Pool, second: Pool, producer: AIOKafkaProducer) -> None:
        self._posting, self._first, self._second, self._producer = posting, first, second, producer
        self._consumed: dict[bytes, asyncio.Future[None]] = {}

    async def measure(self, per_second: float, n: int, seed: int) -> list[float]:
        """Milliseconds of each sample's steps together."""
        times: list[float] = []

        async def sample(key: UUID) -> None:
            began = time.monotonic_ns()
            await self._posting.post("/", BODY)
            await self._first.execute(INSERT, key, PAYLOAD)
            await self._produce_and_consume(key.bytes)
            await self._second.execute(INSERT, key, PAYLOAD)
            times.append((time.monotonic_ns() - began) / 1e6)

        await at_pace(per_second, seed, [uuid4() for _ in range(n)], sample)
        return times

    async def _produce_and_consume(self, key: bytes) -> None:
        consumed = self._consumed[key] = asyncio.get_running_loop().create_future()
        await self._producer.send(TOPIC, PAYLOAD.encode(), key=key)
        await consumed

    async def consume(self, consumer: AIOKafkaConsumer) -> None:
        """Runs beside the samples."""
        async for record in consumer:
            self._consumed.pop(record.key).set_result(None)


@asynccontextmanager
async def opened(infrastructure: Infrastructure, url: str) -> AsyncIterator[Floor]:
    """`url`: of the bare service. Two databases, as two services have."""
    first, second = await _table(infrastructure, "floor_first"), await _table(infrastructure, "floor_second")
    await kafka.ensure_topics(infrastructure.bootstrap, [TOPIC], 1, 1)
    producer = kafka.new_producer(infrastructure.bootstrap)
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=infrastructure.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(TOPIC, 0)])
    await asyncio.gather(producer.start(), consumer.start())
    async with Posting(url) as posting:
        floor = Floor(posting, first, second, producer)
        consuming = asyncio.create_task(floor.consume(consumer))
        try:
            yield floor
        finally:
            consuming.cancel()
            await asyncio.gather(producer.stop(), consumer.stop(), first.close(), second.close())


async def _table(infrastructure: Infrastructure, database: str) -> Pool:
    pool = await open_pool(await fresh_database(infrastructure, database), 2, 12)
    await pool.execute("create table floor (id uuid primary key, payload text not null)")
    return pool
