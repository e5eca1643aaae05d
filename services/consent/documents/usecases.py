"""Papers of legal demands: taken in encrypted, and read back with a note of who did."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Database
from common.problems import Problem
from consent.documents import tables
from consent.documents.rules import DocumentKind, media_type_of
from consent.documents.sealing import DocumentKey
from consent.documents.tables import LegalDocument


async def take_document(db: Database, key: DocumentKey, kind: DocumentKind, content: bytes, officer: UUID, now: datetime) -> LegalDocument:
    """Raises Problem for what is no paper. What it says is not looked at."""
    media_type = media_type_of(content)
    document_id = uuid4()
    sealed = key.seal(content, document_id.bytes)
    document = LegalDocument(document_id, None, kind, media_type, len(content), sealed.digest, officer, now)
    async with db.begin() as tx:
        await tables.insert(tx, document, sealed)
    return document


async def read_document(db: Database, key: DocumentKey, document_id: UUID, reader: UUID, now: datetime) -> tuple[LegalDocument, bytes]:
    """The note is committed before anybody reads. Raises Problem."""
    async with db.begin() as tx:
        document = (await tables.find(tx, [document_id])).get(document_id)
        sealed = await tables.sealed_content(tx, document_id)
        if document is None or sealed is None:
            raise Problem("not_found", "No such document.")
        await tables.note_reading(tx, document_id, reader, now)
    return document, key.open(sealed, document_id.bytes)


async def assign(tx: AsyncConnection, wanted: dict[str, tuple[UUID, DocumentKind]], demand_id: UUID) -> dict[UUID, str]:
    """By the field that names each. A paper belongs to one demand. Their digests; raises Problem."""
    found = await tables.find(tx, [document_id for document_id, _ in wanted.values()], lock=True)
    for field, (document_id, kind) in wanted.items():
        document = found.get(document_id)
        if document is None or document.kind is not kind:
            raise Problem("invalid_request", f"There is no such document of the kind {kind}.", field=field, rule="C7")
        if document.demand_id not in (None, demand_id):
            raise Problem("already_exists", "The document belongs to another demand.", field=field, rule="C7")
    await tables.belongs_to(tx, list(found), demand_id)
    return {document_id: document.digest for document_id, document in found.items()}


async def documents_of(tx: AsyncConnection, demand_id: UUID) -> tuple[list[LegalDocument], Collection[tuple[UUID, UUID, datetime]]]:
    """And who read them: document, reader, when."""
    documents = await tables.of_demand(tx, demand_id)
    return documents, await tables.readings_of(tx, [document.document_id for document in documents])
