"""What can be asked about assignments: which there are, a link to one, and what was not sent as it should have been."""

from datetime import datetime
from uuid import UUID

from assessments.assignments import tables
from assessments.assignments.rules import Assignment
from assessments.assignments.telling import Told, link_of
from common.db import Database
from common.problems import Problem

NOTHING = "There is nothing here that you may see."


async def read_assignment(db: Database, assignment_id: UUID) -> Assignment:
    async with db.begin() as tx:
        found = await tables.find(tx, assignment_id)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found


async def list_assignments(db: Database, client_id: UUID) -> list[Assignment]:
    async with db.begin() as tx:
        return list(await tables.of_client(tx, client_id))


async def list_exceptions(db: Database, now: datetime, last: UUID, limit: int) -> list[Assignment]:
    async with db.begin() as tx:
        return await tables.exceptions(tx, now, last, limit)


def link_to(assignment: Assignment, told: Told) -> str:
    """Raises Problem for one that cannot be answered."""
    if not assignment.is_open:
        raise Problem("assessment_closed", "This cannot be answered now.", rule="A2", state=assignment.state)
    return link_of(assignment, told)
