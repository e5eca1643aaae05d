"""`assignment`: one row for each time that a client is asked to answer something."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments.rules import Assignment
from assessments.schema import metadata
from common.schema import moment

AT_WORK = timedelta(minutes=1)
"""The sweep has a moment for what is due now."""

assignment = sa.Table(
    "assignment",
    metadata,
    sa.Column("assignment_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("episode_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("schedule", sa.Text, nullable=False),
    sa.Column("schedule_version", sa.Integer, nullable=False),
    sa.Column("instruments", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("visit_id", pg.UUID(as_uuid=True)),
    sa.Column("state", sa.Text, nullable=False),
    moment("send_at"),
    moment("due_at"),
    moment("closes_at"),
    moment("sent_at", nullable=True),
    moment("closed_at", nullable=True),
    sa.CheckConstraint("state in ('queued', 'sent', 'completed', 'expired', 'cancelled', 'not_sent')", name="state"),
)

NAMES = [name for name in Assignment.model_fields if name != "instruments"]
TYPES = [assignment.c[name].type.compile(dialect=pg.dialect()) for name in NAMES]  # type: ignore[no-untyped-call]
# As arrays, so that the statement is the same for one and for 500; an array of arrays would be taken apart.
SAVE = f"""
insert into assignment ({", ".join(NAMES)}, instruments)
select {", ".join(NAMES)}, string_to_array(asked, ',')
  from unnest({", ".join(f"${n}::{kind}[]" for n, kind in enumerate([*TYPES, "text"], 1))}) as a({", ".join(NAMES)}, asked)
on conflict (assignment_id) do update set {", ".join(f"{name} = excluded.{name}" for name in (*NAMES[1:], "instruments"))}"""


async def find(tx: AsyncConnection, assignment_id: UUID, *, lock: bool = False) -> Assignment | None:
    wanted = sa.select(assignment).where(assignment.c.assignment_id == assignment_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return Assignment.model_validate(row, from_attributes=True) if row else None


async def lock_idle(tx: AsyncConnection, assignment_ids: Sequence[UUID]) -> dict[UUID, Assignment]:
    """Without those that somebody holds right now."""
    wanted = sa.select(assignment).where(assignment.c.assignment_id.in_(assignment_ids)).with_for_update(skip_locked=True)
    found = (Assignment.model_validate(row, from_attributes=True) for row in await tx.execute(wanted))
    return {item.assignment_id: item for item in found}


async def of_clients(tx: AsyncConnection, client_ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, dict[UUID, Assignment]]:
    """By client and by id."""
    wanted = sa.select(assignment).where(assignment.c.client_id.in_(client_ids)).order_by(assignment.c.assignment_id)
    found: dict[UUID, dict[UUID, Assignment]] = {client_id: {} for client_id in client_ids}
    for row in await tx.execute(wanted.with_for_update() if lock else wanted):
        found[row.client_id][row.assignment_id] = Assignment.model_validate(row, from_attributes=True)
    return found


async def save(tx: AsyncConnection, changed: Sequence[Assignment]) -> None:
    """New ones and changed ones, in one statement."""
    if changed:
        rows = [(*(getattr(item, name) for name in NAMES), ",".join(item.instruments)) for item in changed]
        await tx.exec_driver_sql(SAVE, tuple(map(list, zip(*rows, strict=True))))


async def of_client(tx: AsyncConnection, client_id: UUID) -> Sequence[Assignment]:
    """The one that is sent first comes first."""
    wanted = sa.select(assignment).where(assignment.c.client_id == client_id).order_by(assignment.c.send_at, assignment.c.assignment_id)
    return [Assignment.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]


async def exceptions(tx: AsyncConnection, now: datetime, last: UUID, limit: int) -> list[Assignment]:
    """Not sent in its window, sent late, or overdue. What is due this very moment is the sweep's."""
    columns = assignment.c
    late = sa.and_(columns.sent_at.is_not(None), columns.sent_at > columns.due_at)
    overdue = sa.and_(columns.state == "queued", columns.due_at < now - AT_WORK)
    wanted = sa.select(assignment).where(sa.or_(columns.state == "not_sent", late, overdue), columns.assignment_id > last)
    rows = await tx.execute(wanted.order_by(columns.assignment_id).limit(limit))
    return [Assignment.model_validate(row, from_attributes=True) for row in rows]
