"""Many decide at once: 32 connections, each client's first decision with the client's own token, beside a plain insert of the same rows.

And an opt-out in the midst of it: from its request to its redaction committed, beside the same when idle.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import asyncpg

from bench import figures, ours, seeding
from bench.contenders import Contender
from bench.machine import Processor
from bench.moments import Moments
from bench.posting import Posting
from common.contracts.vocabulary import Programme
from consent.notices.shipped import shipped
from deploy.local.infrastructure import Infrastructure
from deploy.local.issuer import Issuer
from deploy.local.ports import free_ports
from deploy.local.processes import Process
from deploy.local.stack import Stack

CONNECTIONS = 32
NOTICE = next(n.digest for n in shipped() if n.programme is Programme.CARE_CONNECT and n.language == "en" and not n.withdrawn_at)


@dataclass(frozen=True)
class Plan:
    rounds: int = 4
    decisions: int = 2500
    """A round and contender: 10,000 in all."""
    warming: int = 500
    opt_outs: int = 40
    """A round, idle and under load."""


QUICK = Plan(1, 200, 50, 10)


@dataclass
class Decisions:
    """Somebody who takes decisions, and clients who have not decided yet."""

    posting: Posting
    database: str
    issuer: Issuer
    known: bool
    waiting: deque[tuple[str, bytes, str]]

    async def seed(self, n: int) -> None:
        clients = [uuid4() for _ in range(n)]
        if self.known:
            connection = await asyncpg.connect(self.database)
            await connection.execute("insert into known_client select unnest($1::uuid[])", clients)
            await connection.close()
        self.waiting.extend(map(self._request, clients))

    def _request(self, client: UUID) -> tuple[str, bytes, str]:
        body = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE, "decision_id": str(uuid4())}
        headers = f'authorization: Bearer {self.issuer.mint("client", client)}\r\nif-match: "0"\r\n'
        return f"/v1/clients/{client}/decisions", json.dumps(body).encode(), headers

    async def take(self, n: int) -> tuple[float, list[float]]:
        """Decisions a second, and milliseconds of each."""
        left, took = [self.waiting.popleft() for _ in range(n)], list[float]()

        async def connection() -> None:
            while left:
                path, body, headers = left.pop()
                began = time.perf_counter()
                await self.posting.post(path, body, headers)
                took.append((time.perf_counter() - began) * 1000)

        began = time.perf_counter()
        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
        return n / (time.perf_counter() - began), took

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[list[float]]:
        """On all connections, until the block ends; what each took."""
        took: list[float] = []

        async def connection() -> None:
            while self.waiting:
                path, body, headers = self.waiting.popleft()
                began = time.perf_counter()
                await self.posting.post(path, body, headers)
                took.append((time.perf_counter() - began) * 1000)

        tasks = [asyncio.create_task(connection()) for _ in range(CONNECTIONS)]
        try:
            yield took
            if any(task.done() for task in tasks):
                raise RuntimeError("the load ended before what it was to load: seed more")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def run(infrastructure: Infrastructure, stack: Stack, moments: Moments, folder: Path, plan: Plan) -> None:
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(moments)
        contender: Contender = await opened.enter_async_context(ours.opened(stack, moments))
        await contender.seed(plan.warming // 5 + plan.rounds * 2 * plan.opt_outs)
        posting = await opened.enter_async_context(Posting(stack.url("consent")))
        mine = Decisions(posting, stack.database("consent"), stack.issuer, True, deque())
        plain = await opened.enter_async_context(_plain(infrastructure, stack, folder))
        for decisions in (plain, mine):
            await decisions.seed(plan.warming + plan.rounds * plan.decisions)
            await decisions.take(plan.warming)
        await contender.measure(50, plan.warming // 5, 0)
        with Processor() as processor:
            speeds = await _beside_each_other({"plain": plain, "ours": mine}, plan)
            waits = await _opt_outs(contender, mine, plan)
    _write(speeds, waits, plan, processor)


@asynccontextmanager
async def _plain(infrastructure: Infrastructure, stack: Stack, folder: Path) -> AsyncIterator[Decisions]:
    database, (port,) = await seeding.tables_of("consent", infrastructure, "plain"), free_ports(1)
    argv = [sys.executable, "-m", "bench.plain_app", str(port), database, f"{stack.url('issuer')}/jwks.json", stack.url("issuer")]
    process, url = Process("plain", argv, folder / "plain.log"), f"http://127.0.0.1:{port}"
    process.start()
    try:
        await asyncio.to_thread(process.wait_ready, f"{url}/livez")
        async with Posting(url) as posting:
            yield Decisions(posting, database, stack.issuer, False, deque())
    finally:
        process.stop()


Speeds = dict[str, list[tuple[float, list[float]]]]


async def _beside_each_other(contenders: dict[str, Decisions], plan: Plan) -> Speeds:
    found: Speeds = {name: [] for name in contenders}
    for number in range(plan.rounds):
        for name in sorted(contenders, reverse=number % 2 == 1):
            print(f"round {number + 1} of {plan.rounds}: {name}", flush=True)
            found[name].append(await contenders[name].take(plan.decisions))
            await asyncio.sleep(2)  # what was decided is published and applied before the next one's turn
    return found


async def _opt_outs(contender: Contender, decisions: Decisions, plan: Plan) -> dict[str, list[Sequence[float]]]:
    waits: dict[str, list[Sequence[float]]] = {"idle": [], "load": []}
    for number in range(plan.rounds):
        print(f"opt-outs, round {number + 1} of {plan.rounds}", flush=True)
        waits["idle"].append(await contender.measure(10, plan.opt_outs, number))
        await decisions.seed(int(plan.opt_outs / 10 * 1500) + 2000)
        async with decisions.going_on():
            await asyncio.sleep(0.5)
            waits["load"].append(await contender.measure(10, plan.opt_outs, number))
        decisions.waiting.clear()
        await asyncio.sleep(2)
    return waits


def _write(speeds: Speeds, waits: dict[str, list[Sequence[float]]], plan: Plan, processor: Processor) -> None:
    made = {
        name: {"per_second": round(median(speed for speed, _ in rounds), 1), **figures.of_rounds([took for _, took in rounds])}
        for name, rounds in speeds.items()
    }
    opt_outs = {kind: figures.of_rounds(rounds) for kind, rounds in waits.items()}
    ratio = made["ours"]["per_second"] / made["plain"]["per_second"]
    table: list[Sequence[object]] = [("", "a second", "p50 ms", "p99 ms", "n", "to plain")]
    for name, one in made.items():
        share = one["per_second"] / made["plain"]["per_second"]
        table.append((f"decisions: {name}", one["per_second"], one["p50_ms"], one["p99_ms"], one["n"], share))
    for kind, one in opt_outs.items():
        table.append((f"opt-out to redaction, {kind}", "", one["p50_ms"], one["p99_ms"], one["n"], ""))
    slower = opt_outs["load"]["p99_ms"] / opt_outs["idle"]["p99_ms"]
    notes = [
        f"decisions on {CONNECTIONS} connections, closed loop, medians over {plan.rounds} rounds in turns; our whole stack runs, "
        "publishes and projects them on the same cores",
        f"ours to plain: {ratio:.2f} (aim 0.60); opt-out under that load to idle, p99: {slower:.2f} (aim 2.00)",
        str(processor),
    ]
    figures.write(
        "decisions", {**made, "opt_outs": opt_outs, "ratio": round(ratio, 3)}, "Decisions, and an opt-out among them", table, notes
    )
