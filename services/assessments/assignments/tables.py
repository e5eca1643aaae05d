"""`assignment`: one row for each time that a client is asked to answer something."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments.rules import Assignment
from assessments.schema import metadata
from common.schema import moment

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


async def find(tx: AsyncConnection, assignment_id: UUID, *, lock: bool = False) -> Assignment | None:
    wanted = sa.select(assignment).where(assignment.c.assignment_id == assignment_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return Assignment.model_validate(row, from_attributes=True) if row else None


async def of_client(tx: AsyncConnection, client_id: UUID) -> Sequence[Assignment]:
    """The one that is sent first comes first."""
    wanted = sa.select(assignment).where(assignment.c.client_id == client_id).order_by(assignment.c.send_at, assignment.c.assignment_id)
    return [Assignment.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
