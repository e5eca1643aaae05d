"""`legal_document`: papers of legal demands, encrypted; `legal_document_reading`: who read one, and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from consent.documents.rules import DocumentKind
from consent.documents.sealing import Sealed
from consent.schema import metadata

legal_document = sa.Table(
    "legal_document",
    metadata,
    sa.Column("document_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("demand_id", pg.UUID(as_uuid=True), index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("sealed_key", pg.BYTEA, nullable=False),
    sa.Column("content", pg.BYTEA, nullable=False),
    sa.Column("received_by", pg.UUID(as_uuid=True), nullable=False),
    moment("received_at"),
)

legal_document_reading = sa.Table(
    "legal_document_reading",
    metadata,
    sa.Column("reading_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("document_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("read_by", pg.UUID(as_uuid=True), nullable=False),
    moment("read_at"),
)
SHOWN = [
    legal_document.c[name] for name in ("document_id", "demand_id", "kind", "media_type", "length", "digest", "received_by", "received_at")
]


@dataclass(frozen=True, slots=True)
class LegalDocument:
    """Without its content. `demand_id`: the one demand that it belongs to, once it is recorded."""

    document_id: UUID
    demand_id: UUID | None
    kind: DocumentKind
    media_type: str
    length: int
    digest: str
    received_by: UUID
    received_at: datetime


def _document(row: sa.Row[Any]) -> LegalDocument:
    return LegalDocument(**{name: getattr(row, name) for name in LegalDocument.__slots__ if name != "kind"}, kind=DocumentKind(row.kind))


async def insert(tx: AsyncConnection, document: LegalDocument, sealed: Sealed) -> None:
    values = {name: getattr(document, name) for name in LegalDocument.__slots__}
    await tx.execute(sa.insert(legal_document).values(**values, sealed_key=sealed.key, content=sealed.content))


async def find(tx: AsyncConnection, document_ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, LegalDocument]:
    wanted = sa.select(*SHOWN).where(legal_document.c.document_id.in_(document_ids)).order_by(legal_document.c.document_id)
    rows = await tx.execute(wanted.with_for_update() if lock else wanted)
    return {row.document_id: _document(row) for row in rows}


async def of_demand(tx: AsyncConnection, demand_id: UUID) -> list[LegalDocument]:
    wanted = sa.select(*SHOWN).where(legal_document.c.demand_id == demand_id).order_by(legal_document.c.received_at)
    return [_document(row) for row in await tx.execute(wanted)]


async def belongs_to(tx: AsyncConnection, document_ids: Collection[UUID], demand_id: UUID) -> None:
    await tx.execute(sa.update(legal_document).where(legal_document.c.document_id.in_(document_ids)).values(demand_id=demand_id))


async def sealed_content(tx: AsyncConnection, document_id: UUID) -> Sealed | None:
    columns = legal_document.c
    row = (
        await tx.execute(sa.select(columns.sealed_key, columns.content, columns.digest).where(columns.document_id == document_id))
    ).first()
    return Sealed(row.sealed_key, row.content, row.digest) if row else None


async def note_reading(tx: AsyncConnection, document_id: UUID, reader: UUID, now: datetime) -> None:
    await tx.execute(sa.insert(legal_document_reading).values(document_id=document_id, read_by=reader, read_at=now))


async def readings_of(tx: AsyncConnection, document_ids: Collection[UUID]) -> list[tuple[UUID, UUID, datetime]]:
    """Document, reader, when."""
    columns = legal_document_reading.c
    wanted = sa.select(columns.document_id, columns.read_by, columns.read_at).where(columns.document_id.in_(document_ids))
    return [tuple(row) for row in await tx.execute(wanted.order_by(columns.reading_id))]
