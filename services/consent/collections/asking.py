"""Asks the services for their parts, again and again until each has answered."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from common import kafka
from common.contracts.privacy import PART_REQUESTED_TYPE, REQUESTS_TOPIC, PartRequested, Scope
from common.running import Running
from consent.collections import tables
from consent.collections.usecases import asking

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0
AT_ONCE = 100
FIRST, LONGEST = 5, 300
"""Seconds between two asks; they double. A service that was away finds what it was asked on the topic."""

Asked = tuple[UUID, bytes]


async def ask_for_parts(running: Running) -> None:
    """For the life of the process."""
    async for _ in asking.rounds(LOOK_EVERY):
        try:
            while asked := await _due(running):
                await _send(running, asked)
        except Exception as error:  # the database or Kafka is away: they are asked again when it is time
            log.warning("parts are asked for later", extra={"error": type(error).__name__})


async def _due(running: Running) -> Sequence[Asked]:
    """Noted before it is sent: what gets lost between is sent again."""
    async with running.db.begin() as tx:
        rows = await tables.take_due(tx, AT_ONCE)
        for row in rows:
            await tables.asked(tx, row, pause_after(row.asks), running.clock.now())
        return [(row.collection_id, _request(row)) for row in rows]


def pause_after(asks: int) -> timedelta:
    return timedelta(seconds=min(LONGEST, FIRST * 2 ** min(asks, 10)))


def _request(row: tables.Row) -> bytes:
    scope = Scope.model_validate(row.scope) if row.scope else None
    asked = PartRequested(
        collection_id=row.collection_id, client_id=row.client_id, service=row.service, reply_key=row.reply_key, scope=scope
    )
    return asked.model_dump_json().encode()


async def _send(running: Running, asked: Sequence[Asked]) -> None:
    producer = kafka.new_producer(running.settings.kafka)
    await producer.start()
    try:
        topic, kind = (
            running.settings.topic_prefix + REQUESTS_TOPIC,
            [("ce_type", PART_REQUESTED_TYPE.encode()), ("content-type", b"application/json")],
        )
        for collection_id, request in asked:
            await producer.send_and_wait(topic, request, key=str(collection_id).encode(), headers=kind)
    finally:
        await producer.stop()
