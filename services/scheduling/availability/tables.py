"""`availability`, `weekly_hours`, `availability_exception`: when a provider is open."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.availability.rules import DAY, DEFAULTS, Calendar, Exceptional, Slot, Terms, Weekly
from scheduling.schema import metadata

availability = sa.Table(
    "availability",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("time_zone", sa.Text, nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False) for name in Terms.model_fields if name != "time_zone"),
    sa.Column("version", sa.Integer, nullable=False),
)

weekly_hours = sa.Table(
    "weekly_hours",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("weekday", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("starts_minute", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("ends_minute", sa.SmallInteger, nullable=False),
    sa.CheckConstraint("weekday between 0 and 6", name="weekday"),
    sa.CheckConstraint("0 <= starts_minute and starts_minute < ends_minute and ends_minute <= 1440", name="minutes"),
)

availability_exception = sa.Table(
    "availability_exception",
    metadata,
    sa.Column("exception_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("starts_minute", sa.SmallInteger, nullable=False),
    sa.Column("ends_minute", sa.SmallInteger, nullable=False),
    sa.CheckConstraint("kind in ('closed', 'open')", name="kind"),
    sa.CheckConstraint("0 <= starts_minute and starts_minute < ends_minute and ends_minute <= 1440", name="minutes"),
    sa.Index("availability_exception_provider_idx", "provider_id", "day"),
)


# One look instead of four: somebody may be waiting for the provider's lock.
CALENDARS = sa.text("""
select a.*, w.weekdays, w.opens, w.closes, e.days, e.kinds, e.begins, e.ends, s.busy_from, s.busy_to, s.expiries
  from availability a
 cross join lateral (
   select array_agg(weekday) as weekdays, array_agg(starts_minute) as opens, array_agg(ends_minute) as closes
     from weekly_hours where provider_id = a.provider_id) w
 cross join lateral (
   select array_agg(day) as days, array_agg(kind) as kinds, array_agg(starts_minute) as begins, array_agg(ends_minute) as ends
     from availability_exception where provider_id = a.provider_id and day between :first_day and :last_day) e
 cross join lateral (
   select array_agg(lower(during) order by during) as busy_from, array_agg(upper(during) order by during) as busy_to,
          array_agg(hold_expires_at) filter (where state = 'held') as expiries
     from slot
    where provider_id = a.provider_id and during && tstzrange(:first, :last) and (state = 'booked' or hold_expires_at > :now)) s
 where a.provider_id = any(:provider_ids)""")


async def calendars(
    tx: AsyncConnection, provider_ids: Sequence[UUID], first: datetime, last: datetime, now: datetime
) -> dict[UUID, tuple[Calendar, list[datetime]]]:
    """All that decides about openings between the two, and when holds expire. For those who have said when they are open."""
    first, last = first - DAY, last + DAY  # as far as the longest appointment, its buffer and the zones can reach
    asked = {"first": first, "last": last, "first_day": first.date(), "last_day": last.date(), "now": now, "provider_ids": provider_ids}
    found = await tx.execute(CALENDARS, asked)
    return {row.provider_id: (_calendar(row), row.expiries or []) for row in found}


def _calendar(row: sa.Row[Any]) -> Calendar:
    exceptions: dict[date, list[Exceptional]] = {}
    for day, kind, *interval in _side_by_side(row.days, row.kinds, row.begins, row.ends):
        exceptions.setdefault(day, []).append(Exceptional(day, kind, (interval[0], interval[1])))
    weekly = [Weekly(weekday, (opens, closes)) for weekday, opens, closes in _side_by_side(row.weekdays, row.opens, row.closes)]
    busy = [Slot(starts_at=starts_at, ends_at=ends_at) for starts_at, ends_at in _side_by_side(row.busy_from, row.busy_to)]
    return Calendar(Terms.model_validate(row, from_attributes=True), weekly, exceptions, busy)


def _side_by_side(*columns: list[Any] | None) -> Iterator[tuple[Any, ...]]:
    """An aggregate of no rows is null."""
    return zip(*(column or () for column in columns), strict=True)


async def find_terms(tx: AsyncConnection, provider_id: UUID) -> tuple[Terms, int]:
    """With their version; the usual ones, version 0, of a provider who has never said when they are open."""
    row = (await tx.execute(sa.select(availability).where(availability.c.provider_id == provider_id))).one_or_none()
    return (Terms.model_validate(row, from_attributes=True), row.version) if row else (DEFAULTS, 0)


async def weekly_of(tx: AsyncConnection, provider_id: UUID) -> list[Weekly]:
    columns = weekly_hours.c
    wanted = sa.select(weekly_hours).where(columns.provider_id == provider_id).order_by(columns.weekday, columns.starts_minute)
    return [Weekly(row.weekday, (row.starts_minute, row.ends_minute)) for row in await tx.execute(wanted)]


async def exceptions_of(tx: AsyncConnection, provider_id: UUID, first: date) -> dict[UUID, Exceptional]:
    """From a day on, by their ids."""
    columns = availability_exception.c
    wanted = sa.select(availability_exception).where(columns.provider_id == provider_id, columns.day >= first)
    rows = await tx.execute(wanted.order_by(columns.day, columns.starts_minute, columns.exception_id))
    return {row.exception_id: Exceptional(row.day, row.kind, (row.starts_minute, row.ends_minute)) for row in rows}


async def put_terms(tx: AsyncConnection, provider_id: UUID, terms: Terms, version: int, weekly: Sequence[Weekly]) -> None:
    row = {"provider_id": provider_id, **terms.model_dump(), "version": version}
    await tx.execute(pg.insert(availability).values(row).on_conflict_do_update(index_elements=["provider_id"], set_=row))
    await tx.execute(sa.delete(weekly_hours).where(weekly_hours.c.provider_id == provider_id))
    hours = [dict(zip(weekly_hours.c.keys(), (provider_id, each.weekday, *each.interval), strict=True)) for each in weekly]
    if hours:
        await tx.execute(sa.insert(weekly_hours), hours)


async def insert_exception(tx: AsyncConnection, provider_id: UUID, exception_id: UUID, added: Exceptional) -> bool:
    """False where the id is taken."""
    starts, ends = added.interval
    row = {"exception_id": exception_id, "provider_id": provider_id, "day": added.day, "kind": added.kind}
    put = pg.insert(availability_exception).values(**row, starts_minute=starts, ends_minute=ends)
    return (await tx.execute(put.on_conflict_do_nothing())).rowcount == 1


async def delete_exception(tx: AsyncConnection, provider_id: UUID, exception_id: UUID) -> bool:
    columns = availability_exception.c
    statement = sa.delete(availability_exception).where(columns.provider_id == provider_id, columns.exception_id == exception_id)
    return (await tx.execute(statement)).rowcount == 1
