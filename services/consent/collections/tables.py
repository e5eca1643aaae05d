"""`collection`: what is gathered of somebody, and the key that its answers are sealed for; `collection_part`: how far each service is;
`collection_piece`: what they answered, sealed as it came."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.privacy import SERVICES
from common.schema import moment
from consent.collections.sealing import KeyPair
from consent.schema import metadata

Row = sa.Row[Any]

collection = sa.Table(
    "collection",
    metadata,
    sa.Column("collection_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("scope", pg.JSONB(none_as_null=True)),
    sa.Column("reply_key", pg.JSONB, nullable=False),
    sa.Column("wrapping_key", pg.BYTEA),
    sa.Column("private_key", pg.BYTEA),
    moment("begun_at"),
    moment("completed_at", nullable=True),
    moment("erased_at", nullable=True),
    sa.CheckConstraint("(private_key is null) = (erased_at is not null)", name="erased"),
)

part = sa.Table(
    "collection_part",
    metadata,
    sa.Column("collection_id", pg.UUID(as_uuid=True), sa.ForeignKey("collection.collection_id"), primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("asks", sa.Integer, nullable=False, server_default="0"),
    moment("asked_at", nullable=True),
    moment("ask_again_at", nullable=True, filled=True),
    moment("collected_at", nullable=True),
    moment("as_of", nullable=True),
    sa.Column("digest", sa.Text),
    sa.Index("collection_part_asking_idx", "ask_again_at", postgresql_where=sa.text("ask_again_at is not null")),
    sa.CheckConstraint("collected_at is null or ask_again_at is null", name="ask_again_at"),
)

piece = sa.Table(
    "collection_piece",
    metadata,
    sa.Column("collection_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("piece", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["collection_id", "service"], ["collection_part.collection_id", "collection_part.service"]),
)


async def insert(
    tx: AsyncConnection, collection_id: UUID, client_id: UUID, scope: dict[str, Any] | None, pair: KeyPair, now: datetime
) -> None:
    values = {"collection_id": collection_id, "client_id": client_id, "scope": scope, "begun_at": now}
    keys = {"reply_key": pair.public, "wrapping_key": pair.private.key, "private_key": pair.private.content}
    await tx.execute(collection.insert().values(**values, **keys))
    await tx.execute(part.insert(), [{"collection_id": collection_id, "service": service} for service in SERVICES])


async def find(tx: AsyncConnection, collection_id: UUID, *, lock: bool = False) -> Row | None:
    statement = sa.select(collection).where(collection.c.collection_id == collection_id)
    return (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()


async def parts_of(tx: AsyncConnection, collection_id: UUID) -> Sequence[Row]:
    return (await tx.execute(sa.select(part).where(part.c.collection_id == collection_id).order_by(part.c.service))).all()


async def pieces_of(tx: AsyncConnection, collection_id: UUID, service: str, digest: str) -> Sequence[str]:
    """In order."""
    which = (piece.c.collection_id == collection_id) & (piece.c.service == service) & (piece.c.digest == digest)
    return (await tx.execute(sa.select(piece.c.sealed).where(which).order_by(piece.c.piece))).scalars().all()


async def take_due(tx: AsyncConnection, limit: int) -> Sequence[Row]:
    """Who is to be asked now, with what. Several instances take different ones."""
    due = sa.select(part, collection.c.client_id, collection.c.scope, collection.c.reply_key).join_from(part, collection)
    due = due.where(part.c.ask_again_at <= sa.func.clock_timestamp(), collection.c.erased_at.is_(None))
    return (await tx.execute(due.order_by(part.c.ask_again_at).limit(limit).with_for_update(of=part, skip_locked=True))).all()


async def asked(tx: AsyncConnection, row: Row, again_in: timedelta, now: datetime) -> None:
    """`again_in` is of the database's own time: a simulated clock may stand still."""
    await tx.execute(
        _one(part.update(), row.collection_id, row.service).values(
            asks=part.c.asks + 1, asked_at=now, ask_again_at=sa.func.clock_timestamp() + again_in
        )
    )


async def keep_piece(tx: AsyncConnection, collection_id: UUID, service: str, digest: str, number: int, sealed: str) -> None:
    """Idempotent."""
    values = {"collection_id": collection_id, "service": service, "digest": digest, "piece": number, "sealed": sealed}
    await tx.execute(pg.insert(piece).values(values).on_conflict_do_nothing())


async def drop_pieces(tx: AsyncConnection, collection_id: UUID, service: str, *, digest: str | None = None, but: str | None = None) -> None:
    """Of one answer, or of all answers `but` one."""
    statement = piece.delete().where(piece.c.collection_id == collection_id, piece.c.service == service)
    await tx.execute(statement.where(piece.c.digest == digest if digest else piece.c.digest != but))


async def collected(tx: AsyncConnection, collection_id: UUID, service: str, digest: str, times: tuple[datetime, datetime]) -> None:
    """`times`: as of when, and now."""
    as_of, now = times
    await tx.execute(_one(part.update(), collection_id, service).values(collected_at=now, as_of=as_of, digest=digest, ask_again_at=None))


async def complete(tx: AsyncConnection, collection_id: UUID, now: datetime) -> bool:
    """Whether it has become complete."""
    open_part = sa.exists().where(part.c.collection_id == collection_id, part.c.collected_at.is_(None))
    which = collection.c.collection_id == collection_id, collection.c.completed_at.is_(None), ~open_part
    return (await tx.execute(collection.update().where(*which).values(completed_at=now))).rowcount == 1


async def erase(tx: AsyncConnection, collection_id: UUID, now: datetime) -> None:
    """The collection first: its lock keeps out an answer that comes at this moment."""
    which = collection.c.collection_id == collection_id, collection.c.erased_at.is_(None)
    await tx.execute(collection.update().where(*which).values(wrapping_key=None, private_key=None, erased_at=now))
    await tx.execute(piece.delete().where(piece.c.collection_id == collection_id))
    await tx.execute(part.update().where(part.c.collection_id == collection_id).values(ask_again_at=None))


def _one(statement: sa.Update, collection_id: UUID, service: str) -> sa.Update:
    return statement.where(part.c.collection_id == collection_id, part.c.service == service)
