"""A report's page from what was published, beside the same aggregates counted from every event's row in PostgreSQL and in DuckDB."""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import duckdb
import httpx
from fastapi import FastAPI

from bench import figures, seeding
from bench.machine import Processor
from common.auth import Principal, Role
from common.db import Database
from common.migrate import migrate
from common.pages.rendering import Pages, Site
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Group
from reporting.measures.periods import months_of
from reporting.release_ledger.cells import Scope
from reporting.reports.pages import router
from reporting.reports.reader import open_reader
from reporting.reports.site import FOLDER, REPORTS
from reporting.reports.usecases import NETWORK, of_plan
from reporting.schema import metadata

PLAN = UUID(int=1)
PLANS, EMPLOYERS, MONTHS, FIRST = 4, 500, 24, 2025
QUARTERS = [f"{year}-Q{quarter}" for year in (2025, 2026) for quarter in range(1, 5)]
PATH = f"/reports/all/{QUARTERS[-1]}"

# The same arithmetic in both engines: row i is an event of one of three clocks.
ROWS = f"""
select i / 3 as client, (i / 3) % {PLANS} as plan, (i / 3) % {EMPLOYERS} as employer, (i / 7) % {MONTHS} as month, i % 3 as clock,
       (i * 7919) % 1009 % 45 as b, (i * 104729) % 2003 % 1440 as a, case when i % 11 = 0 then 1 else 0 end as waiting"""
COUNTED = """
select month / 3 as quarter, clock, waiting, least(b, 21) as b, least(a / 24, 31) as a, count(*) as n
  from raw where {0} group by 1, 2, 3, 4, 5"""
WANTED = (COUNTED.format("plan = 0"), COUNTED.format("true"))
"""A plan's quarters, and everybody's beside them."""


class Anybody:
    """Whoever asks is the plan: what verifying a token costs is measured elsewhere."""

    async def principal(self, _: str) -> Principal:
        return Principal(PLAN, Role.PLAN, time.time() + 3600)


async def run(infrastructure: Infrastructure, quick: bool, events: int = 1_000_000) -> None:
    events, pages, scans = (30_000, 20, 2) if quick else (events, 200, 3)
    url = await seeding.fresh_database(infrastructure, "bench_report_page")
    db = await Database.open(url, 2)
    await migrate(db, "reporting", MIGRATIONS, metadata, seeding.STREAMS)
    cells = await _publish(url, events)
    await _fill_postgres(url, events)
    duck = _fill_duckdb(events)
    reader = await open_reader(url)
    with Processor() as processor:
        page = await _pages(_app(reader), pages)
        postgres = await _timed(scans, lambda: _scan(url))
        embedded = await _timed(scans, lambda: _scan_duckdb(duck))
    await reader.close()
    await db.close()
    notes = [f"{events:,} events in 24 months; {cells:,} published cells, whose number does not depend on that of the events"]
    notes += [
        "the page: the route with its two reads, 45 measures, eight quarters and the norm, as HTML; without the network and the token"
    ]
    notes += ["the scans: counts by quarter, clock and bin alone, for the plan and for everybody; no measure, no page", str(processor)]
    _write({"the page": page, "raw rows, PostgreSQL": postgres, "raw rows, DuckDB": embedded}, notes)


async def _publish(url: str, events: int) -> int:
    rows: list[tuple[Any, ...]] = []
    scopes: Sequence[tuple[Scope, int]] = ((of_plan(PLAN, None), events // 3 // PLANS // 8), (NETWORK, events // 3 // 8))
    for scope, people in scopes:
        for period in QUARTERS:
            for family in FAMILIES.values():
                about = (family.code, scope.kind.value, scope.id, period)
                rows.append((*about, "", "", people, None, PLAN))
                for breakdown in family.breakdowns:
                    rows += [(*about, breakdown.name, *cell, PLAN) for cell in _cells(breakdown.groups, "", people)]
    connection = await asyncpg.connect(url)
    columns = ["family", "scope", "scope_id", "period", "breakdown", "cell_group", "n", "total", "release_id"]
    await connection.copy_records_to_table("published_cell", records=rows, columns=columns)
    for n, month in enumerate(months_of(QUARTERS[-1])):
        await connection.execute("insert into release values ($1, 'care_sought', $2, 1, 0, 0, 0, 0, 0, 0, now())", UUID(int=n), month)
    await connection.execute("analyze published_cell")
    await connection.close()
    return len(rows)


def _cells(level: Sequence[Group], before: str, people: int) -> Iterator[tuple[str, int, int | None]]:
    for group in level:
        n = people // len(level)
        yield f"{before}{group.name}", n, n // 3 if group.summed else None
        yield from _cells(group.groups, f"{before}{group.name}/", n)


async def _fill_postgres(url: str, events: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"create unlogged table raw as {ROWS} from generate_series(0::bigint, {events - 1}) as s(i)", timeout=900)
    await connection.execute("create index on raw (plan, month)", timeout=900)
    await connection.execute("vacuum analyze raw", timeout=900)
    await connection.close()


def _fill_duckdb(events: int) -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect(":memory:")
    duck.execute(f"create table raw as {ROWS.replace(' / ', ' // ')} from range({events}) as s(i)")
    return duck


def _app(reader: Any) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    app.state.reports, app.state.verifier = reader, Anybody()
    app.state.pages = Pages(Site(FOLDER, (REPORTS,), "http://reports", "bench", (), False))
    return app


async def _pages(app: FastAPI, count: int) -> list[float]:
    headers = {"cookie": "session=a.b.c"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reports", headers=headers) as http:

        async def once() -> None:
            answer = await http.get(PATH)
            assert answer.status_code == 200
            assert 'class="figure shown"' in answer.text

        return await _timed(count, once)


async def _scan(url: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in WANTED:
        assert await connection.fetch(statement, timeout=600)
    await connection.close()


async def _scan_duckdb(duck: duckdb.DuckDBPyConnection) -> None:
    for statement in WANTED:
        assert duck.execute(statement.replace(" / ", " // ")).fetchall()


async def _timed(count: int, once: Callable[[], Awaitable[None]]) -> list[float]:
    """Milliseconds, without the first, which warms."""
    times = []
    for _ in range(count + 1):
        began = time.perf_counter()
        await once()
        times.append((time.perf_counter() - began) * 1000)
    return times[1:]


def _write(measured: dict[str, list[float]], notes: Sequence[str]) -> None:
    table: list[Sequence[object]] = [("ms", "median", "p95", "n")]
    made: dict[str, Any] = {}
    for name, times in measured.items():
        middle, slow = round(median(times), 2), round(figures.percentile(times, 0.95), 2)
        table.append((name, middle, slow, len(times)))
        made[name.replace(", ", "_").replace(" ", "_").lower()] = {"median_ms": middle, "p95_ms": slow, "n": len(times)}
    figures.write("report_page", made, "A report's page", table, notes)
