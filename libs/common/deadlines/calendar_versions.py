"""`work_calendar`: every version that a deadline was ever armed with. The database is the truth; what ships with the code enters it."""

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines.calendars import WorkCalendar, parse_calendar, shipped_calendars
from common.problems import Problem

Versions = Mapping[tuple[str, int], WorkCalendar]

NEWEST = "select body::text from work_calendar where code = $1 order by version desc limit 1"

ADD = "insert into work_calendar (code, version, body, recorded_at) values ($1, $2, $3::text::jsonb, $4)"

SHIP = """
insert into work_calendar (code, version, body, recorded_at)
select code, version, body::jsonb, $4::timestamptz from unnest($1::text[], $2::int[], $3::text[]) as c(code, version, body)
 where not exists (select from work_calendar w where w.code = c.code and w.version >= c.version)
on conflict do nothing"""

CHOSEN = """
select w.code, w.version, w.body::text
  from work_calendar w join unnest($1::text[], $2::int[]) as c(code, version) on w.code = c.code and w.version = c.version"""

# Reads the index only; a calendar has few versions.
OUTDATED_CALENDARS = """
select n.code, n.version from (select code, max(version) as version from work_calendar group by code) n
 where exists (select from deadline d where d.state = 'open' and d.calendar_code = n.code and d.calendar_version < n.version)"""


async def put_calendar(
    tx: AsyncConnection, code: str, *, closed: Mapping[date, str], opened: Mapping[date, str], first: date, last: date, now: datetime
) -> WorkCalendar:
    """A new version; days map to why they are no, or extra, working days. Open deadlines follow by the sweep (`reproject`).

    Raises Problem where the horizon would shrink: open deadlines might end beyond it.
    """
    before = await newest_calendar(tx, code, now)
    if before and (first > before.first or last < before.last):
        raise Problem("invalid_calendar", f"The horizon may only grow; it is {before.first} to {before.last}.")
    body = {
        "code": code,
        "version": before.version + 1 if before else 1,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "closed": {day.isoformat(): why for day, why in closed.items()},
        "opened": {day.isoformat(): why for day, why in opened.items()},
    }
    calendar = parse_calendar(text := json.dumps(body, sort_keys=True))
    await tx.exec_driver_sql(ADD, (code, calendar.version, text, now))
    return calendar


async def newest_calendar(tx: AsyncConnection, code: str, now: datetime) -> WorkCalendar | None:
    if code in shipped_calendars():
        await ship_calendars(tx, now)
    body = (await tx.exec_driver_sql(NEWEST, (code,))).scalar_one_or_none()
    return parse_calendar(body) if body else None


async def ship_calendars(tx: AsyncConnection, now: datetime) -> None:
    """What comes with the code enters, unless there is the same version or a later one: whoever edited a calendar owns it."""
    shipped = {code: parse_calendar(body) for code, body in shipped_calendars().items()}
    columns = list(shipped), [calendar.version for calendar in shipped.values()], list(shipped_calendars().values())
    await tx.exec_driver_sql(SHIP, (*columns, now))


async def chosen_versions(tx: AsyncConnection, wanted: Collection[tuple[str, int]]) -> Versions:
    if not wanted:
        return {}
    rows = await tx.exec_driver_sql(CHOSEN, ([code for code, _ in wanted], [version for _, version in wanted]))
    return {(row.code, row.version): parse_calendar(row.body) for row in rows}


async def outdated(tx: AsyncConnection) -> list[str]:
    """Calendars with a newer version than an open deadline goes by."""
    return [row.code for row in await tx.exec_driver_sql(OUTDATED_CALENDARS)]
