"""The topics of privacy: one record after the other, each at least once. Whoever asked asks again, so nothing is kept up by one."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from common import kafka
from common.running import Running

log = logging.getLogger(__name__)
DAY, HOUR = "86400000", "3600000"
"""Milliseconds, as Kafka's settings want them."""
KEPT_A_DAY = {"cleanup.policy": "delete", "retention.ms": DAY, "segment.ms": HOUR, "message.timestamp.type": "LogAppendTime"}
PARTITIONS = 4
POLL_MS = 500

Taking = Callable[[Sequence[bytes]], Awaitable[None]]


async def listen(running: Running, topic: str, name: str, take: Taking) -> None:
    """For the life of the process. Kafka or the database away: it goes on where it was."""
    while True:
        try:
            await _listen(running, topic, name, take)
        except Exception as error:
            log.warning("privacy topic is read anew", extra={"error": type(error).__name__, "topic": topic})
            await asyncio.sleep(0.5)


async def _listen(running: Running, topic: str, name: str, take: Taking) -> None:
    """Whoever comes first makes the topic: a consumer notices late that one has come into being."""
    settings = running.settings
    name_of_topic = settings.topic_prefix + topic
    await kafka.ensure_topics(settings.kafka, [name_of_topic], PARTITIONS, settings.replication_factor, KEPT_A_DAY)
    consumer = kafka.new_consumer(settings.kafka, f"{settings.topic_prefix}{name}.{topic}", settings.instance)
    try:
        consumer.subscribe([name_of_topic])
        await consumer.start()
        while True:
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=50)
            if values := [record.value for records in polled.values() for record in records if record.value]:
                await take(values)
            if polled:
                await consumer.commit()
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(consumer.stop(), 3)
