"""The three topics of each recipient: what they keep and for how long."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from common.contracts.partner import aggregates_topic, individual_topic, notices_topic
from common.kafka import TOPIC_EXISTS

LARGEST = 8 * 1024 * 1024
"""Bytes of a message."""
HOUR, WEEK, YEAR = "3600000", "604800000", "31536000000"
"""Milliseconds, as Kafka's settings want them."""

STATES = {
    "cleanup.policy": "compact",
    # What was taken back is off the broker's disk soon (KIP-354): only segments that are closed are compacted, and those as soon as
    # there is something to drop. The tombstone itself outlives a recipient's outage of a week.
    "max.compaction.lag.ms": HOUR,
    "segment.ms": HOUR,
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": WEEK,
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": str(LARGEST),
}
KEPT_A_YEAR = {
    "cleanup.policy": "delete",
    "retention.ms": YEAR,
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": str(LARGEST),
}


async def ensure(bootstrap: str, prefix: str, slugs: Iterable[str], streams: int, replication: int) -> None:
    """Idempotent: a topic that is there is left as it is. Notices and aggregates are few, and in order: one partition."""
    topics = []
    for slug in slugs:
        topics.append(NewTopic(prefix + individual_topic(slug), streams, replication, topic_configs=STATES))
        for name in (notices_topic(slug), aggregates_topic(slug)):
            topics.append(NewTopic(prefix + name, 1, replication, topic_configs=KEPT_A_YEAR))
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
        for name, code, *_ in (await admin.create_topics(topics)).topic_errors:
            if code not in (0, TOPIC_EXISTS):
                raise for_code(code)(name)
    finally:
        await admin.close()
