"""The files of an export: its parts, and what was deleted."""

import json
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheMetrics
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem
from reporting.exports import parts
from reporting.exports.parquet import parquet
from reporting.exports.parts import Found
from reporting.exports.rules import OutputFormat
from reporting.release_gate.download import Pages, PartAddress, PartDownload
from reporting.release_gate.encoding import Encoding, gzipped
from reporting.sealing.encoding import sealed_lines
from reporting.sealing.keys import Sealer

router = APIRouter(prefix="/fhir/bulk/{export_id}", tags=["exports"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]
PartName = Annotated[StructuredText, Path(pattern="^[A-Za-z]{1,40}$")]
SMALL_FILE: dict[int | str, dict[str, Any]] = {
    **problems("unknown_export", "export_expired", "insufficient_scope", fhir=True),
    200: {"content": {OutputFormat.NDJSON.value: {}}},
}
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get(
    "/g{generation}/{stream}/{part}",
    operation_id="downloadPart",
    response_class=Response,
    responses={
        **problems(
            "unknown_export",
            "part_redacted",
            "export_expired",
            "insufficient_scope",
            "freshness_not_proven",
            "contract_not_valid",
            fhir=True,
        ),
        200: {"content": {kind.value: {} for kind in OutputFormat}},
    },
)
async def download_part(
    request: Request,
    db: Db,
    metrics: TheMetrics,
    now: Now,
    caller: Plan,
    export_id: UUID,
    generation: Number,
    stream: Number,
    part: PartName,
    accept_encoding: Annotated[StructuredText, Header(max_length=200)] = "",
) -> PartDownload:
    """Page by page behind the gate. 410 once the part was redacted; the connection ends when the gate closes on the way."""
    found = await parts.find_part(db, caller, export_id, stream, part, now)
    settings = request.app.state.settings
    pages = Pages(settings.page_rows, settings.most_page_rows, settings.page_seconds)
    address = PartAddress(caller.id, export_id, stream, part, generation)
    return PartDownload(
        request.app.state.gate, metrics, address, pages, await encoding_of(found, accept_encoding, request.app.state.sealer)
    )


@router.get("/deleted", operation_id="downloadDeletions", response_class=Response, responses=SMALL_FILE)
async def download_deletions(db: Db, now: Now, caller: Plan, export_id: UUID) -> Response:
    """A transaction a person, of what to drop: no more than tokens that are over, so no gate."""
    return _ndjson(map(parts.deleting, await parts.deletions(db, caller, export_id, now)))


def _ndjson(items: Iterable[dict[str, Any]]) -> Response:
    lines = "".join(json.dumps(item, separators=(",", ":")) + "\n" for item in items)
    return Response(lines, media_type=OutputFormat.NDJSON, headers={"cache-control": "no-store"})


async def encoding_of(found: Found, accepted: str, sealer: Sealer) -> Encoding:
    """How this part's rows become bytes. Raises Problem where they may not leave in the clear."""
    if found.sealed and found.output_format is OutputFormat.PARQUET:
        raise Problem("not_supported", "Sealed values leave as NDJSON only.")
    if found.output_format is OutputFormat.PARQUET:
        return await parquet()
    plain = sealed_lines(sealer) if found.sealed else Encoding(OutputFormat.NDJSON)
    return gzipped(plain) if takes_gzip(accepted) else plain


def takes_gzip(accepted: str) -> bool:
    """RFC 9110, 12.5.3, as far as it goes for us: named, and not ruled out."""
    for said in accepted.lower().split(","):
        coding, _, weight = said.replace(" ", "").partition(";")
        if coding in ("gzip", "x-gzip"):
            return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
