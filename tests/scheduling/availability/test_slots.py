"""S6: booking, moving, releasing and holding a provider's slots, on PostgreSQL."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from common.db import Database
from scheduling.availability import slots, usecases
from scheduling.availability.rules import HOLD_TIME
from tests.scheduling.availability.calendars import weekly
from tests.scheduling.availability.conftest import MINUTE, NOW, Provider, apart, client, monday, outcome


async def test_S6_what_is_booked_is_offered_no_more_and_released_again(provider: Provider) -> None:
    booked = await provider.book(monday("11:00"))
    assert monday("11:00") not in await provider.offered()
    assert await outcome(provider.book(monday("11:00"))) == "slot_taken"
    await provider.release(booked)
    assert monday("11:00") in await provider.offered()
    await provider.book(monday("11:00"))


async def test_S6_every_offered_slot_can_be_booked(db: Database) -> None:
    provider = await Provider(db).opens(weekly("09:00-13:00"), buffer_minutes=10, step_minutes=15)
    while offered := await provider.offered():
        await provider.book(offered[len(offered) // 2])
    taken = await provider.taken()
    assert len(taken) > 4
    assert apart(taken, 10)


async def test_S6_clients_book_open_slots_only_and_providers_any_time_but_never_twice(provider: Provider) -> None:
    assert await outcome(provider.book(monday("20:00"))) == "slot_not_open"
    await provider.book(monday("20:00"), only_open=False)
    assert await outcome(provider.book(monday("20:10"), only_open=False)) == "slot_taken"
    assert await outcome(provider.book(monday("20:20"), only_open=False)) == "done"


async def test_S6_of_a_provider_who_never_said_when_they_are_open_clients_book_nothing(db: Database) -> None:
    provider = Provider(db)
    assert await provider.offered() == []
    assert await outcome(provider.book(monday("11:00"))) == "slot_not_open"
    await provider.book(monday("11:00"), only_open=False)
    async with db.begin() as tx:
        assert await slots.minutes_of(tx, provider.provider_id, "consultation") == 20
        assert await slots.minutes_of(tx, provider.provider_id, "session") == 50


async def test_S6_an_appointment_has_one_slot(provider: Provider) -> None:
    booked = await provider.book(monday("11:00"))
    with pytest.raises(IntegrityError):
        await provider.book(monday("12:00"), appointment_id=booked)


async def test_S6_a_moved_appointment_leaves_its_old_time_free(provider: Provider) -> None:
    booked = await provider.book(monday("11:00"))
    await provider.move(booked, monday("14:00"))
    offered = await provider.offered()
    assert monday("11:00") in offered
    assert monday("14:00") not in offered


async def test_S6_an_appointment_can_be_moved_onto_a_part_of_its_own_time(db: Database) -> None:
    provider = await Provider(db).opens(buffer_minutes=10, step_minutes=10)
    booked = await provider.book(monday("11:00"))
    await provider.move(booked, monday("11:10"))
    assert [slot.starts_at for slot in await provider.taken()] == [monday("11:10")]


async def test_S6_a_move_is_refused_where_a_booking_would_be(provider: Provider) -> None:
    booked, _ = await provider.book(monday("11:00")), await provider.book(monday("14:00"))
    assert await outcome(provider.move(booked, monday("14:00"))) == "slot_taken"
    assert await outcome(provider.move(booked, monday("14:10"), only_open=False)) == "slot_taken"
    assert await outcome(provider.move(booked, monday("20:00"))) == "slot_not_open"
    assert await outcome(provider.move(uuid4(), monday("15:00"))) == "not_found"
    assert [slot.starts_at for slot in await provider.taken()] == [monday("11:00"), monday("14:00")]


async def test_calcom_29958_what_is_held_is_not_offered_to_others(provider: Provider) -> None:
    """What waits for a confirmation was invisible to the check: two people had the same time."""
    await provider.hold(uuid4(), monday("11:00"))
    assert monday("11:00") not in await provider.offered()
    assert await outcome(provider.book(monday("11:00"))) == "slot_taken"
    assert await outcome(provider.book(monday("11:10"), only_open=False)) == "slot_taken"
    assert await outcome(provider.hold(uuid4(), monday("11:00"))) == "slot_taken"


@pytest.mark.parametrize("starts", ["09:30", "08:00", "11:10", "20:00"])
async def test_calcom_23974_only_an_open_time_can_be_held(provider: Provider, starts: str) -> None:
    """A reservation was taken for any time that was asked for; here 9:30 is nearer than may be booked."""
    assert await outcome(provider.hold(uuid4(), monday(starts))) == "slot_not_open"


async def test_calcom_23974_a_hold_is_looked_at_again_when_it_is_booked(provider: Provider) -> None:
    mine, other = uuid4(), uuid4()
    hold = await provider.hold(mine, monday("11:00"))
    assert await outcome(provider.book(monday("11:00"), booked_by=other, hold_id=hold.hold_id)) == "hold_expired"
    assert await outcome(provider.book(monday("12:00"), booked_by=mine, hold_id=hold.hold_id)) == "hold_expired"
    await provider.opens(weekly("12:00-17:00"))
    assert await outcome(provider.book(monday("11:00"), booked_by=mine, hold_id=hold.hold_id)) == "slot_not_open"
    await provider.opens()
    await provider.book(monday("11:00"), booked_by=mine, hold_id=hold.hold_id)
    assert len(await provider.taken()) == 1


async def test_S6_a_hold_keeps_its_time_though_it_comes_nearer_than_others_may_book(provider: Provider) -> None:
    mine, now, later = uuid4(), monday("09:00"), monday("09:05")
    hold = await provider.hold(mine, monday("11:00"), now)
    assert await outcome(provider.book(monday("11:00"), now=later)) == "slot_taken"
    await provider.book(monday("11:00"), booked_by=mine, hold_id=hold.hold_id, now=later)


@pytest.mark.parametrize("how", ["offered", "booked", "booked by the provider", "held", "moved to"])
async def test_internhack_2719_a_hold_that_has_expired_is_in_nobodys_way(provider: Provider, how: str) -> None:
    """Shown as free, and refused by the unique index: free but unbookable, for ever."""
    booked = await provider.book(monday("16:00"))
    await provider.hold(uuid4(), monday("14:00"))
    later = NOW + HOLD_TIME
    if how == "offered":
        assert monday("14:00") not in await provider.offered(later - MINUTE)
        assert monday("14:00") in await provider.offered(later)
    elif how == "booked":
        await provider.book(monday("14:00"), now=later)
    elif how == "booked by the provider":
        await provider.book(monday("14:10"), only_open=False, now=later)
    elif how == "held":
        await provider.hold(uuid4(), monday("14:00"), later)
    else:
        await provider.move(booked, monday("14:00"), now=later)


async def test_S6_an_expired_hold_whose_time_is_free_is_simply_booked(provider: Provider) -> None:
    mine = uuid4()
    hold = await provider.hold(mine, monday("14:00"))
    await provider.book(monday("14:00"), booked_by=mine, hold_id=hold.hold_id, now=NOW + 2 * HOLD_TIME)


async def test_S6_an_expired_hold_whose_time_is_gone_says_so(provider: Provider) -> None:
    mine, later = uuid4(), NOW + 2 * HOLD_TIME
    hold = await provider.hold(mine, monday("14:00"))
    await provider.book(monday("14:00"), now=later)
    assert await outcome(provider.book(monday("14:00"), booked_by=mine, hold_id=hold.hold_id, now=later)) == "hold_expired"


async def test_S6_a_client_holds_two_times_at_most(db: Database, provider: Provider) -> None:
    mine, other = uuid4(), await Provider(db).opens()
    first = await provider.hold(mine, monday("11:00"))
    await other.hold(mine, monday("11:00"))
    assert await outcome(provider.hold(mine, monday("13:00"))) == "wrong_state"
    assert await outcome(provider.hold(mine, monday("11:00"))) == "done"  # again: instead of the first
    assert await outcome(usecases.let_go(db, client(mine), first.hold_id, NOW)) == "not_found"
    assert await outcome(provider.hold(mine, monday("13:00"), NOW + HOLD_TIME)) == "done"


async def test_S6_a_hold_is_let_go_by_who_has_it(db: Database, provider: Provider) -> None:
    mine = uuid4()
    hold = await provider.hold(mine, monday("11:00"))
    assert await outcome(usecases.let_go(db, client(uuid4()), hold.hold_id, NOW)) == "not_found"
    assert await outcome(usecases.let_go(db, client(mine), hold.hold_id, NOW)) == "done"
    assert monday("11:00") in await provider.offered()


async def test_S6_what_somebody_holds_themselves_is_not_in_their_way(provider: Provider) -> None:
    mine = uuid4()
    await provider.hold(mine, monday("11:00"))
    await provider.book(monday("11:00"), booked_by=mine)
    booked = await provider.book(monday("14:00"), booked_by=mine)
    await provider.hold(mine, monday("15:00"))
    await provider.move(booked, monday("15:00"), moved_by=mine)
    assert [slot.starts_at for slot in await provider.taken()] == [monday("11:00"), monday("15:00")]


async def test_S6_nothing_is_offered_of_times_long_past_or_far_ahead(db: Database, provider: Provider) -> None:
    async with db.begin() as tx:
        for years in (-20, 20):
            first = NOW + years * timedelta(days=365)
            asked = {"first": first, "last": first + timedelta(days=30)}
            assert await slots.open_slots(tx, provider.provider_id, kind="session", **asked, now=NOW) == []
