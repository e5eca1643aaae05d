"""Individual exports as rows: a part per stream, a generation that moves with every redaction, and what was deleted from it."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.exports.rules import Deletion, Export, Part, Status
from reporting.release.gate import Hold
from reporting.schema import metadata

export = sa.Table(
    "export",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("programme", sa.Text),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    moment("requested_at"),
)

export_part = sa.Table(
    "export_part",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), sa.ForeignKey("export.export_id"), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
)

export_row = sa.Table(
    "export_row",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("token", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
)

export_deletion = sa.Table(
    "export_deletion",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    moment("deleted_at", filled=True),
)


def line_with(token: str) -> str:
    """A record `r` as it leaves. The preview shows the same, before there is a token. No client id is in it."""
    return f"jsonb_build_object('token', {token}, 'programme', r.programme, 'category', r.category) || r.body"


# R4: opted in at this moment, of this plan, only the categories consented to (C17).
BUILD_PART = f"""
with part as (insert into export_part (export_id, stream, generation, rows) values ($1, $2, 1, 0)),
rows as (
  insert into export_row (export_id, stream, client_id, programme, token, category, line)
  select $1, $2, r.client_id, r.programme, s.token, r.category,
         ({line_with("s.token")})::text
    from record r join sharing s using (client_id, programme) join client c using (client_id)
   where r.stream = $2 and s.decision = 'opted_in' and r.category = any(s.categories) and c.plan_id = $3
     and ($4::text is null or r.programme = $4)
     and not exists (select from parked_client p where p.client_id = r.client_id)
   order by r.client_id, r.occurred_at
  returning 1)
select count(*) from rows"""


async def insert_export(tx: Connection, made: Export) -> None:
    await tx.execute(
        "insert into export (export_id, plan_id, programme, recipient, purpose, status, requested_at) values ($1, $2, $3, $4, $5, $6, $7)",
        made.export_id,
        made.plan_id,
        made.programme,
        made.recipient,
        made.purpose,
        made.status,
        made.requested_at,
    )


async def build_part(hold: Hold, made: Export) -> None:
    """Under the gate: an opt-out applied before is not in it, one applied later finds the rows."""
    async with hold.tx.transaction():
        rows = await hold.tx.fetchval(BUILD_PART, made.export_id, hold.stream, made.plan_id, made.programme)
        await hold.tx.execute("update export_part set rows = $3 where export_id = $1 and stream = $2", made.export_id, hold.stream, rows)


async def complete(tx: Connection, export_id: UUID) -> None:
    await tx.execute("update export set status = 'complete' where export_id = $1", export_id)


async def find_export(tx: Connection, export_id: UUID) -> Export | None:
    row = await tx.fetchrow("select * from export where export_id = $1", export_id)
    return Export(**{**row, "status": Status(row["status"])}) if row else None


async def parts_of(tx: Connection, export_id: UUID) -> Sequence[Part]:
    rows = await tx.fetch("select stream, generation, rows from export_part where export_id = $1 order by stream", export_id)
    return [Part(**row) for row in rows]


async def deletions_of(tx: Connection, export_id: UUID) -> Sequence[Deletion]:
    rows = await tx.fetch(
        "select stream, token, generation, deleted_at from export_deletion where export_id = $1 order by deleted_at, token", export_id
    )
    return [Deletion(**row) for row in rows]
