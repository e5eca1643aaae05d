"""Facts, units and counts made anew from the owners' journals: `python -m reporting.rollups.rebuilding`.

Months are closed where they were closed, so that the same numbers come out; it says so, or what differs (exit status 1). `--replace` puts
rebuilt facts in the place of those that are there and counts the open months by them, while the service runs: so does a deployment that was
upgraded get its facts, before its first month is closed. Closed months stay as they are (D7).
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx

from common.db import Connection, Database
from common.owner import Owner
from common.service_token import ServiceToken
from reporting.rollups import counts
from reporting.rollups.closing import SOURCES, applied
from reporting.rollups.counting import all_counted
from reporting.rollups.counts import Key
from reporting.rollups.replaying import FACTS, Page, Replay, closings
from reporting.settings import ReportingSettings

TRIES = 50
PAUSE = 0.2

CLOSED = "t.month <= (select max(month) from public.closing c where c.family = t.family)"
COLUMNS = "family, month, positions, parked, closed_at"
SEED = (
    f"insert into closing ({COLUMNS}) select {COLUMNS} from public.closing order by number",
    f"insert into unit select t.* from public.unit t where {CLOSED}",
    f"insert into rollup select t.* from public.rollup t where {CLOSED}",
)
WAIT = "lock table public.closing in share row exclusive mode"
HOLD = "select 1 from applied where source = any($1::text[]) order by source, stream for update nowait"
PUT = "insert into public.{table} select * from pg_temp.{table}"

Difference = tuple[Key, int, int]
"""What is counted, how many there are, how many were rebuilt."""


async def compare(db: Database, page: Page) -> list[Difference]:
    """The counts as they stand beside the rebuilt ones; empty where they agree."""
    async with all_counted(db) as tx:
        there, made, (positions, parked) = await counts.everything(tx), await closings(tx), await applied(tx)
    async with _replay(db, page) as replay:
        await replay.through(made)
        await replay.reach(positions, parked)
        rebuilt = await counts.everything(replay.tx)
    keys = sorted(there.keys() | rebuilt.keys(), key=str)
    return [(key, there.get(key, 0), rebuilt.get(key, 0)) for key in keys if there.get(key) != rebuilt.get(key)]


async def replace(db: Database, page: Page) -> None:
    """Raises TimeoutError where events come faster than they are applied here, or a month was closed meanwhile."""
    async with _replay(db, page) as replay:
        for statement in SEED:
            await replay.tx.execute(statement)
        for _ in range(TRIES):
            positions, parked = await applied(replay.tx)
            await replay.reach(positions, parked)
            try:
                async with replay.tx.transaction():
                    if await _held(replay.tx) and await applied(replay.tx) == (positions, parked):
                        return await _put(replay.tx)
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(PAUSE)
    raise TimeoutError("it moves on while it is rebuilt: try again")


async def _held(tx: Connection) -> bool:
    """Nobody counts, closes or applies from here to the end of the transaction; false where a month was closed since we began."""
    await tx.execute(WAIT)
    await tx.execute(HOLD, SOURCES)
    return bool(await tx.fetchval("select (select count(*) from closing) = (select count(*) from public.closing)"))


async def _put(tx: Connection) -> None:
    await tx.execute("delete from public.recount_mark")
    for table in (*FACTS, "unit", "rollup"):
        await tx.execute(f"delete from public.{table}")
        await tx.execute(PUT.format(table=table))


@asynccontextmanager
async def _replay(db: Database, page: Page) -> AsyncIterator[Replay]:
    """On a connection of its own: its temporary tables end with it."""
    connection = await asyncpg.connect(db.url)
    try:
        replay = Replay(connection, page)
        await replay.begin()
        yield replay
    finally:
        await connection.close()


async def run(settings: ReportingSettings, *, replacing: bool) -> list[Difference]:
    db = await Database.open(settings.database_url, 4)
    async with httpx.AsyncClient(timeout=30) as http:
        token = ServiceToken(http, settings.token_url, settings.client_id, settings.client_secret)
        urls = {"scheduling": settings.scheduling_url, "assessments": settings.assessments_url}
        owners = {source: Owner(source, url, http, token) for source, url in urls.items()}
        try:
            if replacing:
                await replace(db, lambda source, stream, after: owners[source].page(stream, after))
            return await compare(db, lambda source, stream, after: owners[source].page(stream, after))
        finally:
            await db.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reporting.rollups.rebuilding", description=__doc__)
    parser.add_argument("--replace", action="store_true", help="put the rebuilt facts and the counts of open months in place")
    asked = parser.parse_args()
    differences = asyncio.run(run(ReportingSettings(), replacing=asked.replace))  # type: ignore[call-arg]
    for key, there, rebuilt in differences:
        sys.stdout.write(f"{' '.join(map(str, key))}: {there} there, {rebuilt} rebuilt\n")
    sys.stdout.write(f"{len(differences)} differences\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
