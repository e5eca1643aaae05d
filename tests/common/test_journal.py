"""The journal: gapless, in commit order, chained."""

import asyncio
import random
from uuid import uuid4

import asyncpg
import pytest

from common.cloudevents import digest_of
from common.journal import FIRST_DIGEST, PAYLOAD_LIMIT, first_broken, heads, stream_of
from tests.common.conftest import STREAMS, Publisher, counted


async def test_positions_are_gapless_and_in_commit_order_under_racing_and_failing_writers(publisher: Publisher) -> None:
    draw = random.Random(7)
    committed: list[int] = []

    async def write(number: int) -> None:
        fails, pause = draw.random() < 0.3, draw.random() / 100
        try:
            async with publisher.db.begin_event() as tx:
                await asyncio.sleep(pause)
                await publisher.journal.append_event(tx, *(counted(uuid4(), number) for _ in range(draw.randint(1, 4))))
                if fails:
                    raise RuntimeError("after all not")
            committed.append(number)
        except RuntimeError:
            pass

    await asyncio.gather(*(write(number) for number in range(80)))
    assert 10 < len(committed) < 80
    async with publisher.db.pool.acquire() as tx:
        vector = await heads(tx)
        for stream in range(STREAMS):
            entries = await publisher.journal.page(tx, stream, 0, 1000)
            assert [entry.position for entry in entries] == list(range(1, vector[stream] + 1))
        recorded = await tx.fetch("select stream, position, xmin::text::bigint as tx from journal order by stream, position")
        assert len(recorded) > len(committed)


async def test_the_chain_computed_in_sql_and_in_python_is_one_chain(publisher: Publisher) -> None:
    client = uuid4()
    await publisher.append(counted(client, 1))
    await publisher.append(counted(client, 2), counted(client, 3))
    async with publisher.db.begin() as tx:
        await publisher.journal.append(tx, counted(client, 4))
    digest = FIRST_DIGEST
    async with publisher.db.pool.acquire() as connection:
        for entry in await publisher.journal.page(connection, stream_of(client, STREAMS), 0, 10):
            digest = digest_of(digest, entry)
            assert entry.digest == digest
        assert entry.position == 4
        assert await first_broken(publisher.journal, connection, entry.stream) is None


@pytest.mark.parametrize(
    "tampering",
    [
        "update journal set payload = replace(payload, '\"number\":3', '\"number\":4') where position = 3",
        "update journal set subject = gen_random_uuid() where position = 3",
        "delete from journal where position = 3",
        "delete from journal where position = 6",
        "update journal set position = case position when 3 then 104 when 4 then 103 else position end;"
        "update journal set position = position - 100 where position > 100",
    ],
    ids=["changed", "about another", "removed", "last removed", "swapped"],
)
async def test_a_changed_removed_or_reordered_line_is_found(publisher: Publisher, tampering: str) -> None:
    client = uuid4()
    for number in range(1, 7):
        await publisher.append(counted(client, number))
    async with publisher.db.pool.acquire() as tx:
        assert await first_broken(publisher.journal, tx, stream_of(client, STREAMS)) is None
        await tx.execute(tampering)
        assert await first_broken(publisher.journal, tx, stream_of(client, STREAMS)) is not None


async def test_an_event_too_large_for_the_broker_never_enters_the_journal(publisher: Publisher) -> None:
    class Long(counted(uuid4(), 1).__class__):  # type: ignore[misc]
        text: str

    event = Long(client_id=uuid4(), number=1, occurred_at=counted(uuid4(), 1).occurred_at, text="x" * PAYLOAD_LIMIT)
    with pytest.raises(ValueError, match="exceeds"):
        await publisher.append(event)
    async with publisher.db.pool.acquire() as tx:
        with pytest.raises(asyncpg.CheckViolationError):
            await tx.execute(
                "insert into journal (stream, position, event_id, type, subject, payload, digest) "
                "values (0, 1, gen_random_uuid(), 't', gen_random_uuid(), repeat('x', 65537), '')"
            )


async def test_two_transactions_over_the_same_streams_do_not_wait_for_each_other_for_ever(publisher: Publisher) -> None:
    clients = [uuid4() for _ in range(40)]
    await asyncio.gather(*(publisher.append(*(counted(c, n) for c in random.Random(n).sample(clients, 12))) for n in range(30)))
    async with publisher.db.pool.acquire() as tx:
        assert sum((await heads(tx)).values()) == 30 * 12
