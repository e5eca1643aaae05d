"""An employer's own holidays: a working calendar on top of the federal one. Open deadlines that count by it follow by themselves."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.vocabulary import Programme
from common.db import Database
from common.deadlines.calendar_versions import newest_calendar, put_calendar
from common.deadlines.calendars import WorkCalendar
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.employers import tables
from scheduling.employers.rules import FEDERAL, as_of, first_day, own_calendar


class Holidays(BaseModel):
    """`closed` and `opened` are what differs from the federal calendar; `counted_by`: the programmes whose terms name this calendar."""

    calendar: str
    version: int
    closed: list[date]
    opened: list[date]
    first: date
    last: date
    """Beyond these days the calendar knows nothing."""
    counted_by: list[Programme]


async def put_holidays(
    db: Database,
    caller: Principal,
    key: IdempotencyKey,
    employer_id: UUID,
    asked: tuple[frozenset[date], frozenset[date]],
    now: datetime,
) -> Holidays:
    """`asked`: the days that are no working days, and those that are although they were none. Raises Problem."""
    closed, opened = asked

    async def work(tx: AsyncConnection) -> Holidays:
        if not await tables.lock(tx, employer_id):
            raise Problem("not_found", "There is nothing here that you may see.")
        federal = await newest_calendar(tx, FEDERAL, now)
        assert federal is not None  # it ships with the code
        _check(closed, opened, federal)
        calendar = await _put(tx, own_calendar(employer_id), federal, closed, opened, now)
        versions = await tables.versions_of(tx, employer_id)
        on = first_day(now)
        counted_by = [p for p in Programme if (found := as_of(versions, p, on)) and found.calendar == calendar.code]
        return Holidays(
            calendar=calendar.code,
            version=calendar.version,
            closed=sorted(calendar.closed - federal.closed),
            opened=sorted(calendar.opened - federal.opened),
            first=calendar.first,
            last=calendar.last,
            counted_by=counted_by,
        )

    return await once(db, caller, key, Holidays, work)


def _check(closed: Collection[date], opened: Collection[date], federal: WorkCalendar) -> None:
    if set(closed) & set(opened):
        raise Problem("invalid_request", "A day is closed or opened, and not both.", field="opened")
    if any(not federal.first <= day <= federal.last for day in (*closed, *opened)):
        raise Problem("invalid_request", f"Calendars are known from {federal.first} to {federal.last}.", field="closed")


async def _put(
    tx: AsyncConnection, code: str, federal: WorkCalendar, closed: frozenset[date], opened: frozenset[date], now: datetime
) -> WorkCalendar:
    """A new version only where something differs: each one makes every open deadline be looked at."""
    shut, extra = (federal.closed | closed) - opened, (federal.opened | opened) - closed
    before = await newest_calendar(tx, code, now)
    if before and (before.closed, before.opened, before.last) == (shut, extra, federal.last):
        return before
    reasons = {day: "federal holiday" for day in federal.closed} | {day: "the employer's own" for day in closed}
    return await put_calendar(
        tx,
        code,
        closed={day: reasons[day] for day in sorted(shut)},
        opened=dict.fromkeys(sorted(extra), "the employer's own"),
        first=federal.first,
        last=federal.last,
        now=now,
    )
