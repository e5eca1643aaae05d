"""A recipient's topics as the recipient reads them, from the beginning."""

import json
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import UnknownTopicOrPartitionError

from common.contracts.partner import aggregates_topic, individual_topic, notices_topic
from deploy.local.stack import Stack


@dataclass(frozen=True)
class Read:
    key: str
    value: dict[str, Any] | None
    """None: a tombstone."""
    type: str
    headers: dict[str, str]


async def records_on(stack: Stack, topic: str) -> list[Read]:
    """All that is on it now; nothing where there is no such topic yet."""
    name = (f"{stack.name}." if stack.name else "") + topic
    consumer = AIOKafkaConsumer(
        name, bootstrap_servers=stack.infrastructure.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        return await _read(consumer)
    except UnknownTopicOrPartitionError:
        return []
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer) -> list[Read]:
    parts = list(consumer.assignment())
    ends = await consumer.end_offsets(parts)
    found: list[Read] = []
    while any([await consumer.position(part) < end for part, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=300)).values():
            for record in records:
                headers = {key: value.decode() for key, value in record.headers}
                found.append(Read(record.key.decode(), json.loads(record.value) if record.value else None, headers["ce_type"], headers))
    return found


async def states(stack: Stack, slug: str) -> list[Read]:
    return await records_on(stack, individual_topic(slug))


async def notices(stack: Stack, slug: str) -> list[Read]:
    return await records_on(stack, notices_topic(slug))


async def aggregates(stack: Stack, slug: str) -> list[Read]:
    return await records_on(stack, aggregates_topic(slug))
