"""The time that the redaction of one client takes, in exports of 100,000 to ten million rows: it must not grow with the export.

And in an export of a million rows in a running stack while a recipient downloads it: then it waits for the page under way, as the
consumer does.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import httpx

from bench import figures, seeding
from bench.exported import Exported, exported, fill, read_all
from bench.journal import new_opt_out
from bench.machine import Processor
from common.applying import Received
from common.cloudevents import Entry
from common.contracts.consent import OptedOut
from common.db import Database
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from reporting.redaction.tables import close_sharing
from reporting.release_gate.gate import LOCK_CLASS

SIZES = (100_000, 1_000_000, 10_000_000)
BESIDE = 1_000_000
PAUSE = 0.02
"""Seconds between two redactions beside a download."""
LOCK = f"select pg_advisory_xact_lock({LOCK_CLASS}, $1)"

Times = dict[str, list[list[float]]]


async def run(infrastructure: Infrastructure, stack: Stack, quick: bool) -> None:
    sizes, rounds, each, beside = ((10_000, 100_000), 1, 20, 20_000) if quick else (SIZES, 5, 60, BESIDE)
    with Processor() as processor:
        flat = await _by_size(infrastructure, sizes, rounds, each)
        downloading = await _beside(stack, beside, rounds, each)
    _write(flat | downloading, processor)


async def _by_size(infrastructure: Infrastructure, sizes: Sequence[int], rounds: int, each: int) -> Times:
    exports = {f"{rows:,}": await _export(infrastructure, rows) for rows in sizes}
    clients = {rows: await _drawn(db, (rounds + 1) * each) for rows, db in exports.items()}
    times: Times = {rows: [[] for _ in range(rounds)] for rows in exports}
    for number in range(-1, rounds):  # the first round warms
        for _ in range(each):
            for rows, db in exports.items():
                took = await _redact(db, *clients[rows].pop())
                if number >= 0:
                    times[rows][number].append(took)
    for db in exports.values():
        await db.close()
    return times


async def _export(infrastructure: Infrastructure, rows: int) -> Database:
    """A reporting database of its own with one export; ten rows a client."""
    url = await seeding.tables_of("reporting", infrastructure, f"bench_redaction_{rows}")
    await fill(url, uuid4(), uuid4(), rows)
    return await Database.open(url, 2)


async def _beside(stack: Stack, rows: int, rounds: int, each: int) -> Times:
    """In turns: nobody downloads, somebody does."""
    times: Times = {f"{rows:,}, in the stack": [], f"{rows:,}, beside a download": []}
    async with httpx.AsyncClient(timeout=60) as http:
        place = await exported(stack, http, rows)
        db = await Database.open(place.database, 2)
        clients = await _drawn(db, 2 * (rounds + 1) * each)
        for number in range(-1, rounds):
            for way, read in zip(times, (False, True), strict=True):
                async with _downloading(place) if read else contextlib.nullcontext():
                    took = [await _redact_at_pace(db, *clients.pop()) for _ in range(each)]
                if number >= 0:
                    times[way].append(took)
        await db.close()
    return times


@contextlib.asynccontextmanager
async def _downloading(place: Exported) -> AsyncIterator[None]:
    """Part after part, from the beginning again once it is through. The part under way at the end is read to its end."""
    over = False

    async def go_on() -> None:
        while not over:
            await read_all(place, 1, lambda: over)

    under_way = asyncio.create_task(go_on())
    await asyncio.sleep(0.3)
    yield
    over = True
    await under_way


async def _redact_at_pace(db: Database, client: UUID, stream: int) -> float:
    await asyncio.sleep(PAUSE)
    return await _redact(db, client, stream)


async def _drawn(db: Database, n: int) -> list[tuple[UUID, int]]:
    return [tuple(row) for row in await db.pool.fetch("select client_id, stream from sharing order by random() limit $1", n)]


async def _redact(db: Database, client: UUID, stream: int) -> float:
    """Milliseconds of the transaction that closes one client's sharing, as the handler of an opt-out does it."""
    event = new_opt_out().model_copy(update={"client_id": client})
    entry = Entry("consent", stream, 1, event.event_id, event.type, client, "", b"")
    received: Received[OptedOut] = Received(event, entry)
    began = time.perf_counter()
    async with db.begin_event() as tx:
        await tx.execute(LOCK, stream)
        closed = await close_sharing(tx, [received], "opted_out")
    took = 1000 * (time.perf_counter() - began)
    if closed[event.event_id].rows != seeding.ROWS:
        raise RuntimeError(f"{closed[event.event_id].rows} rows were redacted, not {seeding.ROWS}")
    return took


def _write(times: Times, processor: Processor) -> None:
    made = {name: figures.of_rounds(rounds) for name, rounds in times.items()}
    flat = [name for name in made if " " not in name]
    smallest = made[flat[0]]
    table: list[Sequence[object]] = [("rows of the export", "p50 ms", "p99 ms", "n", "p50 / smallest")]
    for name, one in made.items():
        table.append((name, one["p50_ms"], one["p99_ms"], one["n"], one["p50_ms"] / smallest["p50_ms"]))
    notes = [
        f"{seeding.ROWS} rows of one client; the whole transaction, with the stream's lock as the consumer takes it",
        "each size in a database of its own, in turns",
        "in the stack, beside a download: reporting runs, one recipient reads part after part; a redaction waits for the page under way",
        f"medians over {len(next(iter(times.values())))} rounds",
        str(processor),
    ]
    by_rows = {name.replace(",", "").replace(" ", "_"): one for name, one in made.items()}
    ratio = round(made[flat[-1]]["p50_ms"] / smallest["p50_ms"], 3)
    figures.write("redaction", {**by_rows, "ratio_largest_to_smallest": ratio}, "Redaction of one client by size of export", table, notes)
