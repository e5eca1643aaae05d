"""`mail`: every mail that was taken in, as text with Social Security numbers masked (C13); `mail_reply`: what is answered."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from consent.mail.reading import Automatic, Mail
from consent.mail.rules import State
from consent.schema import metadata

mail = sa.Table(
    "mail",
    metadata,
    sa.Column("mail_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("content_digest", pg.BYTEA, nullable=False, unique=True),
    moment("received_at"),
    sa.Column("message_id", sa.Text),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("automatic", sa.Text),
    sa.Column("authenticated", sa.Boolean, nullable=False),
    sa.Column("attachments", sa.Integer, nullable=False),
    sa.Column("readable", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("client_ids", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False, server_default="{}"),
    sa.Column("reason", sa.Text),
    moment("due_at", nullable=True),
    sa.Column("overdue", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("resolution", sa.Text),
    sa.Column("resolved_by", pg.UUID(as_uuid=True)),
    moment("resolved_at", nullable=True),
    sa.Index("mail_open_idx", "state", "received_at", postgresql_where=sa.text("state in ('received', 'queued')")),
    sa.Index("mail_client_ids_idx", "client_ids", postgresql_using="gin"),
)

READ = "mail_id, received_at, message_id, sender, subject, text, said, automatic, authenticated, attachments, readable"
SHOWN = f"{READ}, state, client_ids, reason, due_at, overdue, resolution, resolved_by, resolved_at"

INSERT = f"""
insert into mail ({READ}, content_digest, state) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'received')
on conflict (content_digest) do nothing"""

# Several instances take different mails; one that dies lets go of its mail.
CLAIM = f"select {READ} from mail where state = 'received' order by received_at limit 1 for update skip locked"

PLANNED = "update mail set state = $2, client_ids = $3, reason = $4, due_at = $5 where mail_id = $1"

RESOLVED = """
update mail set state = 'resolved', client_ids = $2, resolution = $3, resolved_by = $4, resolved_at = $5, overdue = false
 where mail_id = $1"""

OTHERS_WAITING = """
select distinct client from mail, unnest(client_ids) as client where state = 'queued' and mail_id <> $1 and client_ids && $2::uuid[]"""

MARK_OVERDUE = "update mail set overdue = true where state = 'queued' and not overdue and due_at < $1"
COUNT = "select count(*) as waiting, count(*) filter (where overdue) as overdue from mail where state = 'queued'"


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail as it is kept."""

    mail_id: UUID
    mail: Mail
    received_at: datetime
    state: State
    client_ids: Sequence[UUID]
    reason: str | None
    due_at: datetime | None
    overdue: bool
    resolution: str | None
    resolved_by: UUID | None
    resolved_at: datetime | None


def _content_digest(m: Mail) -> bytes:
    """A gateway that did not hear our 250 sends the same mail again."""
    return hashlib.sha256("\0".join((m.message_id or str(uuid4()), m.sender, m.subject, m.text)).encode()).digest()


def _mail_of(row: asyncpg.Record) -> Mail:
    names = ("message_id", "sender", "subject", "text", "said", "authenticated", "attachments", "readable")
    automatic = Automatic(row["automatic"]) if row["automatic"] else None
    return Mail(automatic=automatic, **{name: row[name] for name in names})


def _kept(row: asyncpg.Record) -> Kept:
    names = ("mail_id", "received_at", "client_ids", "reason", "due_at", "overdue", "resolution", "resolved_by", "resolved_at")
    return Kept(mail=_mail_of(row), state=State(row["state"]), **{name: row[name] for name in names})


async def insert(tx: Connection, m: Mail, now: datetime) -> None:
    digest = _content_digest(m)
    read = (m.message_id, m.sender, m.subject, m.text, m.said, m.automatic, m.authenticated, m.attachments, m.readable)
    await tx.execute(INSERT, uuid4(), now, *read, digest)


async def claim(tx: Connection) -> tuple[UUID, Mail] | None:
    row = await tx.fetchrow(CLAIM)
    return (row["mail_id"], _mail_of(row)) if row else None


async def planned(
    tx: Connection, mail_id: UUID, state: State, clients: Sequence[UUID], reason: str | None, due_at: datetime | None
) -> None:
    await tx.execute(PLANNED, mail_id, state, clients, reason, due_at)


async def find(tx: Connection, mail_id: UUID, *, lock: bool = False) -> Kept | None:
    row = await tx.fetchrow(f"select {SHOWN} from mail where mail_id = $1" + (" for update" if lock else ""), mail_id)
    return _kept(row) if row else None


async def list_in(tx: Connection, state: State, last: UUID, limit: int) -> Sequence[Kept]:
    """By id, for paging."""
    statement = f"select {SHOWN} from mail where state = $1 and mail_id > $2 order by mail_id limit $3"
    return [_kept(row) for row in await tx.fetch(statement, state, last, limit)]


async def waiting(tx: Connection, limit: int = 200) -> Sequence[Kept]:
    """The privacy officer's queue, the most urgent first."""
    return [_kept(row) for row in await tx.fetch(f"select {SHOWN} from mail where state = 'queued' order by due_at limit $1", limit)]


async def resolved(tx: Connection, mail_id: UUID, clients: Sequence[UUID], resolution: str, by: UUID, now: datetime) -> None:
    await tx.execute(RESOLVED, mail_id, clients, resolution, by, now)


async def with_others_waiting(tx: Connection, mail_id: UUID, clients: Sequence[UUID]) -> set[UUID]:
    """Those of the clients of whom another mail waits."""
    return {row["client"] for row in await tx.fetch(OTHERS_WAITING, mail_id, clients)}


async def mark_overdue(tx: Connection, now: datetime) -> tuple[int, int]:
    """How many wait, and how many of them too long."""
    await tx.execute(MARK_OVERDUE, now)
    row = await tx.fetchrow(COUNT)
    assert row is not None
    return row["waiting"], row["overdue"]
