"""Answers what a service is asked for: its part of what is held of a client, sealed, onto the topic of answers."""

import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from pydantic import ValidationError

from common import kafka
from common.contracts.privacy import ANSWERS_TOPIC, PART_COLLECTED_TYPE, REQUESTS_TOPIC, Part, PartRequested
from common.db import DOWN
from common.holdings.listening import listen
from common.holdings.reading import read_part, snapshot
from common.holdings.registry import Holder
from common.holdings.sealing import sealed_pieces
from common.running import Running

log = logging.getLogger(__name__)
KIND = [("ce_type", PART_COLLECTED_TYPE.encode()), ("content-type", b"application/json")]


async def answer_for_parts(running: Running, holder: Holder) -> None:
    """For the life of the process."""

    async def answer(values: Sequence[bytes]) -> None:
        requests = [asked for value in values if (asked := _request(value)) and asked.service == holder.service]
        # Whoever was away finds itself asked several times.
        for asked in {request.collection_id: request for request in requests}.values():
            await _answer(running, asked, holder)

    await listen(running, REQUESTS_TOPIC, holder.service, answer)


def _request(value: bytes) -> PartRequested | None:
    try:
        return PartRequested.model_validate_json(value)
    except ValidationError:
        log.error("no request for a part")
        return None


async def _answer(running: Running, asked: PartRequested, holder: Holder) -> None:
    """What cannot be answered holds up nobody else's: it is asked for again, and seen to be missing."""
    try:
        async with snapshot(running.db) as tx:
            part = await read_part(tx, holder, asked.client_id, asked.scope, running.clock.now())
        opened = {name: [running.opening[name](row) for row in rows] for name, rows in part.tables.items() if name in running.opening}
        await _send(running, asked, part.model_copy(update={"tables": part.tables | opened}))
    except DOWN:
        raise
    except Exception as error:
        log.error("a part is not made", extra={"error": type(error).__name__, "collection": str(asked.collection_id)})


async def _send(running: Running, asked: PartRequested, part: Part) -> None:
    producer: AIOKafkaProducer = kafka.new_producer(running.settings.kafka)
    await producer.start()
    try:
        topic = running.settings.topic_prefix + ANSWERS_TOPIC
        for piece in sealed_pieces(asked, part):
            value = piece.model_dump_json().encode()
            await producer.send_and_wait(topic, value, key=str(asked.collection_id).encode(), headers=KIND)
    finally:
        await producer.stop()
