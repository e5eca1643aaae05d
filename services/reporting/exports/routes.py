"""Individual exports for the health plan (R4): manifest and parts, in the manner of FHIR Bulk Data."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme, Purpose, Recipient
from common.edge import Db, Now, TheJournal, TheMetrics
from common.http import problems
from common.never_kept import StructuredText
from reporting.exports import usecases
from reporting.exports.rules import Status, check_purpose
from reporting.release.download import PartDownload

router = APIRouter(prefix="/v1/exports", tags=["exports"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]


class ExportIn(BaseModel):
    """C5: the purpose is said with every export."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"purpose": "personalised_health_recommendations"}})

    purpose: StructuredText = Field(max_length=100)
    programme: Programme | None = None


class PartOut(BaseModel):
    stream: int
    generation: int
    url: str
    count: int


class DeletionOut(BaseModel):
    """Drop what you hold under this token."""

    stream: int
    token: UUID
    generation: int
    deleted_at: datetime


class ManifestOut(BaseModel):
    export_id: UUID
    status: Status
    recipient: Recipient
    purpose: Purpose
    programme: Programme | None
    transaction_time: datetime
    output: list[PartOut]
    deleted: list[DeletionOut]


def _manifest_out(manifest: usecases.Manifest) -> ManifestOut:
    e = manifest.export
    return ManifestOut(
        export_id=e.export_id,
        status=e.status,
        recipient=e.recipient,
        purpose=e.purpose,
        programme=e.programme,
        transaction_time=e.requested_at,
        output=[
            PartOut(
                stream=part.stream,
                generation=part.generation,
                count=part.rows,
                url=f"/v1/exports/{e.export_id}/parts/{part.stream}?generation={part.generation}",
            )
            for part in manifest.parts
            if part.rows
        ],
        deleted=[DeletionOut(stream=d.stream, token=d.token, generation=d.generation, deleted_at=d.deleted_at) for d in manifest.deletions],
    )


@router.post("", status_code=201, operation_id="requestExport", responses=problems("recipient_not_allowed", "freshness_not_proven"))
async def request_export(
    request: Request, db: Db, journal: TheJournal, caller: Plan, now: Now, body: ExportIn, response: Response
) -> ManifestOut:
    """Of the clients who share with this plan at this moment, the categories that each has chosen. Each call makes a new export."""
    purpose = check_purpose(body.purpose)
    manifest = await usecases.request_export(db, request.app.state.gate, journal.streams, caller.id, body.programme, purpose, now)
    response.headers["location"] = f"/v1/exports/{manifest.export.export_id}"
    return _manifest_out(manifest)


@router.get("/{export_id}", operation_id="readExport", responses=problems("unknown_export"))
async def read_export(db: Db, caller: Plan, export_id: UUID) -> ManifestOut:
    """The parts as they are now, and what was deleted from them since."""
    return _manifest_out(await usecases.read_manifest(db, caller.id, export_id))


@router.get(
    "/{export_id}/parts/{stream}",
    operation_id="downloadPart",
    response_class=Response,
    responses={
        **problems("unknown_export", "part_redacted", "freshness_not_proven", "wrong_state"),
        200: {"content": {"application/fhir+ndjson": {}}},
    },
)
async def download_part(
    request: Request, db: Db, metrics: TheMetrics, caller: Plan, export_id: UUID, stream: int, generation: Annotated[int, Query(ge=1)]
) -> PartDownload:
    """NDJSON, page by page behind the gate. 410 once the part was redacted; the connection ends when the gate closes on the way."""
    await usecases.check_ready(db, caller.id, export_id)
    settings = request.app.state.settings
    return PartDownload(request.app.state.gate, metrics, export_id, stream, generation, settings.page_rows, settings.page_seconds)
