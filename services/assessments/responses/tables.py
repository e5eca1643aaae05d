"""`assessment_response`: one row a filled-in instrument, its answers as given and its score."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.clients.tables import inserted_with_programme
from assessments.responses.rules import Answered, AssessmentResponse
from assessments.schema import metadata
from common.contracts.vocabulary import Programme
from common.schema import moment

assessment_response = sa.Table(
    "assessment_response",
    metadata,
    sa.Column("response_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("answers", pg.JSONB, nullable=False),
    sa.Column("answered", sa.Integer, nullable=False),
    sa.Column("raw_sum", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer),
    sa.Column("total_method", sa.Text, nullable=False),
    sa.Column("severity", sa.Text),
    moment("completed_at"),
    sa.Index("assessment_response_client_idx", "client_id", "response_id"),
)
SHOWN = [assessment_response.c[name] for name in AssessmentResponse.model_fields]
INSERT = inserted_with_programme(assessment_response)


async def insert(tx: AsyncConnection, response: AssessmentResponse, answered: Answered) -> Programme | None:
    """The client's programme; None, and nothing stored, for a client that is not known."""
    row = {**response.model_dump(), "instrument_version": answered.instrument.version, "answers": answered.answers}
    programme = await tx.scalar(INSERT, row)
    return Programme(programme) if programme else None


async def list_after(tx: AsyncConnection, client_id: UUID, last: UUID, limit: int) -> list[AssessmentResponse]:
    columns = assessment_response.c
    wanted = sa.select(*SHOWN).where(columns.client_id == client_id, columns.response_id > last).order_by(columns.response_id).limit(limit)
    return [AssessmentResponse.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
