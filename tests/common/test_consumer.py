"""The consumer: every event once in effect, in order per client; what cannot be applied is parked, never passed over."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
from aiokafka import AIOKafkaProducer

from common import kafka
from common.cloudevents import Entry, to_headers
from common.consumer import Consumer
from common.journal import stream_of
from tests.common.conftest import STREAMS, JournalOwner, Publisher, Reader, counted, eventually

Running = Callable[[Awaitable[None]], "asyncio.Future[None]"]


def same_stream(client: UUID) -> UUID:
    """Another client of the same stream."""
    return next(other for other in iter(uuid4, None) if stream_of(other, STREAMS) == stream_of(client, STREAMS))


async def entries(publisher: Publisher, stream: int) -> list[Entry]:
    async with publisher.db.pool.acquire() as tx:
        return await publisher.journal.page(tx, stream, 0, 1000)


async def send(publisher: Publisher, *records: Entry | tuple[int, bytes | None, list[tuple[str, bytes]]]) -> None:
    """Puts records on the topic by hand: what a relay, or somebody who is none, could have put there."""
    producer: AIOKafkaProducer = kafka.new_producer(publisher.bootstrap)
    await producer.start()
    for record in records:
        if isinstance(record, Entry):
            await producer.send_and_wait(publisher.topic, record.payload.encode(), partition=record.stream, headers=to_headers(record))
        else:
            await producer.send_and_wait(publisher.topic, record[1], key=b"k", partition=record[0], headers=record[2])
    await producer.stop()


async def started(reader: Reader, running: Running) -> Consumer:
    consumer, catch_up = reader.consumer(f"group_{uuid4().hex[:6]}")
    running(consumer.run())
    running(catch_up.sweep())
    return consumer


async def test_every_event_takes_effect_once_and_in_order_however_often_it_is_published(
    publisher: Publisher, reader: Reader, running: Running
) -> None:
    clients = [uuid4() for _ in range(6)]
    for number in range(10):
        await publisher.append(*(counted(client, number) for client in clients))
    everything = [entry for stream in range(STREAMS) for entry in await entries(publisher, stream)]
    await send(publisher, *everything, *everything[5:20], *everything)
    await started(reader, running)
    await eventually(lambda: has(reader, 60))
    assert [await reader.numbers(client) for client in clients] == [list(range(10))] * 6
    await eventually(lambda: counted_as(reader.metrics.duplicates.labels("test"), 75))
    assert await reader.total() == 60


async def has(reader: Reader, total: int) -> bool:
    return await reader.total() >= total


async def counted_as(metric: object, value: float) -> bool:
    return metric._value.get() >= value  # type: ignore[attr-defined,no-any-return]


async def test_a_gap_is_fetched_from_the_owner_and_nothing_is_applied_before_it(
    publisher: Publisher, reader: Reader, running: Running
) -> None:
    client = uuid4()
    for number in range(1, 9):
        await publisher.append(counted(client, number))
    line = await entries(publisher, stream_of(client, STREAMS))
    await send(publisher, *line[:2], *line[4:6])
    await started(reader, running)
    await eventually(lambda: has(reader, 8))
    assert await reader.numbers(client) == list(range(1, 9))
    assert reader.owner.asked > 0


async def test_while_the_owner_is_away_only_the_stream_with_the_gap_stands_still(
    publisher: Publisher, reader: Reader, running: Running
) -> None:
    class Away(JournalOwner):
        away = True

        async def page(self, stream: int, after: int) -> list[Entry]:
            if self.away:
                raise httpx.ConnectError("away")
            return await super().page(stream, after)

    reader.owner = owner = Away(publisher)
    client = uuid4()
    other = next(c for c in iter(uuid4, None) if stream_of(c, STREAMS) != stream_of(client, STREAMS))
    for number in range(1, 5):
        await publisher.append(counted(client, number), counted(other, number))
    mine, others = await entries(publisher, stream_of(client, STREAMS)), await entries(publisher, stream_of(other, STREAMS))
    await send(publisher, mine[0], mine[2], *others)
    await started(reader, running)
    await eventually(lambda: has(reader, 5))
    assert await reader.numbers(client) == [1], "nothing after the gap"
    assert await reader.numbers(other) == [1, 2, 3, 4], "other streams flow"
    owner.away = False
    await eventually(lambda: has(reader, 8))
    assert await reader.numbers(client) == [1, 2, 3, 4]


async def test_a_loss_at_the_end_of_a_topic_is_noticed_without_a_further_record(
    publisher: Publisher, reader: Reader, running: Running
) -> None:
    client = uuid4()
    await publisher.append(counted(client, 1))
    reader.sweep = 0.1
    await started(reader, running)
    await eventually(lambda: has(reader, 1))
    assert await reader.numbers(client) == [1]


async def test_records_that_are_no_entries_are_set_aside_and_take_nothing_with_them(
    publisher: Publisher, reader: Reader, running: Running
) -> None:
    client = uuid4()
    await publisher.append(counted(client, 1))
    await publisher.append(counted(client, 2))
    stream = stream_of(client, STREAMS)
    first, second = await entries(publisher, stream)
    truncated = (stream, second.payload[:20].encode(), to_headers(second))
    forged = (stream, second.payload.replace('"number":2', '"number":7').encode(), to_headers(second))
    await send(publisher, (stream, b"not json", []), first, (stream, None, to_headers(first)), truncated, forged, second)
    await started(reader, running)
    await eventually(lambda: has(reader, 2))
    assert await reader.numbers(client) == [1, 2]
    assert await reader.db.pool.fetchval("select count(*) from dead_letter") == 2


async def test_a_poison_event_parks_its_client_and_holds_its_later_events_while_others_flow(
    publisher: Publisher, reader: Reader, running: Running
) -> None:
    client = uuid4()
    other = same_stream(client)
    await publisher.append(counted(client, 1), counted(other, 1))
    await publisher.append(counted(client, 2, poison=True), counted(other, 2))
    await publisher.append(counted(client, 3), counted(other, 3))
    await send(publisher, *await entries(publisher, stream_of(client, STREAMS)))
    await started(reader, running)
    await eventually(lambda: has(reader, 4))
    await eventually(lambda: waiting(reader, 2))
    assert (await reader.numbers(client), await reader.numbers(other)) == ([1], [1, 2, 3])
    parked = await reader.db.pool.fetchrow("select client_id, reason from parked_client")
    assert parked is not None
    assert dict(parked) == {"client_id": client, "reason": "ValueError"}

    reader.poisoned = False
    assert await reader.applier.replay(client) == 2
    assert await reader.numbers(client) == [1, 2, 3], "in order, after all"
    assert await reader.db.pool.fetchval("select count(*) from parked_client") == 0
    assert await reader.applier.replay(client) == 0


async def waiting(reader: Reader, count: int) -> bool:
    return bool(await reader.db.pool.fetchval("select count(*) = $1 from parked_event", count))


async def test_a_replay_that_fails_again_leaves_everything_parked(publisher: Publisher, reader: Reader, running: Running) -> None:
    client = uuid4()
    await publisher.append(counted(client, 1, poison=True))
    await publisher.append(counted(client, 2))
    await send(publisher, *await entries(publisher, stream_of(client, STREAMS)))
    await started(reader, running)
    await eventually(lambda: waiting(reader, 2))
    try:
        await reader.applier.replay(client)
        raise AssertionError("the poison is still there")
    except ValueError:
        pass
    assert await waiting(reader, 2)
    assert await reader.numbers(client) == []


async def test_an_event_of_an_unknown_version_parks_its_client(publisher: Publisher, reader: Reader, running: Running) -> None:
    client = uuid4()
    newer = counted(client, 1)
    type(newer).type = "test.counted.v2"
    try:
        await publisher.append(newer)
    finally:
        type(newer).type = "test.counted.v1"
    await publisher.append(counted(client, 2))
    await send(publisher, *await entries(publisher, stream_of(client, STREAMS)))
    await started(reader, running)
    await eventually(lambda: waiting(reader, 2))
    assert await reader.db.pool.fetchval("select reason from parked_client") == "unknown type test.counted.v2"


async def test_a_topic_that_was_lost_and_made_anew_changes_nothing(publisher: Publisher, reader: Reader, running: Running) -> None:
    client = uuid4()
    for number in range(1, 6):
        await publisher.append(counted(client, number))
    line = await entries(publisher, stream_of(client, STREAMS))
    await send(publisher, *line)
    # As after a loss of the broker's disk: we have been further than the topic is long.
    await reader.positions.load()
    await reader.db.pool.execute("update applied set kafka_offset = 4000")
    await started(reader, running)
    await eventually(lambda: has(reader, 5))
    assert await reader.numbers(client) == [1, 2, 3, 4, 5]


async def test_two_instances_apply_every_event_once_between_them(publisher: Publisher, reader: Reader, running: Running) -> None:
    relay = publisher.relay()
    running(relay.run())
    group = f"group_{uuid4().hex[:6]}"
    second = Reader(reader.db, reader.owner)
    for number, each in enumerate((reader, second)):
        consumer, _ = each.consumer(group)
        consumer._instance = str(number)
        running(consumer.run())
    clients = [uuid4() for _ in range(8)]
    for number in range(25):
        await publisher.append(*(counted(client, number) for client in clients))
        await asyncio.sleep(0.05)
    await eventually(lambda: has(reader, 200), 60)
    assert [await reader.numbers(client) for client in clients] == [list(range(25))] * 8
    assert await reader.total() == 200


async def test_traceparent_travels_from_the_journal_to_the_handler(publisher: Publisher, reader: Reader, running: Running) -> None:
    from common.tracing import TRACEPARENT, child_of

    seen: list[str | None] = []
    original = reader.on_counted

    async def noting(tx: object, received: object) -> None:
        seen.append(TRACEPARENT.get())
        await original(tx, received)  # type: ignore[arg-type]

    reader.subscription.handlers[next(iter(reader.subscription.handlers))] = noting  # type: ignore[index]
    trace = child_of(None)
    token = TRACEPARENT.set(trace)
    await publisher.append(counted(uuid4(), 1))
    TRACEPARENT.reset(token)
    await send(publisher, *[e for s in range(STREAMS) for e in await entries(publisher, s)])
    await started(reader, running)
    await eventually(lambda: has(reader, 1))
    assert seen[0] is not None
    assert seen[0][3:35] == trace[3:35]
    assert json.dumps(seen[0]) != json.dumps(trace), "a span of its own"
