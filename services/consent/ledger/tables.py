"""`checkpoint`: the signed heads of the ledger; `checkpoint_head`: the last of them, so that its removal is seen."""

from collections.abc import AsyncIterator

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from common.cloudevents import Entry
from common.db import Connection
from common.schema import moment
from consent.ledger.rules import CheckpointHead, CheckpointRow, Head
from consent.schema import metadata

checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("previous", BYTEA, nullable=False),
    sa.Column("jws", sa.Text, nullable=False),
    moment("made_at"),
)

checkpoint_head = sa.Table(
    "checkpoint_head",
    metadata,
    sa.Column("one", sa.Boolean, sa.CheckConstraint("one", name="one"), primary_key=True, server_default=sa.true()),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("digest", BYTEA, nullable=False),
)

HEADS = "select stream, position, digest from journal_head order by stream"
CHECKPOINT_HEAD = "select number, digest from checkpoint_head"
CHECKPOINT = "select number, previous, jws, made_at from checkpoint where number = $1"
CHECKPOINTS = "select number, previous, jws, made_at from checkpoint where number > $1 order by number limit $2"
LINES = """
select stream, position, event_id, type, subject, payload, digest, traceparent
  from journal where (stream, position) > ($1, $2) order by stream, position limit $3"""
ADD_CHECKPOINT = "insert into checkpoint (number, previous, jws, made_at) values ($1, $2, $3, $4)"
MOVE_HEAD = "update checkpoint_head set number = $1, digest = $2"

PAGE = 1000
BEFORE_ALL = (-(2**31), -(2**63))
"""What was put in before the first position must be seen as well."""


async def heads(tx: Connection) -> list[Head]:
    return [Head(**row) for row in await tx.fetch(HEADS)]


async def read_checkpoint_head(tx: Connection, *, lock: bool = False) -> CheckpointHead | None:
    row = await tx.fetchrow(CHECKPOINT_HEAD + (" for update" if lock else ""))
    return CheckpointHead(**row) if row else None


async def read_checkpoint(tx: Connection, number: int) -> CheckpointRow | None:
    row = await tx.fetchrow(CHECKPOINT, number)
    return CheckpointRow(**row) if row else None


async def add_checkpoint(tx: Connection, row: CheckpointRow, digest: bytes) -> None:
    await tx.execute(ADD_CHECKPOINT, row.number, row.previous, row.jws, row.made_at)
    await tx.execute(MOVE_HEAD, row.number, digest)


async def checkpoints(tx: Connection) -> AsyncIterator[list[CheckpointRow]]:
    """All, in pages."""
    after = BEFORE_ALL[1]
    while page := [CheckpointRow(**row) for row in await tx.fetch(CHECKPOINTS, after, PAGE)]:
        yield page
        after = page[-1].number


async def lines(tx: Connection, source: str) -> AsyncIterator[list[Entry]]:
    """All lines of all streams, in pages."""
    after = BEFORE_ALL
    while page := [Entry(source=source, **row) for row in await tx.fetch(LINES, *after, PAGE)]:
        yield page
        after = (page[-1].stream, page[-1].position)
