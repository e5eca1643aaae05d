"""`assessment_response`: one row a form that somebody began to fill in, its answers as given, and its score once it is completed."""

from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments.tables import assignment
from assessments.clients.tables import known_client
from assessments.responses.rules import SATISFACTION, SCORING_VERSION, AssessmentResponse, Draft, SingleAnswers
from assessments.schema import metadata
from common.contracts.vocabulary import Programme
from common.schema import moment

SCORED = "state = 'in_progress' or (completed_at is not null and answered is not null and raw_sum is not null and total_method is not null)"

assessment_response = sa.Table(
    "assessment_response",
    metadata,
    sa.Column("response_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("assignment_id", pg.UUID(as_uuid=True)),
    sa.Column("episode_id", pg.UUID(as_uuid=True)),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("instrument_digest", sa.Text),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("answers", pg.JSONB, nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False),
    sa.Column("answered_by_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text),
    moment("started_at"),
    moment("saved_at"),
    moment("completed_at", nullable=True),
    sa.Column("scoring_version", sa.Integer),
    sa.Column("answered", sa.Integer),
    sa.Column("raw_sum", sa.Integer),
    sa.Column("total", sa.Integer),
    sa.Column("total_method", sa.Text),
    sa.Column("severity", sa.Text),
    sa.Column("stated_total", sa.Double),
    sa.Column("stated_total_differs", sa.Boolean, nullable=False),
    sa.CheckConstraint("state in ('in_progress', 'completed')", name="state"),
    sa.CheckConstraint("answered_by in ('client', 'provider')", name="answered_by"),
    sa.CheckConstraint("source in ('form', 'portal', 'fhir')", name="source"),
    sa.CheckConstraint(SCORED, name="scored"),
    sa.UniqueConstraint("assignment_id", "instrument"),
    sa.UniqueConstraint("client_id", "source_id"),
    sa.Index("assessment_response_client_idx", "client_id", "response_id"),
)
rows = assessment_response.c
COMPLETED = rows.state == "completed"
SHOWN = [rows[name] for name in AssessmentResponse.model_fields]
DRAFT = [rows[field.name] for field in fields(Draft)]
SCORE = ("answered", "raw_sum", "total", "total_method", "severity", "stated_total_differs")
ADD = pg.insert(assessment_response)
PUT = ADD.on_conflict_do_update(
    index_elements=[rows.response_id],
    set_={column.name: ADD.excluded[column.name] for column in rows if not column.primary_key},
)
ADD_ONCE = ADD.on_conflict_do_nothing(index_elements=[rows.client_id, rows.source_id]).returning(rows.response_id)


async def put(tx: AsyncConnection, draft: Draft, response: AssessmentResponse | None = None) -> None:
    """As it stands now; `response` where it is completed."""
    await tx.execute(PUT, _row(draft, response))


async def add_once(tx: AsyncConnection, draft: Draft, response: AssessmentResponse) -> bool:
    """False, and nothing stored, where the client has one with this `source_id`. Waits for whoever is adding the same just now."""
    return await tx.scalar(ADD_ONCE, _row(draft, response)) is not None


def _row(draft: Draft, response: AssessmentResponse | None) -> dict[str, Any]:
    score = response.model_dump(include=set(SCORE)) if response else dict.fromkeys(SCORE) | {"stated_total_differs": False}
    state = {"state": "completed", "scoring_version": SCORING_VERSION} if response else {"state": "in_progress", "scoring_version": None}
    return {**asdict(draft), **score, **state}


async def programme_of(tx: AsyncConnection, client_id: UUID) -> Programme | None:
    """None for a client that is not known."""
    found = await tx.scalar(sa.select(known_client.c.programme).where(known_client.c.client_id == client_id))
    return Programme(found) if found else None


async def language_of(tx: AsyncConnection, client_id: UUID) -> str:
    found: str | None = await tx.scalar(sa.select(known_client.c.language).where(known_client.c.client_id == client_id))
    return found or "en"


async def drafts_of(tx: AsyncConnection, assignment_id: UUID) -> dict[str, Draft]:
    """By instrument: what is in progress, and what is completed."""
    found = await tx.execute(sa.select(*DRAFT).where(rows.assignment_id == assignment_id))
    return {row.instrument: Draft(**row._mapping) for row in found}


async def complete_assignment(tx: AsyncConnection, assignment_id: UUID, now: datetime) -> None:
    """The caller holds its row."""
    done = sa.update(assignment).where(assignment.c.assignment_id == assignment_id, assignment.c.state == "sent")
    await tx.execute(done.values(state="completed", closed_at=now))


async def completed_of(tx: AsyncConnection, client_id: UUID) -> list[AssessmentResponse]:
    """The oldest first, satisfaction among them."""
    return (await completed_of_all(tx, [client_id])).get(client_id, [])


async def completed_of_all(tx: AsyncConnection, client_ids: Collection[UUID]) -> dict[UUID, list[AssessmentResponse]]:
    """The same for many; who has none is left out."""
    wanted = sa.select(*SHOWN).where(rows.client_id.in_(client_ids), COMPLETED)
    found = await tx.execute(wanted.order_by(rows.client_id, rows.completed_at, rows.response_id))
    shown = (AssessmentResponse.model_validate(row, from_attributes=True) for row in found)
    return {client_id: list(its) for client_id, its in groupby(shown, key=lambda response: response.client_id)}


async def single_answers_of(tx: AsyncConnection, client_id: UUID) -> list[SingleAnswers]:
    """Of all completed ones, the oldest first."""
    wanted = sa.select(*SHOWN, rows.answers).where(rows.client_id == client_id, COMPLETED).order_by(rows.completed_at, rows.response_id)
    return [SingleAnswers.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]


async def list_after(
    tx: AsyncConnection, client_id: UUID, last: UUID, limit: int, *, without_satisfaction: bool = False
) -> list[AssessmentResponse]:
    wanted = sa.select(*SHOWN).where(rows.client_id == client_id, rows.response_id > last, COMPLETED)
    if without_satisfaction:
        wanted = wanted.where(rows.instrument != SATISFACTION)
    found = await tx.execute(wanted.order_by(rows.response_id).limit(limit))
    return [AssessmentResponse.model_validate(row, from_attributes=True) for row in found]


async def find(tx: AsyncConnection, response_id: UUID) -> SingleAnswers | None:
    """A completed one."""
    wanted = sa.select(*SHOWN, rows.answers).where(rows.response_id == response_id, COMPLETED)
    row = (await tx.execute(wanted)).one_or_none()
    return SingleAnswers.model_validate(row, from_attributes=True) if row else None


async def find_imported(tx: AsyncConnection, client_id: UUID, source_id: str) -> AssessmentResponse:
    wanted = sa.select(*SHOWN).where(rows.client_id == client_id, rows.source_id == source_id)
    return AssessmentResponse.model_validate((await tx.execute(wanted)).one(), from_attributes=True)
