"""`availability`, `weekly_hours`, `availability_exception`: when a provider is open."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.availability.rules import DAY, Calendar, Exceptional, Terms, Weekly
from scheduling.availability.slot_tables import busy_of
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


async def terms_of(tx: AsyncConnection, provider_ids: Collection[UUID]) -> dict[UUID, tuple[Terms, int]]:
    """With the version of each. Providers who have never said when they are open are left out."""
    found = await tx.execute(sa.select(availability).where(availability.c.provider_id.in_(provider_ids)))
    return {row.provider_id: (Terms.model_validate(row, from_attributes=True), row.version) for row in found}


async def weekly_of(tx: AsyncConnection, provider_ids: Collection[UUID]) -> dict[UUID, list[Weekly]]:
    columns = weekly_hours.c
    wanted = sa.select(weekly_hours).where(columns.provider_id.in_(provider_ids))
    rows = await tx.execute(wanted.order_by(columns.provider_id, columns.weekday, columns.starts_minute))
    return {
        provider_id: [Weekly(row.weekday, (row.starts_minute, row.ends_minute)) for row in theirs]
        for provider_id, theirs in groupby(rows, attrgetter("provider_id"))
    }


async def exceptions_of(
    tx: AsyncConnection, provider_ids: Collection[UUID], first: date, last: date | None = None
) -> dict[UUID, list[Exceptional]]:
    columns = availability_exception.c
    wanted = sa.select(availability_exception).where(columns.provider_id.in_(provider_ids), columns.day >= first)
    if last is not None:
        wanted = wanted.where(columns.day <= last)
    rows = await tx.execute(wanted.order_by(columns.provider_id, columns.day, columns.starts_minute))
    return {
        provider_id: [Exceptional(row.exception_id, row.day, row.kind, (row.starts_minute, row.ends_minute)) for row in theirs]
        for provider_id, theirs in groupby(rows, attrgetter("provider_id"))
    }


async def calendars(
    tx: AsyncConnection, provider_ids: Collection[UUID], first: datetime, last: datetime, now: datetime
) -> dict[UUID, tuple[Calendar, list[datetime]]]:
    """All that decides about openings between the two, and when holds expire. For those who have said when they are open."""
    around = (first - DAY, last + DAY)  # as far as the longest appointment, its buffer and the zones can reach
    terms = await terms_of(tx, provider_ids)
    weekly = await weekly_of(tx, provider_ids)
    exceptions = await exceptions_of(tx, provider_ids, around[0].date(), around[1].date())
    busy = await busy_of(tx, provider_ids, *around, now)
    found = {}
    for provider_id, (theirs, _) in terms.items():
        taken = busy.get(provider_id, ())
        by_day = {day: list(of_day) for day, of_day in groupby(exceptions.get(provider_id, ()), attrgetter("day"))}
        calendar = Calendar(theirs, weekly.get(provider_id, ()), by_day, [slot for slot, _ in taken])
        found[provider_id] = (calendar, [expires for _, expires in taken if expires])
    return found


async def put_terms(tx: AsyncConnection, provider_id: UUID, terms: Terms, version: int, weekly: Sequence[Weekly]) -> None:
    row = {"provider_id": provider_id, **terms.model_dump(), "version": version}
    await tx.execute(pg.insert(availability).values(row).on_conflict_do_update(index_elements=["provider_id"], set_=row))
    await tx.execute(sa.delete(weekly_hours).where(weekly_hours.c.provider_id == provider_id))
    hours = [dict(zip(weekly_hours.c.keys(), (provider_id, each.weekday, *each.interval), strict=True)) for each in weekly]
    if hours:
        await tx.execute(sa.insert(weekly_hours), hours)


async def insert_exception(tx: AsyncConnection, provider_id: UUID, added: Exceptional) -> bool:
    """False where the id is taken."""
    starts, ends = added.interval
    row = {"exception_id": added.exception_id, "provider_id": provider_id, "day": added.day, "kind": added.kind}
    put = pg.insert(availability_exception).values(**row, starts_minute=starts, ends_minute=ends)
    return (await tx.execute(put.on_conflict_do_nothing())).rowcount == 1


async def delete_exception(tx: AsyncConnection, provider_id: UUID, exception_id: UUID) -> bool:
    columns = availability_exception.c
    statement = sa.delete(availability_exception).where(columns.provider_id == provider_id, columns.exception_id == exception_id)
    return (await tx.execute(statement)).rowcount == 1
