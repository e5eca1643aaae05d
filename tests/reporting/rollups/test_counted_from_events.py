"""Events become counts: once each, in whatever order, by however many; and a closed month stays as it is."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random

import asyncpg
import pytest

from bench.care_histories import World, in_time
from common.contracts.event import ClientEvent
from common.contracts.scheduling import CareEpisodeEnded, CareSought, ClientRegistered
from common.db import Database
from deploy.local.infrastructure import Infrastructure
from reporting.rollups import closing, counting, marking
from reporting.rollups.counting import count_marked
from tests.reporting.rollups.counting_house import CountingHouse, counting_house

MARCH = datetime(2026, 3, 10, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def seeker(world: World, at: datetime, served: bool = True) -> tuple[ClientRegistered, CareSought]:
    """Somebody who is registered and seeks care."""
    client = world.client()
    (registered,) = client.told
    about = {"event_id": world.id(), "client_id": client.client_id, "programme": "care_connect", "employer_id": client.employer}
    return registered, CareSought(**about, occurred_at=at, episode_id=world.id(), first=True, served=served)  # type: ignore[arg-type, return-value]


def withdrawal(sought: CareSought, at: datetime, world: World) -> CareEpisodeEnded:
    known = sought.model_dump(include={"client_id", "programme", "employer_id", "episode_id"})
    return CareEpisodeEnded(**known, event_id=world.id(), occurred_at=at, outcome="withdrawn")


@pytest.fixture
def world() -> World:
    return World(Random(7))


@pytest.mark.parametrize("seed", [1, 2])
async def test_events_told_twice_and_in_any_order_are_counted_as_if_told_once_in_order(infrastructure: Infrastructure, seed: int) -> None:
    random = Random(seed)
    events = list(in_time(World(random), 40))
    async with counting_house(infrastructure) as orderly, counting_house(infrastructure) as scattered:
        await orderly.take_all(events)
        await orderly.count()
        entries = [scattered.journals.append(event) for event in events]
        entries += random.sample(entries, len(entries) // 3)
        random.shuffle(entries)
        for start in range(0, len(entries), 150):
            await scattered.handle(entries[start : start + 150])
            await count_marked(scattered.db, random.randrange(1, 30))
        await scattered.count()
        assert await scattered.rollup() == await orderly.rollup() != {}


async def test_a_client_of_whom_nothing_is_registered_is_counted_once_that_is_known(house: CountingHouse, world: World) -> None:
    registered, sought = seeker(world, MARCH)
    await house.handle([house.journals.append(sought)])
    await house.count()
    assert await house.rollup() == {}
    await house.handle([house.journals.append(registered)])
    await house.count()
    assert await house.counted("time_to_schedule", "2026-03") == {("open", -1, -1): 1}


async def test_a_count_that_falls_to_nothing_leaves_no_row(house: CountingHouse, world: World) -> None:
    registered, sought = seeker(world, MARCH)
    await house.take(registered, sought)
    await house.count()
    await house.take(withdrawal(sought, MARCH + DAY, world))
    await house.count()
    assert await house.counted("time_to_schedule", "2026-03") == {("withdrawn", 24, 1): 1}
    assert await house.db.pool.fetchval("select count(*) from rollup where n <= 0") == 0


async def test_R6_who_has_decided_nothing_is_counted_like_everybody(house: CountingHouse, world: World) -> None:
    await house.take(*seeker(world, MARCH))
    await house.count()
    assert await house.db.pool.fetchval("select count(*) from sharing") == 0
    assert sum((await house.counted("time_to_schedule", "2026-03")).values()) == 1


async def test_two_instances_that_count_at_once_count_everybody_once(house: CountingHouse) -> None:
    await house.take_all(in_time(World(Random(3)), 60))
    other = await Database.open(house.db.url)
    try:
        async with asyncio.timeout(60):
            while sum(await asyncio.gather(*(count_marked(db, 5) for db in (house.db, other, house.db, other)))):
                pass
    finally:
        await other.close()
    units = await house.db.pool.fetchval("select count(*) from unit where family = 'care_sought'")
    of_schedule = [n for key, n in (await house.rollup()).items() if key.dimension == "time_to_schedule"]
    assert sum(of_schedule) == units > 0


async def test_who_cannot_be_counted_holds_nobody_up(house: CountingHouse, world: World) -> None:
    bad, other = seeker(world, MARCH), seeker(world, MARCH)
    broken = bad[0].model_copy(update={"time_zone": "Nowhere/At_All"})
    await house.take(broken, bad[1], withdrawal(bad[1], MARCH + DAY, world), *other)
    await house.count()
    assert await house.counted("time_to_schedule", "2026-03") == {("open", -1, -1): 1}
    assert await house.db.pool.fetchval("select count(*) from recount_mark where retry_at is not null") > 0


async def test_what_changes_while_somebody_is_counted_is_counted_in_the_next_round(
    house: CountingHouse, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered, sought = seeker(world, MARCH)
    await house.take(registered, sought)
    known_of = counting.known_of

    async def and_then_it_changes(*arguments: object) -> object:
        found = await known_of(*arguments)  # type: ignore[arg-type]
        monkeypatch.undo()
        await house.take(withdrawal(sought, MARCH + DAY, world))
        return found

    monkeypatch.setattr(counting, "known_of", and_then_it_changes)
    await house.count()
    assert await house.counted("time_to_schedule", "2026-03") == {("withdrawn", 24, 1): 1}


async def test_D7_a_closed_month_keeps_its_counts_and_the_late_are_counted_in_the_next(house: CountingHouse, world: World) -> None:
    on_time, late = seeker(world, MARCH), seeker(world, MARCH)
    await house.take(*on_time)
    await house.close("care_sought", "2026-03")
    await house.take(*late, withdrawal(on_time[1], MARCH + DAY, world))
    await house.count()
    assert await house.counted("time_to_schedule", "2026-03") == {("open", -1, -1): 1}, "the withdrawal came too late"
    assert await house.counted("time_to_schedule", "2026-04") == {("open", -1, -1): 1}
    async with house.db.pool.acquire() as tx:
        assert [await closing.late_of(tx, "care_sought", month) for month in ("2026-03", "2026-04")] == [0, 1]


async def test_D7_a_month_is_closed_after_a_count_that_is_under_way_and_with_it(house: CountingHouse, world: World) -> None:
    await house.take(*seeker(world, MARCH))
    async with house.db.begin_event() as tx:
        await tx.execute(counting.TURN)
        marked = await marking.take(tx, 10)
        closed = asyncio.create_task(house.close("care_sought", "2026-03"))
        await asyncio.sleep(0.3)
        await counting.count(tx, marked)
    await closed
    assert await house.counted("time_to_schedule", "2026-03") == {("open", -1, -1): 1}
    async with house.db.pool.acquire() as tx:
        assert await closing.closed_months(tx, "care_sought") == ["2026-03"]


async def test_D7_closing_counts_who_is_marked_first_and_records_what_was_applied(house: CountingHouse, world: World) -> None:
    await house.take(*seeker(world, MARCH))
    await house.close("care_sought", "2026-03")
    async with house.db.pool.acquire() as tx:
        (counted,) = [c for c in await closing.rollup_of(tx, "care_sought", ["2026-03"]) if c.dimension == "time_to_schedule"]
        positions, parked = await closing.applied(tx)
    assert (counted.kind, counted.n) == ("open", 1)
    assert sum(positions["scheduling"].values()) == 2 and not parked


async def test_D7_months_are_closed_in_their_order_and_for_good(house: CountingHouse, world: World) -> None:
    await house.take(*seeker(world, MARCH))
    await house.close("care_sought", "2026-03")
    with pytest.raises(ValueError, match="comes 2026-04"):
        await house.close("care_sought", "2026-05")
    with pytest.raises(asyncpg.RestrictViolationError):
        await house.db.pool.execute("delete from closing")


async def test_months_are_due_from_the_first_that_is_counted_once_the_time_for_late_news_is_over(
    house: CountingHouse, world: World
) -> None:
    async def due(today: date) -> list[str]:
        async with house.db.pool.acquire() as tx:
            return await closing.due_months(tx, "care_sought", 30, today)

    assert await due(date(2026, 6, 1)) == []
    await house.take(*seeker(world, MARCH))
    await house.count()
    assert await due(date(2026, 4, 30)) == []
    assert await due(date(2026, 5, 1)) == ["2026-03"]
    await house.close("care_sought", "2026-03")
    assert await due(date(2026, 7, 5)) == ["2026-04", "2026-05"]


async def test_events_go_on_being_applied_while_a_month_is_closed(house: CountingHouse, world: World) -> None:
    """An opt-out never waits for a report; and what came meanwhile is not in the month that was closed."""
    before: list[ClientEvent] = list(seeker(world, MARCH))
    await house.take(*before)
    async with counting.all_counted(house.db) as tx:
        async with asyncio.timeout(5):
            await house.take(*seeker(world, MARCH))
        positions, _ = await closing.applied(tx)
    assert sum(positions["scheduling"].values()) == len(before)
