"""The time that the redaction of one client takes, in exports of 10,000 to a million rows: it must not grow with the export."""

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from bench import figures, seeding
from bench.journal import new_opt_out
from bench.machine import Processor
from common.applying import Received
from common.cloudevents import Entry
from common.contracts.consent import OptedOut
from common.db import Database
from deploy.local.infrastructure import Infrastructure
from reporting.redaction.tables import close_sharing

SIZES = (10_000, 100_000, 1_000_000)

# Ids in no order, as real ones are.
SHARERS = """
insert into sharing (client_id, programme, stream, decision, categories, position, token)
select md5(n::text)::uuid, $2, n % $3::int, 'opted_in', '{assessment_results}', 0, gen_random_uuid()
  from generate_series(1, $1::int) as n"""

KNOWN = "insert into client (client_id, plan_id, employer_id, programme) select client_id, $1, $1, programme from sharing"


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    sizes, rounds, each = (SIZES[:2], 1, 20) if quick else (SIZES, 5, 60)
    exports = {rows: await _export(infrastructure, rows) for rows in sizes}
    clients = {rows: await _drawn(db, (rounds + 1) * each) for rows, db in exports.items()}
    times: dict[int, list[list[float]]] = {rows: [[] for _ in range(rounds)] for rows in sizes}
    with Processor() as processor:
        for number in range(-1, rounds):  # the first round warms
            for _ in range(each):
                for rows, db in exports.items():
                    took = await _redact(db, *clients[rows].pop())
                    if number >= 0:
                        times[rows][number].append(took)
    for db in exports.values():
        await db.close()
    _write(times, processor)


async def _export(infrastructure: Infrastructure, rows: int) -> Database:
    """A reporting database of its own with one export; ten rows a client."""
    url = await seeding.tables_of("reporting", infrastructure, f"bench_redaction_{rows}")
    print(f"building an export of {rows:,} rows", flush=True)
    db, plan, made = await Database.open(url, 2), uuid4(), uuid4()
    async with db.begin_event() as tx:
        await tx.execute(SHARERS, rows // seeding.ROWS, seeding.PROGRAMME, seeding.STREAMS)
        await tx.execute(KNOWN, plan)
        await tx.execute(seeding.EXPORT, made, plan, seeding.PROGRAMME)
        await tx.execute(seeding.PARTS, made, seeding.ROWS)
        await tx.execute(seeding.EXPORT_ROWS, made, seeding.ROWS, timeout=300)
    for statement in ("vacuum analyze", "checkpoint"):
        await db.pool.execute(statement, timeout=300)
    return db


async def _drawn(db: Database, n: int) -> list[tuple[UUID, int]]:
    return [tuple(row) for row in await db.pool.fetch("select client_id, stream from sharing order by random() limit $1", n)]


async def _redact(db: Database, client: UUID, stream: int) -> float:
    """Milliseconds of the transaction that closes one client's sharing, as the handler of an opt-out does it."""
    event = new_opt_out().model_copy(update={"client_id": client})
    entry = Entry("consent", stream, 1, event.event_id, event.type, client, "", b"")
    received: Received[OptedOut] = Received(event, entry)
    began = time.perf_counter()
    async with db.begin_event() as tx:
        closed = await close_sharing(tx, [received], "opted_out")
    took = 1000 * (time.perf_counter() - began)
    if closed[event.event_id].rows != seeding.ROWS:
        raise RuntimeError(f"{closed[event.event_id].rows} rows were redacted, not {seeding.ROWS}")
    return took


def _write(times: dict[int, list[list[float]]], processor: Processor) -> None:
    made = {rows: figures.of_rounds(rounds) for rows, rounds in times.items()}
    smallest, largest = made[min(made)], made[max(made)]
    ratio = round(largest["p50_ms"] / smallest["p50_ms"], 3)
    table: list[Sequence[object]] = [("rows of the export", "p50 ms", "p99 ms", "n", "p50 / smallest")]
    for rows, one in made.items():
        table.append((f"{rows:,}", one["p50_ms"], one["p99_ms"], one["n"], one["p50_ms"] / smallest["p50_ms"]))
    notes = [
        f"{seeding.ROWS} rows of one client; the whole transaction; each size in a database of its own, in turns",
        f"medians over {len(next(iter(times.values())))} rounds",
        str(processor),
    ]
    by_rows = {str(rows): one for rows, one in made.items()}
    figures.write("redaction", {**by_rows, "ratio_largest_to_smallest": ratio}, "Redaction of one client by size of export", table, notes)
