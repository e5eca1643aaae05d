"""A relay of an outbox, as good as one is in good hands: `python -m bench.outbox.relay poll|listen DATABASE KAFKA TOPIC`.

`poll` looks every 100 ms, `listen` when PostgreSQL notifies (and every second, should a notice be lost). Both read what was not sent
yet in one round trip, never wait for an acknowledgement before they read on, and remove what was acknowledged beside the work.
"""

import asyncio
import contextlib
import sys

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer

from bench.outbox.table import REMOVE, UNSENT
from common import kafka
from common.db import Connection

POLL_EVERY, LOOK_EVERY = 0.1, 1.0


class OutboxRelay:
    """One instance leads; the failures of a relay are not what is measured here, so that it just ends with one."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer, self._topic = producer, topic
        self._sent: set[int] = set()
        self._acked: list[int] = []
        self.wake = asyncio.Event()

    async def run(self, reader: Connection, remover: Connection, every: float) -> None:
        removing = asyncio.create_task(self._remove(remover))
        while not removing.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), every)
            self.wake.clear()
            while rows := await reader.fetch(UNSENT, list(self._sent)):
                for row in rows:
                    self._sent.add(row["seq"])
                    await self._send(row["seq"], row["aggregateid"].encode(), row["payload"].encode())
        await removing

    async def _send(self, seq: int, key: bytes, value: bytes) -> None:
        future = await self._producer.send(self._topic, value, key=key)
        future.add_done_callback(lambda done: self._acked.append(seq) if not done.exception() else None)

    async def _remove(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(0.05)
            if self._acked:
                gone, self._acked = self._acked, []
                await connection.execute(REMOVE, gone)
                self._sent.difference_update(gone)


async def main() -> None:
    how, database, bootstrap, topic = sys.argv[1:]
    reader, remover = await asyncpg.connect(database), await asyncpg.connect(database)
    producer = kafka.new_producer(bootstrap)
    await producer.start()
    relay = OutboxRelay(producer, topic)
    if how == "listen":
        await reader.add_listener("outbox", lambda *_: relay.wake.set())
    await relay.run(reader, remover, LOOK_EVERY if how == "listen" else POLL_EVERY)


if __name__ == "__main__":
    uvloop.run(main())
