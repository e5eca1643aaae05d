"""`matching_case`: one row a time that a client is offered other providers."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.matching.rules import CaseState, MatchingCase
from scheduling.requests.tables import consultation_request
from scheduling.schema import metadata

matching_case = sa.Table(
    "matching_case",
    metadata,
    sa.Column("case_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("request_id", pg.UUID(as_uuid=True), sa.ForeignKey(consultation_request.c.request_id), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("opened_at"),
    moment("closed_at", nullable=True),
    sa.Column("proposals", pg.JSONB, nullable=False),
    sa.Index("matching_case_client_idx", "client_id", "case_id"),
    sa.Index("matching_case_open_idx", "case_id", postgresql_where=sa.text("state = 'open'")),
)


async def keep(tx: AsyncConnection, kept: MatchingCase) -> None:
    values = kept.model_dump() | {"proposals": kept.model_dump(mode="json")["proposals"]}
    await tx.execute(pg.insert(matching_case).values(values).on_conflict_do_update(index_elements=["case_id"], set_=values))


async def find(tx: AsyncConnection, case_id: UUID) -> MatchingCase | None:
    row = (await tx.execute(sa.select(matching_case).where(matching_case.c.case_id == case_id))).one_or_none()
    return MatchingCase.model_validate(row, from_attributes=True) if row else None


async def open_of_client(tx: AsyncConnection, client_id: UUID, programme: Programme) -> Sequence[MatchingCase]:
    columns = matching_case.c
    wanted = sa.select(matching_case).where(columns.client_id == client_id, columns.programme == programme, columns.state == "open")
    return [MatchingCase.model_validate(row, from_attributes=True) for row in await tx.execute(wanted.order_by(columns.opened_at))]


async def list_after(
    tx: AsyncConnection, client_id: UUID | None, state: CaseState | None, last: UUID, limit: int
) -> Sequence[MatchingCase]:
    columns = matching_case.c
    wanted = sa.select(matching_case).where(columns.case_id > last).order_by(columns.case_id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(columns.client_id == client_id)
    if state is not None:
        wanted = wanted.where(columns.state == state)
    return [MatchingCase.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
