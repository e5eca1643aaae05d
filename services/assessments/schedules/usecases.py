"""What can be done about schedules: put a new version. It reaches what is queued."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from assessments.assignments.marking import mark_queued
from assessments.schedules.rules import Schedule
from assessments.schedules.tables import assessment_schedule
from common.db import Database
from common.problems import Problem


async def put_schedule(db: Database, schedule: Schedule, now: datetime) -> Schedule:
    """The next version. The same one again changes nothing. Raises Problem for a version that is another one, or leaves one out."""
    columns = assessment_schedule.c
    async with db.begin() as tx:
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"schedule {schedule.code}"))))
        known = sa.select(columns.version, columns.body).where(columns.code == schedule.code).order_by(columns.version.desc()).limit(1)
        newest = (await tx.execute(known)).one_or_none()
        if newest is None:
            raise Problem("not_found", "There is no such schedule.")
        if schedule.version == newest.version and Schedule.model_validate(newest.body) == schedule:
            return schedule
        if schedule.version != newest.version + 1:
            raise Problem("schedule_refused", f"The next version is {newest.version + 1}: versions are never changed.", field="version")
        row = {"code": schedule.code, "version": schedule.version, "body": schedule.model_dump(mode="json"), "recorded_at": now}
        await tx.execute(pg.insert(assessment_schedule).values(row))
        await mark_queued(tx, schedule.code)
    return schedule


async def list_schedules(db: Database) -> list[Schedule]:
    """The newest version of each."""
    columns = assessment_schedule.c
    newest = sa.select(columns.body).distinct(columns.code).order_by(columns.code, columns.version.desc())
    async with db.begin() as tx:
        return [Schedule.model_validate(body) for body in await tx.scalars(newest)]
