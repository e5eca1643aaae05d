"""`access_request`, one open a client; `access_bundle`: the copy, sealed, while it is kept; `access_download`: who was handed it when;
`access_request_history`, which only grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Connection
from common.schema import moment
from consent.access_requests.rules import AccessRequest, OnBehalf, State
from consent.documents.sealing import Sealed
from consent.schema import metadata

COLLECTING = sa.text("state = 'collecting'")

access_request = sa.Table(
    "access_request",
    metadata,
    sa.Column("request_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("collection_id", pg.UUID(as_uuid=True), unique=True),
    moment("asked_at"),
    moment("due_at"),
    sa.Column("staff_id", pg.UUID(as_uuid=True)),
    sa.Column("asked_by", sa.Text),
    sa.Column("identity_check", sa.Text),
    moment("warned_at", nullable=True),
    moment("extended_at", nullable=True),
    sa.Column("extension_reason", sa.Text),
    moment("ready_at", nullable=True),
    moment("expires_at", nullable=True),
    sa.Column("digest", sa.Text),
    sa.Column("size", sa.BigInteger),
    sa.Column("ground", sa.Text),
    moment("closed_at", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_attempt_at", filled=True),
    sa.CheckConstraint("state in ('collecting', 'ready', 'expired', 'refused', 'withdrawn')", name="state"),
    sa.CheckConstraint("(state = 'refused') = (ground is not null)", name="ground"),
    sa.CheckConstraint("staff_id is null or identity_check <> 'not_checked'", name="identity"),
    sa.Index("access_request_open_idx", "client_id", unique=True, postgresql_where=COLLECTING),
    sa.Index("access_request_next_idx", "next_attempt_at", postgresql_where=COLLECTING),
    sa.Index("access_request_kept_idx", "expires_at", postgresql_where=sa.text("state = 'ready'")),
)

access_bundle = sa.Table(
    "access_bundle",
    metadata,
    sa.Column("request_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("wrapped_key", pg.BYTEA, nullable=False),
    sa.Column("content", pg.BYTEA, nullable=False),
)

access_download = sa.Table(
    "access_download",
    metadata,
    sa.Column("download_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("request_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("downloaded_by", pg.UUID(as_uuid=True), nullable=False),
    moment("downloaded_at"),
    sa.Column("digest", sa.Text, nullable=False),
    sa.CheckConstraint("form in ('archive', 'page')", name="form"),
)

access_request_history = sa.Table(
    "access_request_history",
    metadata,
    sa.Column("history_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("request_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("by", pg.UUID(as_uuid=True)),
    moment("at"),
)

What = Literal["asked", "warned", "extended", "overdue", "ready", "downloaded", "refused", "withdrawn", "erased"]

# By the database's clock, as every second try of something that may be away. Other instances take other ones.
TAKE_COMPLETE = """
update access_request r
   set attempts = attempts + 1, next_attempt_at = clock_timestamp() + interval '1 second' * least(5 * 2 ^ least(attempts, 6), 300)
 where request_id in (select a.request_id from access_request a join collection c on c.collection_id = a.collection_id
                       where a.state = 'collecting' and a.next_attempt_at <= clock_timestamp() and c.completed_at is not null
                       order by a.next_attempt_at limit $1 for update of a skip locked)
returning request_id"""

TAKE_EXPIRED = """
select * from access_request where state = 'ready' and expires_at <= $1 order by expires_at limit $2 for update skip locked"""

FREE_LOCK = "select * from access_request where request_id = any($1::uuid[]) for update skip locked"
DOWNLOADS = "select download_id, downloaded_at, request_id, digest from access_download where client_id = $1 order by downloaded_at"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a request's history. `detail` is a code."""

    what: What
    at: datetime
    by: UUID | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    download_id: UUID
    form: Literal["archive", "page"]
    by: UUID


def to_request(row: Any) -> AccessRequest:
    names = [name for name in AccessRequest.model_fields if name != "on_behalf"]
    staff = OnBehalf(**{name: row[name] for name in OnBehalf.model_fields}) if row["staff_id"] else None
    return AccessRequest(**{name: row[name] for name in names}, on_behalf=staff)


async def insert(tx: AsyncConnection, new: AccessRequest) -> bool:
    """False where the client has an open one."""
    staff = new.on_behalf.model_dump() if new.on_behalf else {}
    values = new.model_dump(exclude={"on_behalf"}) | staff
    result = await tx.execute(pg.insert(access_request).values(values).on_conflict_do_nothing())
    return result.rowcount == 1


async def change(tx: AsyncConnection, request_id: UUID, **values: Any) -> None:
    await tx.execute(sa.update(access_request).where(access_request.c.request_id == request_id).values(values))


async def find(tx: AsyncConnection, request_id: UUID, *, lock: bool = False) -> AccessRequest | None:
    wanted = sa.select(access_request).where(access_request.c.request_id == request_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).mappings().one_or_none()
    return to_request(row) if row else None


async def find_open(tx: AsyncConnection, client_id: UUID) -> AccessRequest | None:
    c = access_request.c
    row = (
        (await tx.execute(sa.select(access_request).where(c.client_id == client_id, c.state == State.COLLECTING))).mappings().one_or_none()
    )
    return to_request(row) if row else None


async def of_client(tx: AsyncConnection, client_id: UUID) -> list[AccessRequest]:
    """The newest first."""
    c = access_request.c
    found = await tx.execute(sa.select(access_request).where(c.client_id == client_id).order_by(c.asked_at.desc(), c.request_id))
    return [to_request(row) for row in found.mappings()]


async def list_in(tx: AsyncConnection, state: State | None, last: UUID, limit: int) -> list[AccessRequest]:
    """By id, for paging."""
    c = access_request.c
    wanted = sa.select(access_request).where(c.request_id > last, *([c.state == state] if state else []))
    return [to_request(row) for row in (await tx.execute(wanted.order_by(c.request_id).limit(limit))).mappings()]


async def for_office(tx: AsyncConnection, since: datetime, limit: int) -> list[AccessRequest]:
    """What is open, what ends first before the others; then what was answered since."""
    c = access_request.c
    is_open = c.state == State.COLLECTING
    answered = (c.ready_at >= since) | (c.closed_at >= since)
    wanted = sa.select(access_request).where(is_open | answered).order_by(is_open.desc(), c.due_at, c.request_id).limit(limit)
    return [to_request(row) for row in (await tx.execute(wanted)).mappings()]


async def lock_free(tx: AsyncConnection, request_ids: Sequence[UUID]) -> dict[UUID, AccessRequest]:
    """Those that nobody else holds."""
    rows = (await tx.exec_driver_sql(FREE_LOCK, (list(request_ids),))).mappings()
    return {row["request_id"]: to_request(row) for row in rows}


async def take_complete(tx: AsyncConnection, limit: int) -> list[UUID]:
    """Open ones of which everything is collected. Taken again, later and later, until the copy is made."""
    return list((await tx.exec_driver_sql(TAKE_COMPLETE, (limit,))).scalars())


async def take_expired(tx: AsyncConnection, now: datetime, limit: int) -> list[AccessRequest]:
    return [to_request(row) for row in (await tx.exec_driver_sql(TAKE_EXPIRED, (now, limit))).mappings()]


async def keep_bundle(tx: AsyncConnection, request_id: UUID, sealed: Sealed) -> None:
    await tx.execute(sa.insert(access_bundle).values(request_id=request_id, wrapped_key=sealed.key, content=sealed.content))


async def find_bundle(tx: AsyncConnection, request_id: UUID) -> Sealed | None:
    row = (await tx.execute(sa.select(access_bundle).where(access_bundle.c.request_id == request_id))).one_or_none()
    return Sealed(row.wrapped_key, row.content, "") if row else None


async def erase_bundle(tx: AsyncConnection, request_id: UUID) -> None:
    await tx.execute(sa.delete(access_bundle).where(access_bundle.c.request_id == request_id))


async def note(tx: AsyncConnection, of: AccessRequest, line: Line) -> None:
    values = {"request_id": of.request_id, "client_id": of.client_id}
    await tx.execute(sa.insert(access_request_history).values(**values, what=line.what, detail=line.detail, by=line.by, at=line.at))


async def history_of(tx: AsyncConnection, request_ids: Sequence[UUID]) -> dict[UUID, list[Line]]:
    """The oldest first."""
    c, found = access_request_history.c, {request_id: list[Line]() for request_id in request_ids}
    rows = await tx.execute(sa.select(access_request_history).where(c.request_id.in_(request_ids)).order_by(c.history_id))
    for row in rows:
        found[row.request_id].append(Line(row.what, row.at, row.by, row.detail))
    return found


async def note_download(tx: AsyncConnection, of: AccessRequest, download: Download, now: datetime) -> None:
    values = {"download_id": download.download_id, "form": download.form, "downloaded_by": download.by, "downloaded_at": now}
    of_it = {"request_id": of.request_id, "client_id": of.client_id, "digest": of.digest}
    await tx.execute(sa.insert(access_download).values(values | of_it))


async def downloads_of(tx: Connection, client_id: UUID) -> Sequence[Any]:
    """For the accounting: download_id, downloaded_at, request_id, digest."""
    return await tx.fetch(DOWNLOADS, client_id)
