"""The relay: everything, in order, through restarts, failures and several instances."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from common.db import Database
from common.relay import Relay
from tests.common.conftest import STREAMS, Publisher, counted, eventually

Running = Callable[[Awaitable[None]], "asyncio.Future[None]"]


async def published(publisher: Publisher) -> dict[int, list[int]]:
    """Positions by partition, as they stand on the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=publisher.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    partitions = [TopicPartition(publisher.topic, stream) for stream in range(STREAMS)]
    consumer.assign(partitions)
    found: dict[int, list[int]] = {stream: [] for stream in range(STREAMS)}
    try:
        ends = await consumer.end_offsets(partitions)
        while sum(map(len, found.values())) < sum(ends.values()):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                found[partition.partition] += [int(dict(record.headers)["ce_sequence"]) for record in records]
    finally:
        await consumer.stop()
    return found


async def appended(publisher: Publisher) -> dict[int, int]:
    rows = await publisher.db.pool.fetch("select stream, position from journal_head")
    return {row["stream"]: row["position"] for row in rows}


async def all_published(publisher: Publisher) -> bool:
    wanted = await appended(publisher)
    return {stream: max(positions, default=0) for stream, positions in (await published(publisher)).items()} == wanted


def assert_in_order(positions: dict[int, list[int]]) -> None:
    """Without repetitions each stream reads 1, 2, 3 …: nothing is lost, nothing overtakes."""
    for stream in positions.values():
        assert list(dict.fromkeys(stream)) == list(range(1, max(stream, default=0) + 1))


async def leading(relay: Relay) -> bool:
    return relay.leading


async def test_every_entry_is_published_in_the_order_of_its_stream(publisher: Publisher, running: Running) -> None:
    clients = [uuid4() for _ in range(10)]
    await publisher.append(*(counted(client, 0) for client in clients))
    relay = publisher.relay()
    running(relay.run())
    await eventually(lambda: leading(relay))
    await asyncio.gather(*(publisher.append(counted(client, number)) for number in range(1, 20) for client in clients))
    await eventually(lambda: all_published(publisher))
    assert_in_order(await published(publisher))


async def test_a_relay_that_was_cut_off_begins_again_from_the_journal(publisher: Publisher, running: Running) -> None:
    client = uuid4()
    first = running(publisher.relay().run())
    for number in range(30):
        await publisher.append(counted(client, number))
    first.cancel()
    for number in range(30, 40):
        await publisher.append(counted(client, number))
    running(publisher.relay().run())
    await eventually(lambda: all_published(publisher))
    assert_in_order(await published(publisher))


async def test_when_the_leader_loses_its_lock_the_other_instance_takes_over(publisher: Publisher, running: Running) -> None:
    other = Publisher(await Database.open(publisher.db.url), publisher.journal, publisher.topic, publisher.bootstrap)
    first, second = publisher.relay(), other.relay()
    task = running(first.run())
    await eventually(lambda: leading(first))
    running(second.run())
    await asyncio.sleep(0.3)
    assert not second.leading, "one leader at a time"
    task.cancel()
    await eventually(lambda: leading(second), 5)
    await publisher.append(counted(uuid4(), 1))
    await eventually(lambda: all_published(publisher))
    await other.db.close()


async def test_an_instance_that_does_not_lead_wakes_the_leader(publisher: Publisher, running: Running) -> None:
    other = Publisher(await Database.open(publisher.db.url), publisher.journal, publisher.topic, publisher.bootstrap)
    leader, follower = publisher.relay(poll=3600), other.relay(poll=3600)
    running(leader.run())
    await eventually(lambda: leading(leader))
    running(follower.run())
    await other.append(counted(uuid4(), 1))
    await eventually(lambda: all_published(publisher), 5)
    await other.db.close()


async def test_an_entry_whose_wake_up_was_lost_is_found_by_the_poll(publisher: Publisher, running: Running) -> None:
    relay = publisher.relay(poll=0.1)
    running(relay.run())
    await eventually(lambda: leading(relay))
    publisher.db.on_commit = lambda _entries: None
    await publisher.append(counted(uuid4(), 1))
    await eventually(lambda: all_published(publisher), 5)


async def test_when_its_backend_is_ended_the_relay_stops_leading_and_comes_back(publisher: Publisher, running: Running) -> None:
    relay = publisher.relay()
    running(relay.run())
    await eventually(lambda: leading(relay))
    client: UUID = uuid4()
    for number in range(50):
        await publisher.append(counted(client, number))
        if number == 25:
            await publisher.db.pool.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = "
                "(select oid from pg_database where datname = current_database())"
            )
    await eventually(lambda: all_published(publisher))
    assert_in_order(await published(publisher))
    assert publisher.metrics.relay_restarts._value.get() >= 1
