"""The ledger is signed and verified while it is written, and while connections die: no false alarm, and nobody waits."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg

from common.db import Connection
from consent.ledger.usecases import make_checkpoint, verify_ledger
from tests.common.conftest import counted
from tests.consent.ledger import NOON, Kept

WRITERS, EACH = 64, 25
KILLED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@dataclass
class Writers:
    """Append and are killed: by themselves before they commit, by somebody else at any time."""

    kept: Kept
    acknowledged: set[UUID] = field(default_factory=set)
    killed: int = 0
    pids: set[int] = field(default_factory=set)
    done: bool = False

    async def write(self, seed: int) -> None:
        draw, connection = random.Random(seed), await self._connect()
        for number in range(EACH):
            events = [counted(uuid4(), number) for _ in range(draw.choice((1, 1, 1, 3)))]
            try:
                async with connection.transaction():
                    await self.kept.journal.append_event(connection, *events)
                    if draw.random() < 0.08:
                        await connection.execute("select pg_terminate_backend(pg_backend_pid())")
                self.acknowledged |= {event.event_id for event in events}
            except KILLED:
                self.killed += 1
                connection.terminate()
                connection = await self._connect()
            await asyncio.sleep(draw.random() / 50)
        await connection.close()

    async def _connect(self) -> Connection:
        connection = await asyncpg.connect(self.kept.db.url)
        self.pids.add(connection.get_server_pid())
        return connection

    async def kill(self) -> None:
        while not self.done:
            if self.pids:
                await self.kept.db.pool.execute("select pg_terminate_backend($1)", random.choice(sorted(self.pids)))
            await asyncio.sleep(0.03)

    async def sign(self) -> None:
        while not self.done:
            with contextlib.suppress(asyncpg.SerializationError):
                await make_checkpoint(self.kept.ledger, NOON)
            await asyncio.sleep(0.01)

    async def verify(self) -> int:
        """How often the ledger was found intact."""
        times = 0
        while not self.done:
            verified = await verify_ledger(self.kept.ledger)
            assert verified.findings == []
            times += 1
        return times


async def test_64_writers_some_of_them_killed_raise_no_false_alarm_and_every_committed_line_is_counted(empty: Kept) -> None:
    writers = Writers(empty)
    beside = [asyncio.ensure_future(work) for work in (writers.kill(), writers.sign(), writers.sign(), writers.sign())]
    verifying = [asyncio.ensure_future(writers.verify()) for _ in range(2)]
    await asyncio.gather(*(writers.write(seed) for seed in range(WRITERS)))
    writers.done = True
    await asyncio.gather(*beside)
    times = sum(await asyncio.gather(*verifying))
    recorded = {row["event_id"] for row in await empty.db.pool.fetch("select event_id from journal")}
    verified = await verify_ledger(empty.ledger)
    assert verified.findings == [] and verified.lines == len(recorded)
    assert writers.acknowledged <= recorded and writers.killed > 20
    assert verified.checkpoints > 5 and times > 5
    print(f"lines {verified.lines}, checkpoints {verified.checkpoints}, verifications {times}, killed {writers.killed}")


async def test_a_checkpoint_waits_for_no_writer_and_no_writer_for_it(empty: Kept) -> None:
    async with empty.db.pool.acquire() as writer, empty.db.pool.acquire() as other:
        begun = writer.transaction()
        await begun.start()
        await empty.journal.append_event(writer, counted(uuid4(), 1))
        async with asyncio.timeout(5):
            assert await make_checkpoint(empty.ledger, NOON) is None, "nothing is committed yet"
        await begun.commit()
        held = other.transaction()
        await held.start()
        await other.execute("select from checkpoint_head for update")
        waiting = asyncio.ensure_future(make_checkpoint(empty.ledger, NOON))
        await asyncio.sleep(0.2)
        async with asyncio.timeout(5):
            await empty.journal.append_event(writer, *(counted(uuid4(), n) for n in range(20)))
        assert not waiting.done()
        await held.rollback()
        assert await waiting == 1
        assert await make_checkpoint(empty.ledger, NOON) == 2, "what came while it waited is the next one's"
        assert (await verify_ledger(empty.ledger)).findings == []


async def test_of_two_instances_that_sign_at_once_one_does(empty: Kept) -> None:
    for number in range(1, 6):
        async with empty.db.begin_event() as tx:
            await empty.journal.append_event(tx, counted(uuid4(), number))
        made = await asyncio.gather(*(make_checkpoint(empty.ledger, NOON) for _ in range(5)), return_exceptions=True)
        assert [m for m in made if isinstance(m, int)] == [number], made
        assert all(m is None or isinstance(m, int | asyncpg.SerializationError) for m in made)
    assert (await verify_ledger(empty.ledger)).checkpoints == 5
