"""A worker killed with SIGKILL at any moment: what it had not committed is fired by another, what it had is not fired again."""

import asyncio
import random
import sys
from pathlib import Path

from common.journal import first_broken
from tests.common.deadlines.conftest import HOUR, MONDAY, RESPOND, STREAMS, Service, eventually

ROOT = Path(__file__).parents[3]
NOW = MONDAY + 13 * HOUR


async def worker(service: Service, *stand: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tests.common.deadlines.killed", service.db.url, NOW.isoformat(), *stand]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def claims_of(process: asyncio.subprocess.Process) -> bool:
    assert process.stdout is not None
    return await process.stdout.readline() == b"claimed\n"


async def fired_once_each(service: Service, n: int) -> bool:
    await service.drain(NOW)
    return await service.count("deadline_rung") >= n


async def more_than(service: Service, effects: int) -> bool:
    return await service.count("effect") > effects


async def agree(service: Service, n: int) -> None:
    assert await service.count("effect") == await service.count("journal") == await service.count("deadline_rung") == n
    assert await service.count("(select distinct subject from effect) d") == n
    async with service.db.pool.acquire() as tx:
        assert [await first_broken(service.journal, tx, stream) for stream in range(STREAMS)] == [None] * STREAMS


async def test_a_worker_killed_between_claim_and_commit_leaves_everything_to_the_next(service: Service) -> None:
    await service.copy(await service.arm(RESPOND), 299)
    process = await worker(service, "stand")
    assert await claims_of(process)
    await service.drain(NOW)
    assert await service.count("effect") == 0, "all of it is claimed"
    process.kill()
    await process.wait()
    await eventually(lambda: fired_once_each(service, 300))
    await agree(service, 300)


async def test_workers_killed_at_any_moment_while_another_works_fire_each_once(service: Service) -> None:
    n, draw = 12_000, random.Random(5)
    await service.copy(await service.arm(RESPOND), n - 1)
    for _ in range(3):
        before = await service.count("effect")
        process = await worker(service)
        assert await claims_of(process)
        await eventually(lambda before=before: more_than(service, before), 60)  # a slow machine too has committed something
        await asyncio.sleep(draw.random() / 20)
        process.kill()
        await process.wait()
    committed = await service.count("effect")
    assert 0 < committed < n, "they were killed in the middle"
    other = await worker(service)
    await eventually(lambda: fired_once_each(service, n), 60)
    await other.wait()
    await agree(service, n)
