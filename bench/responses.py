"""Questionnaires scored and committed at 32 connections, beside the plain insert of the same row.

`ours` is a client who is known, `ours, in care` one with two sessions held and a baseline, so that four rule sets are measured as well.
`python -m bench.responses PORT DATABASE` is the bare route: the framework, the same body, and the insert; nothing is checked or scored.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

from fastapi import FastAPI

from assessments.app import MIGRATIONS
from assessments.instruments.catalogue import newest
from assessments.responses.routes import ResponseIn
from assessments.schema import metadata
from bench import figures
from bench.machine import Processor
from bench.posting import Posting
from bench.seeding import STREAMS, fresh_database
from common.db import Connection, Database, Pool, open_pool
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from deploy.local.issuer import Issuer
from deploy.local.ports import free_ports
from deploy.local.processes import Process
from deploy.local.stack import Stack

CONNECTIONS = 32
PHQ_9 = newest("phq-9")
# Item 9 is answered with 0: a safety flag is another matter.
SCORES = {item.link_id: n % 3 for n, item in enumerate(item for item in PHQ_9.items if item.scored) if item.link_id != "44260-8"} | {
    "44260-8": 0
}
CODES = {item.link_id: next(c.code for c in item.choices if c.score == SCORES[item.link_id]) for item in PHQ_9.items if item.scored}
TOTAL = sum(SCORES.values())

INSERT = f"""
insert into assessment_response (
  response_id, client_id, programme, instrument, instrument_version, instrument_digest, language, state, answers, answered_by,
  answered_by_id, source, started_at, saved_at, completed_at, scoring_version, answered, raw_sum, total, total_method, severity,
  stated_total_differs)
values ($1, $2, 'care_connect', 'phq-9', '{PHQ_9.version}', '{PHQ_9.digest}', 'en', 'completed', $3, 'client',
  $2, 'portal', $4, $4, $4, 1, 9, {TOTAL}, {TOTAL}, 'complete', 'mild', false)"""

KNOWN = "insert into known_client (client_id, programme) select unnest($1::uuid[]), 'care_connect'"
VISITS = """
insert into care_visit (visit_id, client_id, episode_id, provider_id, programme, kind, state, booked_at, starts_at, held_on)
select gen_random_uuid(), client_id, client_id, gen_random_uuid(), 'care_connect', 'session', 'held',
       $2::timestamptz - interval '40 days', $2::timestamptz - days * interval '1 day', ($2::timestamptz - days * interval '1 day')::date
  from unnest($1::uuid[]) as c(client_id), unnest('{35, 28}'::int[]) as d(days)"""
COMPLETED = "select count(*) from assessment_response where state = 'completed'"
MEASURED = "select count(distinct episode_id) from outcome where cardinality(follow_up_response_ids) = 1"

Answer = Callable[[UUID], Awaitable[object]]


@dataclass(frozen=True)
class Plan:
    rounds: int = 4
    responses: int = 2500
    """A round and contender."""
    warming: int = 300


QUICK = Plan(2, 200, 50)


@dataclass
class Contender:
    """Somebody who takes a client's answers. `seed` makes the clients known where they have to be."""

    answer: Answer
    seed: Callable[[Sequence[UUID]], Awaitable[None]] | None = None
    waiting: list[UUID] = field(default_factory=list)

    async def prepare(self, n: int) -> None:
        clients = [uuid4() for _ in range(n)]
        if self.seed:
            await self.seed(clients)
        self.waiting.extend(clients)

    async def take(self, n: int) -> tuple[float, list[float]]:
        """Responses a second, and milliseconds of each."""
        left, took = [self.waiting.pop() for _ in range(n)], list[float]()

        async def connection() -> None:
            while left:
                client, began = left.pop(), time.perf_counter()
                await self.answer(client)
                took.append((time.perf_counter() - began) * 1000)

        began = time.perf_counter()
        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
        return n / (time.perf_counter() - began), took


async def insert(tx: Connection, client: UUID, answers: str) -> None:
    await tx.execute(INSERT, uuid4(), client, answers, datetime.now(UTC))


def create_app(database: str) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await open_pool(database, CONNECTIONS, CONNECTIONS)
        yield
        app.state.pool.terminate()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/assessment-responses", status_code=201)
    async def answer(body: ResponseIn) -> dict[str, int]:
        async with app.state.pool.acquire() as tx, tx.transaction():
            await insert(tx, body.client_id, json.dumps(body.answers))
        return {"total": TOTAL}

    @app.get("/livez")
    async def livez() -> None:
        """Up."""

    return app


async def run(infrastructure: Infrastructure, stack: Stack, folder: Path, plan: Plan) -> None:
    async with AsyncExitStack() as opened:
        database = await fresh_database(infrastructure, "bench_responses")
        db = await Database.open(database, 2)
        await migrate(db, "assessments", MIGRATIONS, metadata, STREAMS)
        await db.close()
        plain = await opened.enter_async_context(_pool(database, CONNECTIONS))
        ours = await opened.enter_async_context(_pool(stack.database("assessments"), 2))
        bare = await opened.enter_async_context(_bare(folder, database))
        posting = await opened.enter_async_context(Posting(stack.url("assessments")))
        mine = _over_http(posting, stack.issuer)
        contenders = {
            "plain insert": Contender(_directly(plain)),
            "bare route": Contender(_over_http(bare, None)),
            "ours": Contender(mine, lambda clients: _known(ours, clients)),
            "ours, in care": Contender(mine, lambda clients: _in_care(ours, clients)),
        }
        speeds, processor = await _beside_each_other(contenders, plan)
        await _check(plain, ours, plan)
    _write(speeds, plan, processor)


@asynccontextmanager
async def _pool(database: str, size: int) -> AsyncIterator[Pool]:
    pool = await open_pool(database, size, size)
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def _bare(folder: Path, database: str) -> AsyncIterator[Posting]:
    (port,) = free_ports(1)
    process, url = (
        Process("bare", [sys.executable, "-m", "bench.responses", str(port), database], folder / "bare.log"),
        f"http://127.0.0.1:{port}",
    )
    process.start()
    try:
        await asyncio.to_thread(process.wait_ready, f"{url}/livez")
        async with Posting(url) as posting:
            yield posting
    finally:
        process.stop()


def _directly(pool: Pool) -> Answer:
    async def answer(client: UUID) -> None:
        async with pool.acquire() as tx, tx.transaction():
            await insert(tx, client, json.dumps(CODES))

    return answer


def _over_http(posting: Posting, issuer: Issuer | None) -> Answer:
    """All items answered. To us with the client's own token, which is new to us each time; making it is on our account as well."""

    async def answer(client: UUID) -> None:
        body = {"client_id": str(client), "instrument": "phq-9", "answers": CODES}
        headers = f"authorization: Bearer {issuer.mint('client', client)}\r\n" if issuer else ""
        answered = json.loads(await posting.post("/v1/assessment-responses", json.dumps(body).encode(), headers))
        if answered["total"] != TOTAL:
            raise RuntimeError(f"scored {answered['total']}, not {TOTAL}")

    return answer


async def _known(pool: Pool, clients: Sequence[UUID]) -> None:
    await pool.execute(KNOWN, clients)


async def _in_care(pool: Pool, clients: Sequence[UUID]) -> None:
    """Sessions 35 and 28 days ago, and an answer on the day before the first: what is measured now is the follow-up."""
    now, before = datetime.now(UTC), datetime.now(UTC) - timedelta(days=36)
    await _known(pool, clients)
    await pool.execute(VISITS, clients, now)
    await pool.executemany(INSERT, [(uuid4(), client, json.dumps(CODES), before) for client in clients])


Speeds = dict[str, list[tuple[float, list[float]]]]


async def _beside_each_other(contenders: dict[str, Contender], plan: Plan) -> tuple[Speeds, Processor]:
    found: Speeds = {name: [] for name in contenders}
    for contender in contenders.values():
        await contender.prepare(plan.warming + plan.rounds * plan.responses)
        await contender.take(plan.warming)
    with Processor() as processor:
        for number in range(plan.rounds):
            for name in sorted(contenders, reverse=number % 2 == 1):
                print(f"round {number + 1} of {plan.rounds}: {name}", flush=True)
                found[name].append(await contenders[name].take(plan.responses))
                await asyncio.sleep(2)  # what was answered is published and planned before the next one's turn
    return found, processor


async def _check(plain: Pool, ours: Pool, plan: Plan) -> None:
    """Nobody has left anything out: otherwise there are no figures."""
    each = plan.warming + plan.rounds * plan.responses
    counts = await plain.fetchval(COMPLETED), await ours.fetchval(COMPLETED), await ours.fetchval(MEASURED)
    if counts != (2 * each, 3 * each, each):
        raise RuntimeError(f"stored by others, by us, measured: {counts} instead of {(2 * each, 3 * each, each)}")


def _write(speeds: Speeds, plan: Plan, processor: Processor) -> None:
    made = {
        name: {"per_second": round(median(speed for speed, _ in rounds), 1), **figures.of_rounds([took for _, took in rounds])}
        for name, rounds in speeds.items()
    }
    table: list[Sequence[object]] = [("", "a second", "p50 ms", "p99 ms", "n", "to plain", "to bare")]
    for name, one in made.items():
        shares = [one["per_second"] / made[other]["per_second"] for other in ("plain insert", "bare route")]
        table.append((name, one["per_second"], one["p50_ms"], one["p99_ms"], one["n"], *shares))
    notes = [
        f"a whole PHQ-9 each, on {CONNECTIONS} connections, closed loop, medians over {plan.rounds} rounds in turns; our whole stack runs, "
        "and plans and publishes what was answered on the same cores",
        "plain: asyncpg, one row, one transaction. bare: FastAPI reads the same body and does the same; no token, no score, no event",
        "ours, in care: two sessions held and a baseline, so four rule sets are measured when the client is planned",
        "every response was counted in the database afterwards, and every follow-up in the outcomes",
        str(processor),
    ]
    figures.write("responses", {name.replace(", ", "_").replace(" ", "_"): one for name, one in made.items()}, "Responses", table, notes)


def main() -> None:
    import uvicorn

    port, database = sys.argv[1:]
    uvicorn.run(
        create_app(database), host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
