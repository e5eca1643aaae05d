"""`satisfaction_response`: how likely a client is to recommend the network (A4)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.clients.tables import inserted_with_programme
from assessments.schema import metadata
from common.contracts.vocabulary import Programme
from common.schema import moment


class SatisfactionResponse(BaseModel):
    """`score`: 0 to 10, as the net promoter score asks."""

    model_config = ConfigDict(frozen=True)

    response_id: UUID
    client_id: UUID
    score: int
    answered_at: datetime


satisfaction_response = sa.Table(
    "satisfaction_response",
    metadata,
    sa.Column("response_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    moment("answered_at"),
)
INSERT = inserted_with_programme(satisfaction_response)


async def insert(tx: AsyncConnection, response: SatisfactionResponse) -> Programme | None:
    """The client's programme; None, and nothing stored, for a client that is not known."""
    programme = await tx.scalar(INSERT, response.model_dump())
    return Programme(programme) if programme else None
