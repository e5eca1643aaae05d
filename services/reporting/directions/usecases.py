"""An employer directs that somebody else may read its own aggregate reports, and takes it back (C15)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common.auth import Principal
from common.db import Database
from common.problems import Problem
from reporting.directions import tables
from reporting.directions.tables import Direction


async def direct(db: Database, asked: Direction, now: datetime) -> Direction:
    """Said again it changes nothing. Raises Problem (`already_exists`, `invalid_request`)."""
    if asked.valid_until <= max(asked.valid_from, now):
        raise Problem("invalid_request", "A direction lasts until some time to come.", field="valid_until", rule="C15")
    if asked.reader_id == asked.employer_id:
        raise Problem("invalid_request", "An employer reads its own reports without a direction.", field="reader_id", rule="C15")
    async with db.begin_event() as tx:
        await tables.insert(tx, asked)
        found = await tables.find(tx, asked.employer_id, asked.direction_id)
    if found is None or replace(found, recorded_at=asked.recorded_at, ended_at=None) != asked:
        raise Problem("already_exists", "This direction says something else: give another one.", field="direction_id", rule="C15")
    return found


async def end_direction(db: Database, employer_id: UUID, direction_id: UUID, now: datetime) -> Direction:
    """At once. Said again it changes nothing. Raises Problem (`not_found`)."""
    async with db.begin_event() as tx:
        await tables.end(tx, employer_id, direction_id, now)
        found = await tables.find(tx, employer_id, direction_id)
    if found is None:
        raise Problem("not_found", "No such direction.")
    return found


async def directions_of(db: Database, employer_id: UUID) -> list[Direction]:
    async with db.pool.acquire() as tx:
        return await tables.of_employer(tx, employer_id)


async def check_directed(db: Database, caller: Principal, employer_id: UUID, now: datetime) -> None:
    """Raises Problem where the employer has directed nothing of the kind (C15): it is not even said that there is such an employer."""
    async with db.pool.acquire() as tx:
        if not await tables.may_read(tx, employer_id, caller.role, caller.id, now):
            raise Problem("not_found", "There is nothing here that you may see.")
