"""Kafka clients with the settings that lose nothing, and the topics.

aiokafka's defaults lose data (`latest`, `acks=1`, auto-commit). After any produce error its idempotent producer is dead
(aiokafka#1017): whoever owns one ends it and makes another.
"""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

TOPIC_EXISTS = TopicAlreadyExistsError.errno


def new_producer(bootstrap: str, largest: int = 1_048_576) -> AIOKafkaProducer:
    """`largest`: bytes of a request, and so of a message; the topic's own limit is to match."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        request_timeout_ms=10_000,
        retry_backoff_ms=50,
        max_request_size=largest,
    )


def new_consumer(bootstrap: str, group: str, instance: str) -> AIOKafkaConsumer:
    """Static membership: a process killed and restarted within the session takes its partitions back without a rebalance."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        group_instance_id=f"{group}.{instance}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
        heartbeat_interval_ms=1_000,
        fetch_max_wait_ms=1_000,
        max_poll_interval_ms=600_000,
        retry_backoff_ms=50,
        metadata_max_age_ms=30_000,
    )


async def ensure_topics(
    bootstrap: str, names: Iterable[str], partitions: int, replication: int, config: dict[str, str] | None = None
) -> None:
    """Idempotent: a topic that is there is left as it is."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    await admin.start()
    try:
        topics = [NewTopic(name, partitions, replication, topic_configs=config or {}) for name in names]
        answer = await admin.create_topics(topics)
        for name, code, *_ in answer.topic_errors:
            if code not in (0, TOPIC_EXISTS):
                raise for_code(code)(name)
    finally:
        await admin.close()
