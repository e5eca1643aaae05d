"""`notice`: every text that was ever shown, by the digest that decisions name. A row is only ever withdrawn."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import sqlalchemy as sa

from common.contracts.vocabulary import Programme
from common.db import Connection
from common.schema import moment
from consent.notices.rules import Notice, NoticeText
from consent.schema import metadata

notice = sa.Table(
    "notice",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    moment("effective_from"),
    moment("withdrawn_at", nullable=True),
    sa.UniqueConstraint("programme", "version", "language"),
)

COLUMNS = "digest, programme, version, language, text, effective_from, withdrawn_at"

INSERT = f"insert into notice ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7) on conflict (digest) do nothing"

EFFECTIVE = f"""
select {COLUMNS} from notice
 where effective_from <= $1 and (withdrawn_at is null or withdrawn_at > $1)
   and ($2::text is null or programme = $2) and ($3::text is null or language = $3)
 order by programme, effective_from desc, version desc, language"""


def notice_of(row: asyncpg.Record) -> Notice:
    """Without its text: a decision needs none of it."""
    return Notice(Programme(row["programme"]), row["version"], row["language"], row["effective_from"], row["withdrawn_at"], row["digest"])


def _with_text(row: asyncpg.Record) -> NoticeText:
    return NoticeText(**{**row, "programme": Programme(row["programme"])})


async def insert(tx: Connection, added: NoticeText) -> bool:
    """False where this very text is there. Raises asyncpg.UniqueViolationError where the version has another text."""
    n = added
    values = (n.digest, n.programme, n.version, n.language, n.text, n.effective_from, n.withdrawn_at)
    return str(await tx.execute(INSERT, *values)).endswith("1")


async def find(tx: Connection, digest: str) -> NoticeText | None:
    row = await tx.fetchrow(f"select {COLUMNS} from notice where digest = $1", digest)
    return _with_text(row) if row else None


async def find_version(tx: Connection, programme: Programme, version: str, language: str) -> Notice | None:
    row = await tx.fetchrow(
        f"select {COLUMNS} from notice where (programme, version, language) = ($1, $2, $3)", programme, version, language
    )
    return notice_of(row) if row else None


async def effective(tx: Connection, now: datetime, programme: Programme | None, language: str | None) -> Sequence[NoticeText]:
    """The newest first."""
    return [_with_text(row) for row in await tx.fetch(EFFECTIVE, now, programme, language)]


async def withdraw(tx: Connection, digest: str, now: datetime) -> bool:
    """False where there is no such notice. A second withdrawal keeps the first one's time."""
    done = await tx.execute("update notice set withdrawn_at = least(withdrawn_at, $2) where digest = $1", digest, now)
    return str(done).endswith("1")
