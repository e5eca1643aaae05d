"""Papers of legal demands over HTTP (C7)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from consent.documents import usecases
from consent.documents.rules import MAGIC, DocumentKind
from consent.documents.tables import LegalDocument

router = APIRouter(prefix="/v1/legal-documents", tags=["legal demands"])
Officer = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER))]
BINARY = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in sorted(set(MAGIC.values()))}
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "content-security-policy": "sandbox"}


class DocumentOut(BaseModel):
    """`digest`: SHA-256 of the paper as it was sent, in hex. `demand_id`: the one that it belongs to, once it is recorded."""

    document_id: UUID
    demand_id: UUID | None
    kind: DocumentKind
    media_type: str
    length: int
    digest: str
    received_by: UUID
    received_at: datetime


@router.post(
    "",
    status_code=201,
    operation_id="takeLegalDocument",
    responses=problems("document_refused", "body_too_large"),
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def take_document(request: Request, db: Db, caller: Officer, kind: DocumentKind, now: Now) -> DocumentOut:
    """PDF, TIFF, JPEG or PNG by its first bytes, up to 16 MB. It is kept encrypted, and is never changed."""
    content = await request.body()
    return out(await usecases.take_document(db, request.app.state.document_key, kind, content, caller.id, now))


@router.get(
    "/{document_id}",
    operation_id="readLegalDocument",
    response_class=Response,
    responses=problems("not_found") | {200: {"content": BINARY, "description": "The paper."}},
)
async def read_document(request: Request, db: Db, caller: Officer, document_id: UUID, now: Now) -> Response:
    """Who reads one, and when, is on record."""
    document, content = await usecases.read_document(db, request.app.state.document_key, document_id, caller.id, now)
    return paper(document, content)


def paper(document: LegalDocument, content: bytes) -> Response:
    """Saved and never shown in place: it came from outside."""
    disposition = {"content-disposition": f'attachment; filename="{document.kind}-{document.document_id}"'}
    return Response(content, media_type=document.media_type, headers=HEADERS | disposition)


def out(document: LegalDocument) -> DocumentOut:
    return DocumentOut(**{name: getattr(document, name) for name in DocumentOut.model_fields})
