"""A calendar is edited while deadlines are open, on PostgreSQL."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from common.deadlines import engine
from common.deadlines.calendar_versions import newest_calendar
from common.deadlines.calendars import WorkCalendar
from common.problems import Problem
from tests.common.deadlines.conftest import HOUR, MONDAY, RESPOND, SESSION, Service

STORM = date(2026, 3, 4)


async def put(service: Service, *, without: date | None = None, **more: Any) -> WorkCalendar:
    """The federal calendar, and that day."""
    async with service.db.begin() as tx:
        old = await newest_calendar(tx, "us-federal", MONDAY)
        assert old is not None
        closed = {day: "holiday" for day in old.closed if day != without} | {day: "storm" for day in more.pop("closed", [])}
        given = {"opened": {}, "first": old.first, "last": old.last, **more}
        return await engine.put_calendar(tx, "us-federal", closed=closed, now=MONDAY, **given)


async def test_S9_twenty_thousand_open_deadlines_follow_their_calendar_in_batches(service: Service) -> None:
    armed = await service.arm(SESSION)
    assert armed.due_at is not None
    await service.copy(armed, 20_000)
    judged = await service.arm(SESSION)
    await service.does(engine.stop, "session", subject=judged.subject, occurred_at=MONDAY + HOUR)
    assert (await put(service, closed=[STORM])).version == 2
    moved = [await service.does(engine.reproject, "us-federal", limit=8_000) for _ in range(4)]
    assert moved == [8_000, 8_000, 4_001, 0]
    later = armed.due_at + 24 * HOUR
    assert await service.count(f"deadline where due_at = '{later}' and calendar_version = 2 and state = 'open'") == 20_001
    noted = (
        f"kind = 'reprojected' and old_due_at = '{armed.due_at}' and new_due_at = '{later}' and reason = 'calendar us-federal version 2'"
    )
    assert await service.count(f"deadline_history where {noted}") == 20_001
    assert (await service.read(judged.deadline_id))["calendar_version"] == 1


async def test_an_edit_that_does_not_touch_the_interval_is_followed_and_not_noted(service: Service) -> None:
    armed, elapsed = await service.arm(SESSION), await service.arm(RESPOND)
    await put(service, closed=[date(2026, 9, 1)])
    await service.drain(MONDAY + HOUR)
    row = await service.read(armed.deadline_id)
    assert (row["due_at"], row["calendar_version"]) == (armed.due_at, 2)
    assert await service.history(armed.deadline_id) == ["armed"]
    assert (await service.read(elapsed.deadline_id))["calendar_code"] is None


async def test_nothing_is_judged_by_a_calendar_that_was_changed_before(service: Service) -> None:
    armed = await service.arm(SESSION)
    assert armed.due_at is not None
    await put(service, closed=[STORM])
    sweep = service.sweep()
    assert await sweep.sweep(armed.due_at + HOUR) == 0
    await service.drain(armed.due_at + HOUR, sweep)
    assert (await service.read(armed.deadline_id))["state"] == "open"
    await service.drain(armed.due_at + 25 * HOUR, sweep)
    assert await service.history(armed.deadline_id) == ["armed", "reprojected", "fired", "breached"]


async def test_what_was_missed_stays_so_by_the_calendar_of_its_day(service: Service) -> None:
    armed = await service.arm(SESSION)
    assert armed.due_at is not None
    await service.drain(armed.due_at + HOUR)
    await put(service, closed=[STORM])
    await service.drain(armed.due_at + 2 * HOUR)
    row = await service.read(armed.deadline_id)
    assert (row["state"], row["due_at"], row["calendar_version"]) == ("missed", armed.due_at, 1)
    assert (await service.arm(SESSION)).calendar_version == 2


async def test_a_working_saturday_brings_the_due_moment_forward(service: Service) -> None:
    armed = await service.arm(SESSION)
    await put(service, opened={date(2026, 3, 7): "instead of a storm"})
    await service.drain(MONDAY + HOUR)
    assert (await service.read(armed.deadline_id))["due_at"] == datetime(2026, 3, 8, 5, tzinfo=UTC)


async def test_a_pause_keeps_its_days_when_the_calendar_changes_meanwhile(service: Service) -> None:
    armed = await service.arm(SESSION)
    assert armed.due_at is not None
    await service.does(engine.pause, "session", subject=armed.subject, at=MONDAY + HOUR, reason="ill")
    await put(service, closed=[STORM])
    await service.drain(MONDAY + HOUR)
    await service.does(engine.resume, "session", subject=armed.subject, at=MONDAY + 73 * HOUR)
    row = await service.read(armed.deadline_id)
    # Of the three days of pause the storm's was no business day: two more days, and one for the storm.
    assert (row["due_at"], row["calendar_version"]) == (armed.due_at + 72 * HOUR, 2)


async def test_a_horizon_may_only_grow(service: Service) -> None:
    with pytest.raises(Problem, match="invalid_calendar"):
        await put(service, last=date(2030, 1, 1), closed=[])
    assert (await put(service, last=date(2036, 12, 31))).last == date(2036, 12, 31)


async def test_one_that_would_end_beyond_the_horizon_does_not_hold_up_the_others(service: Service) -> None:
    other = await service.arm(SESSION)
    last = await service.arm(SESSION, anchor_at=datetime(2035, 12, 21, 15, tzinfo=UTC))
    assert other.due_at is not None
    await put(service, closed=[STORM, *(date(2035, 12, day) for day in (24, 26, 27, 28, 31))])
    await service.drain(MONDAY + HOUR)
    assert (await service.read(other.deadline_id))["due_at"] == other.due_at + 24 * HOUR
    assert (await service.read(last.deadline_id))["due_at"] == last.due_at
