"""S5, S6: `next_opening` is what the open slots say, after every change and as time passes."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from common.clock import Clock
from common.db import Database
from scheduling.availability import slot_tables, tables, usecases
from scheduling.availability.openings import keep_fresh, recompute, refresh
from scheduling.availability.rules import HOLD_TIME
from tests.scheduling.availability.calendars import exceptional, weekly
from tests.scheduling.availability.conftest import MINUTE, NOW, Provider, client, monday

DAY = timedelta(days=1)


async def first_offered(provider: Provider, now: datetime = NOW) -> datetime | None:
    return next(iter(await provider.offered(now, days=62)), None)


async def close(provider: Provider, day: datetime) -> UUID:
    closed = uuid4()
    async with provider.db.begin() as tx:
        await slot_tables.lock_provider(tx, provider.provider_id)
        await tables.insert_exception(tx, provider.provider_id, closed, exceptional(day.date(), "closed"))
        await recompute(tx, [provider.provider_id], NOW)
    return closed


async def test_S6_it_follows_every_change(db: Database) -> None:
    provider = Provider(db)
    assert await provider.next_opening() is None
    await provider.opens()
    assert await provider.next_opening() == monday("10:00")
    booked = await provider.book(monday("10:00"))
    assert await provider.next_opening() == monday("10:30")
    hold = await provider.hold(mine := uuid4(), monday("10:30"))
    assert await provider.next_opening() == monday("11:00")
    await provider.move(booked, monday("11:00"))
    assert await provider.next_opening() == monday("10:00")
    await usecases.let_go(db, client(mine), hold.hold_id, NOW)
    closed = await close(provider, NOW)
    assert await provider.next_opening() == monday("09:00") + DAY
    await usecases.remove_exception(db, provider.provider_id, closed, NOW)
    await provider.release(booked)
    assert await provider.next_opening() == monday("10:00") == await first_offered(provider)
    await provider.opens([])
    assert await provider.next_opening() is None


async def test_S6_it_is_of_consultations(db: Database) -> None:
    provider = await Provider(db).opens(weekly("10:00-10:20", "15:00-16:00"))
    assert await provider.next_opening() == monday("10:00")


async def test_S6_what_has_come_too_near_is_refreshed_and_nobody_else(db: Database) -> None:
    provider, other = await Provider(db).opens(), await Provider(db).opens(weekly("15:00-17:00"))
    last = monday("10:00") - 120 * MINUTE
    await refresh(db, last)
    assert await provider.next_opening() == monday("10:00")
    before = await computed_at(other)
    await refresh(db, last + MINUTE)
    assert await provider.next_opening() == monday("10:30") == await first_offered(provider, last + MINUTE)
    assert await computed_at(other) == before


async def test_S6_a_hold_that_expires_gives_its_time_back(db: Database) -> None:
    provider = await Provider(db).opens()
    await provider.hold(uuid4(), monday("10:00"), monday("07:45"))
    assert await provider.next_opening() == monday("10:30")
    await refresh(db, monday("07:45") + HOLD_TIME + MINUTE)
    assert await provider.next_opening() == monday("10:00")
    assert await db.pool.fetchval("select count(*) from slot where provider_id = $1", provider.provider_id) == 0


async def test_S6_who_has_nothing_open_is_found_when_the_horizon_reaches_them(db: Database) -> None:
    provider = await Provider(db).opens(weekly("09:00-12:00", on=[4]), horizon_days=2)
    assert await provider.next_opening() is None
    await refresh(db, NOW + 3 * DAY)
    assert await provider.next_opening() == monday("09:00") + 4 * DAY


async def test_S6_many_are_refreshed_in_turns_beside_those_who_book(db: Database) -> None:
    providers = [await Provider(db).opens() for _ in range(30)]
    later = monday("09:00")
    bookings = [provider.book(monday("11:00"), now=later) for provider in providers]
    await asyncio.gather(*bookings, *(refresh(db, later, 7) for _ in range(4)))
    while await refresh(db, later, 7):
        pass
    for provider in providers:
        assert await provider.next_opening() == await first_offered(provider, later) == monday("11:30")


async def test_S6_the_sweep_runs_by_itself(db: Database) -> None:
    provider, clock = await Provider(db).opens(), Clock(simulated=True)
    clock.move_to(NOW + 60 * DAY)
    sweep = asyncio.ensure_future(keep_fresh(db, clock, 0.02))
    async with asyncio.timeout(10):
        while await provider.next_opening() != await first_offered(provider, clock.now()):
            await asyncio.sleep(0.02)
    sweep.cancel()


async def computed_at(provider: Provider) -> datetime | None:
    found: datetime | None = await provider.db.pool.fetchval(
        "select computed_at from next_opening where provider_id = $1", provider.provider_id
    )
    return found
