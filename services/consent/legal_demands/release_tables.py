"""`legal_release`: one-time tokens, by their digest; `legal_release_attempt`: every attempt to get something, and what came of it (C9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from consent.legal_demands.states import Demand, Outcome, Reason, Release
from consent.schema import metadata

legal_release = sa.Table(
    "legal_release",
    metadata,
    sa.Column("release_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("demand_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("token_digest", sa.Text, nullable=False, unique=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("issued_by", pg.UUID(as_uuid=True), nullable=False),
    moment("issued_at"),
    moment("expires_at"),
    moment("spent_at", nullable=True),
    moment("voided_at", nullable=True),
)

legal_release_attempt = sa.Table(
    "legal_release_attempt",
    metadata,
    sa.Column("attempt_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("demand_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("release_id", pg.UUID(as_uuid=True)),
    moment("attempted_at"),
    sa.Column("attempted_by", pg.UUID(as_uuid=True)),
    sa.Column("role", sa.Text),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("recipient_name", sa.Text, nullable=False),
    sa.Column("recipient_address", sa.Text),
    sa.Column("categories", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("records", sa.Integer),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("document_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("file_digest", sa.Text),
    # One release for one demand, whatever the code does.
    sa.Index("legal_release_attempt_once_idx", "demand_id", unique=True, postgresql_where=sa.text("outcome = 'released'")),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`attempted_by` and `role`: None where nobody could be made out. `step`: `issue` or `download`."""

    attempt_id: UUID
    attempted_at: datetime
    attempted_by: UUID | None
    role: str | None
    step: str
    outcome: Outcome
    release_id: UUID | None = None
    reason: Reason | None = None
    records: int | None = None
    file_digest: str | None = None


async def insert_attempt(tx: AsyncConnection, demand: Demand, attempt: Attempt) -> None:
    """With what the accounting asks for, as it is at this moment: the demand may be changed later."""
    content = demand.content
    await tx.execute(
        sa.insert(legal_release_attempt).values(
            **{name: getattr(attempt, name) for name in Attempt.__slots__},
            demand_id=demand.demand_id,
            recipient_name=content.authority_name,
            recipient_address=content.authority_address,
            categories=list(content.scope.categories),
            legal_basis=content.legal_basis,
            document_id=content.document_id,
        )
    )


async def attempts_of(tx: AsyncConnection, demand_id: UUID) -> Sequence[sa.Row[Any]]:
    columns = legal_release_attempt.c
    wanted = sa.select(legal_release_attempt).where(columns.demand_id == demand_id)
    return (await tx.execute(wanted.order_by(columns.attempted_at, columns.attempt_id))).all()


async def insert_release(tx: AsyncConnection, release: Release, token_digest: str) -> None:
    values = {name: getattr(release, name) for name in Release.__slots__}
    await tx.execute(sa.insert(legal_release).values(**values, token_digest=token_digest))


async def find_release(tx: AsyncConnection, token_digest: str) -> Release | None:
    row = (await tx.execute(sa.select(legal_release).where(legal_release.c.token_digest == token_digest))).one_or_none()
    return Release(**{name: getattr(row, name) for name in Release.__slots__}) if row else None


async def spend(tx: AsyncConnection, release_id: UUID, now: datetime) -> None:
    await tx.execute(sa.update(legal_release).where(legal_release.c.release_id == release_id).values(spent_at=now))


async def void_releases(tx: AsyncConnection, demand_id: UUID, now: datetime) -> None:
    """Those that were not used."""
    columns = legal_release.c
    unused = (columns.demand_id == demand_id, columns.spent_at.is_(None), columns.voided_at.is_(None))
    await tx.execute(sa.update(legal_release).where(*unused).values(voided_at=now))
