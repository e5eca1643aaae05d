"""`safety_flag`: one row a response whose answer asks for a clinician's look."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.care.tables import care_request
from assessments.safety.rules import SafetyFlag
from assessments.schema import metadata
from common.schema import moment

safety_flag = sa.Table(
    "safety_flag",
    metadata,
    sa.Column("flag_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("response_id", pg.UUID(as_uuid=True), nullable=False, unique=True),
    sa.Column("assignment_id", pg.UUID(as_uuid=True)),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("provider_id", pg.UUID(as_uuid=True)),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    moment("raised_at"),
    moment("escalated_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    sa.Column("acknowledged_as", sa.Text),
    sa.Column("acknowledged_by", pg.UUID(as_uuid=True)),
    sa.CheckConstraint("acknowledged_as in ('provider', 'clinical_team')", name="acknowledged_as"),
    sa.Index("safety_flag_raised_idx", "raised_at", "flag_id"),
)
flags = safety_flag.c


async def add(tx: AsyncConnection, flag: SafetyFlag) -> bool:
    """False, and nothing stored, where the response has one."""
    statement = pg.insert(safety_flag).values(flag.model_dump()).on_conflict_do_nothing(index_elements=[flags.response_id])
    return await tx.scalar(statement.returning(flags.flag_id)) is not None


async def put(tx: AsyncConnection, flag: SafetyFlag) -> None:
    await tx.execute(sa.update(safety_flag).where(flags.flag_id == flag.flag_id).values(flag.model_dump(exclude={"flag_id"})))


async def find_locked(tx: AsyncConnection, flag_id: UUID) -> SafetyFlag | None:
    row = (await tx.execute(sa.select(safety_flag).where(flags.flag_id == flag_id).with_for_update())).one_or_none()
    return SafetyFlag.model_validate(row, from_attributes=True) if row else None


async def lock_free(tx: AsyncConnection, flag_ids: Collection[UUID]) -> dict[UUID, SafetyFlag]:
    """Those that nobody else deals with just now."""
    wanted = sa.select(safety_flag).where(flags.flag_id.in_(flag_ids)).with_for_update(skip_locked=True)
    return {row.flag_id: SafetyFlag.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)}


async def list_before(
    tx: AsyncConnection, provider_id: UUID | None, before: UUID | None, limit: int, *, unacknowledged: bool
) -> Sequence[SafetyFlag]:
    """The newest first; of a provider's clients, or of all (None)."""
    wanted = sa.select(safety_flag).order_by(flags.raised_at.desc(), flags.flag_id.desc()).limit(limit)
    if provider_id:
        requests = care_request.c
        own = sa.select(requests.client_id).where(requests.provider_id == provider_id, requests.state == "in_care")
        wanted = wanted.where(flags.client_id.in_(own))
    if before:
        last = sa.select(flags.raised_at, flags.flag_id).where(flags.flag_id == before).correlate(None)
        wanted = wanted.where(sa.tuple_(flags.raised_at, flags.flag_id) < last.scalar_subquery())
    if unacknowledged:
        wanted = wanted.where(flags.acknowledged_at.is_(None))
    return [SafetyFlag.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
