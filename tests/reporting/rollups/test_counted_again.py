"""Two more ways to the same numbers: rebuilt from the journals, and counted from the facts by another engine."""

import os
from bisect import bisect
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from bench.care_histories import DAY, World, in_time
from common.cloudevents import Entry
from deploy.local.infrastructure import Infrastructure
from reporting.measures.catalogue import FAMILIES
from reporting.measures.periods import last_day
from reporting.rollups import rebuilding, verifying
from reporting.rollups.rebuilding import compare, replace
from reporting.rollups.verifying import verify
from tests.reporting.rollups.counting_house import CountingHouse, counting_house

CHANGES = {
    "a count that is one too many": "update rollup set n = n + 1 where ctid = (select min(ctid) from rollup where {where})",
    "a count that is missing": "delete from rollup where ctid = (select min(ctid) from rollup where {where})",
    "a unit of another employer": "update unit set employer_id = gen_random_uuid() where ctid = (select min(ctid) from unit where {where})",
    "a unit with another bin": """
update unit set bins = jsonb_set(bins, array[(select min(key) from jsonb_each(bins))], '["no_baseline", 3, 3]')
 where ctid = (select min(ctid) from unit where {where} and family = 'in_treatment')""",
    "a unit that is missing": "delete from unit where ctid = (select min(ctid) from unit where {where})",
}
MONTHS = [f"2025-{number:02}" for number in range(2, 13)] + ["2026-01", "2026-02"]
SHUT, OPEN = "month = '2025-06'", "month > '2026-02'"
LATE = timedelta(days=70)


async def kept(house: CountingHouse) -> None:
    """A year and two months, closed one after the other in all families, while the news of one client in five comes late."""
    random = Random(11)
    waiting = sorted(
        (told + LATE * (event.subject.int % 5 == 0), number, event)
        for number, event in enumerate(in_time(World(random), 120))
        for told in [event.occurred_at]
    )
    for month in MONTHS:
        for family in random.sample(list(FAMILIES), 3):
            now = datetime.combine(last_day(month), time(), UTC) + random.randrange(10, 40) * DAY
            ready = bisect(waiting, now, key=lambda item: item[0])
            await house.take_all(event for _, _, event in waiting[:ready])
            del waiting[:ready]
            await house.close(family, month)
    await house.take_all(event for _, _, event in waiting)
    await house.count()


@pytest.fixture(scope="module")
async def busy(infrastructure: Infrastructure) -> AsyncIterator[CountingHouse]:
    async with counting_house(infrastructure) as house:
        await kept(house)
        yield house


async def test_D7_rebuilt_from_the_journals_every_number_is_the_same_though_much_came_late(busy: CountingHouse) -> None:
    late = await busy.db.pool.fetch("select family, count(*), bool_or(month > '2026') from unit where late group by family")
    assert len(late) == 3 and any(row[2] for row in late), "there was something to get wrong, over the turn of the year too"
    assert await compare(busy.db, busy.journals.page) == []


async def test_counted_again_by_another_engine_every_number_is_the_same(busy: CountingHouse) -> None:
    found = await verify(busy.db)
    assert found.differences == [] and found.rows > 500


@pytest.mark.parametrize("where", [OPEN, SHUT])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_row_that_was_changed_is_found(busy: CountingHouse, change: str, where: str) -> None:
    async with busy.db.pool.acquire() as tx:
        kept_rows = {table: await tx.fetch(f"select * from {table}") for table in ("unit", "rollup")}
        assert (await tx.execute(CHANGES[change].format(where=where))).endswith(" 1")
    try:
        assert (await verify(busy.db)).differences
    finally:
        for table, rows in kept_rows.items():
            await busy.db.pool.execute(f"delete from {table}")
            await busy.db.pool.copy_records_to_table(table, records=[tuple(row) for row in rows])


async def test_a_fact_that_was_never_counted_is_found(busy: CountingHouse) -> None:
    """As if a mark had been lost."""
    change = "update episode_fact set scheduled_days = 44 where episode_id = (select min(unit_id::text)::uuid from unit where {})"
    where = f"family = 'care_sought' and {OPEN} and bins -> 'time_to_schedule' ->> 0 = 'reached'"
    before = await busy.db.pool.fetch("select episode_id, scheduled_days from episode_fact")
    assert await busy.db.pool.execute(change.format(where)) == "UPDATE 1"
    try:
        found = (await verify(busy.db)).differences
        assert {(d.counted_from, d.dimension) for d in found} == {("facts", "time_to_schedule")}
        assert sorted(d.theirs - d.ours for d in found) == [-1, 1]
    finally:
        restore = "update episode_fact set scheduled_days = $2 where episode_id = $1"
        await busy.db.pool.executemany(restore, [tuple(row) for row in before])


async def test_the_second_count_leaves_nothing_behind(busy: CountingHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying.tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    await verify(busy.db)
    assert os.listdir(tmp_path) == []


async def test_a_rebuild_says_what_differs(busy: CountingHouse) -> None:
    await busy.db.pool.execute("update rollup set n = n + 1 where ctid = (select min(ctid) from rollup)")
    ((_, there, rebuilt),) = await compare(busy.db, busy.journals.page)
    assert there == rebuilt + 1
    await busy.db.pool.execute("update rollup set n = n - 1 where ctid = (select min(ctid) from rollup)")


async def test_a_rebuild_fills_the_facts_of_a_deployment_that_was_upgraded(infrastructure: Infrastructure) -> None:
    async with counting_house(infrastructure) as house:
        await house.take_all(in_time(World(Random(5)), 30))
        await house.count()
        wanted = await house.rollup()
        for table in ("episode_fact", "request_fact", "outcome_fact", "unit", "rollup"):
            await house.db.pool.execute(f"delete from {table}")
        await replace(house.db, house.journals.page)
        await house.count()
        assert await house.rollup() == wanted != {}
        assert (await verify(house.db)).differences == []


async def test_D7_a_rebuild_that_replaces_leaves_closed_months_alone(infrastructure: Infrastructure) -> None:
    async with counting_house(infrastructure) as house:
        events = list(in_time(World(Random(6)), 40))
        await house.take_all(events[: len(events) // 2])
        await house.close("care_sought", "2025-01")
        await house.db.pool.execute("delete from episode_fact where sought_at < '2025-02-01'")
        await house.take_all(events[len(events) // 2 :])
        await house.count()
        before = {key: n for key, n in (await house.rollup()).items() if key.month == "2025-01"}
        await replace(house.db, house.journals.page)
        assert {key: n for key, n in (await house.rollup()).items() if key.month == "2025-01"} == before
        assert await compare(house.db, house.journals.page) == []
        assert (await verify(house.db)).differences == []


async def test_a_rebuild_waits_for_whoever_is_applying_and_takes_in_what_they_applied(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counting_house(infrastructure) as house:
        events = list(in_time(World(Random(8)), 20))
        await house.take_all(events[:-6])
        waiting, held = events[-6:], rebuilding._held

        async def one_more_first(tx: object) -> bool:
            if waiting:
                await house.take(waiting.pop(0))
            return await held(tx)  # type: ignore[arg-type]

        monkeypatch.setattr(rebuilding, "_held", one_more_first)
        await replace(house.db, house.journals.page)
        await house.count()
        assert not waiting
        assert await compare(house.db, house.journals.page) == []


async def test_what_was_parked_when_a_month_was_closed_is_rebuilt_as_late(infrastructure: Infrastructure) -> None:
    async with counting_house(infrastructure) as house:
        events = list(in_time(World(Random(9)), 20))
        registered: Entry = house.journals.append(events[0])
        await park(house, registered)
        await house.take_all(events[1:])
        month = f"{events[0].occurred_at:%Y-%m}"
        await house.close("care_sought", month)
        assert await house.appliers["scheduling"].replay(registered.subject) > 1
        await house.count()
        assert await house.db.pool.fetchval("select count(*) from unit where late and family = 'care_sought'") == 1
        assert await compare(house.db, house.journals.page) == []


async def park(house: CountingHouse, entry: Entry) -> None:
    """As if it could not be applied: it and all that follows of its client waits, in its publisher's journal."""
    applier = house.appliers[entry.source]
    await applier._park(entry, entry.position - 1, 0, RuntimeError())
