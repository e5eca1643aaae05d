"""A full export as it streams through the release gate, beside `COPY … TO STDOUT` of the same JSON."""

import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Any

import asyncpg
import httpx

from bench import figures
from bench.exported import HOUR, Exported, exported, read_all
from bench.machine import Processor
from deploy.local.stack import Stack

ROWS = 1_000_000
COPY = "select line from export_row where export_id = $1"
RECORDED = "select coalesce(sum(records), 0)::bigint from disclosure where export_id = $1"


async def run(stack: Stack, quick: bool) -> None:
    rows, rounds = (20_000, 2) if quick else (ROWS, 5)
    async with httpx.AsyncClient(timeout=60) as http:
        place = await exported(stack, http, rows)
        with Processor() as processor:
            measured = await _alternating(place, rounds)
    await _check(place, 2 * (rounds + 1))
    _write(measured, rows, processor)


async def _alternating(place: Exported, rounds: int) -> dict[str, list[float]]:
    """MB a second; the first round warms."""
    ways: dict[str, Callable[[], Awaitable[int]]] = {
        "COPY": lambda: _copy(place),
        "download, one part at a time": lambda: read_all(place, 1),
        "download, two at a time": lambda: read_all(place, 2),
    }
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(-1, rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            size = await way()
            if number >= 0:
                measured[name].append(size / 1e6 / (time.perf_counter() - began))
    return measured


async def _copy(place: Exported) -> int:
    """Bytes. Whoever takes them does nothing with them."""
    read = 0

    async def sink(data: bytes) -> None:
        nonlocal read
        read += len(data)

    connection = await asyncpg.connect(place.database)
    try:
        await connection.copy_from_query(COPY, place.export_id, output=sink, timeout=HOUR)
    finally:
        await connection.close()
    return read


async def _check(place: Exported, downloads: int) -> None:
    """Every download was whole, and every record of it is on record."""
    connection = await asyncpg.connect(place.database)
    recorded = await connection.fetchval(RECORDED, place.export_id, timeout=HOUR)
    await connection.close()
    if recorded != downloads * place.rows:
        raise RuntimeError(f"{recorded} records are on record as disclosed, of {downloads * place.rows}")


def _write(measured: dict[str, list[float]], rows: int, processor: Processor) -> None:
    table: list[Sequence[object]] = [("way", "MB/s", "slowest", "fastest", "n", "of COPY")]
    made: dict[str, Any] = {"rows": rows}
    copied = median(measured["COPY"])
    for name, speeds in measured.items():
        ratio = round(median(speeds) / copied, 3)
        table.append((name, median(speeds), min(speeds), max(speeds), len(speeds), ratio))
        key = name.replace(", ", "_").replace(" ", "_").lower()
        made[key] = {"mb_per_s": round(median(speeds), 2), "n": len(speeds), "of_copy": ratio}
    notes = [
        f"{rows:,} records of about 600 bytes, in 16 parts; medians over {len(measured['COPY'])} rounds, everybody in turns",
        "COPY: `COPY (SELECT line …) TO STDOUT` to a sink that counts bytes, on a connection of its own",
        "download: over HTTP from the running service; each page behind the release gate with a look at consent's heads, its disclosures "
        "committed before, and the recipient's TCP acknowledgement awaited",
        "afterwards each record is on record as disclosed as often as it was downloaded",
        str(processor),
    ]
    figures.write("export_stream", made, "A full export, beside COPY of the same JSON", table, notes)
