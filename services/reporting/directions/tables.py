"""`direction`: an employer lets somebody else read its own aggregate reports, from when until when (C15)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.schema import metadata

direction = sa.Table(
    "direction",
    metadata,
    sa.Column("direction_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("employer_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("reader_role", sa.Text, nullable=False),
    sa.Column("reader_id", pg.UUID(as_uuid=True), nullable=False),
    moment("valid_from"),
    moment("valid_until"),
    moment("recorded_at"),
    moment("ended_at", nullable=True),
    sa.CheckConstraint("valid_until > valid_from", name="validity"),
    sa.Index("direction_employer_id_idx", "employer_id", "reader_id"),
    comment="C15: an employer lets somebody else read its own aggregate reports",
)

COLUMNS = "direction_id, employer_id, reader_role, reader_id, valid_from, valid_until, recorded_at, ended_at"
INSERT = f"""
insert into direction ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, null) on conflict (direction_id) do nothing"""
END = "update direction set ended_at = $3 where employer_id = $1 and direction_id = $2 and ended_at is null"
IN_FORCE = """
select exists (select from direction where employer_id = $1 and reader_role = $2 and reader_id = $3
                 and valid_from <= $4 and valid_until > $4 and ended_at is null)"""


@dataclass(frozen=True, slots=True)
class Direction:
    direction_id: UUID
    employer_id: UUID
    reader_role: str
    reader_id: UUID
    valid_from: datetime
    valid_until: datetime
    recorded_at: datetime
    ended_at: datetime | None = None


async def insert(tx: Connection, made: Direction) -> None:
    said = (made.direction_id, made.employer_id, made.reader_role, made.reader_id, made.valid_from, made.valid_until, made.recorded_at)
    await tx.execute(INSERT, *said)


async def find(tx: Connection, employer_id: UUID, direction_id: UUID) -> Direction | None:
    row = await tx.fetchrow(f"select {COLUMNS} from direction where employer_id = $1 and direction_id = $2", employer_id, direction_id)
    return Direction(**row) if row else None


async def of_employer(tx: Connection, employer_id: UUID) -> list[Direction]:
    rows = await tx.fetch(f"select {COLUMNS} from direction where employer_id = $1 order by valid_from, direction_id", employer_id)
    return [Direction(**row) for row in rows]


async def end(tx: Connection, employer_id: UUID, direction_id: UUID, now: datetime) -> None:
    await tx.execute(END, employer_id, direction_id, now)


async def may_read(tx: Connection, employer_id: UUID, reader_role: str, reader_id: UUID, now: datetime) -> bool:
    found: bool = await tx.fetchval(IN_FORCE, employer_id, reader_role, reader_id, now)
    return found
