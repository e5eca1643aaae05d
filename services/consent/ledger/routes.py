"""The ledger as evidence: verify it, take it along, and the keys to verify it elsewhere."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Role, anyone
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem
from consent.ledger.exports import keys_line, line_of
from consent.ledger.rules import What
from consent.ledger.usecases import Ledger, read_latest, rows, snapshot, verify_ledger

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])
auditors = Depends(Allow(Role.PRIVACY_OFFICER, Role.OPERATIONS))
Token = Annotated[StructuredText, Field(max_length=32_768)]


class Evidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    receipts: Annotated[list[Token], Field(max_length=1000)] = []
    """Receipts as they were handed out, or checkpoints as they were kept: compact JWS."""


class FindingOut(BaseModel):
    """`position` is the first that can be concerned."""

    what: What
    stream: int | None
    position: int | None
    checkpoint: int | None
    detail: str


class LedgerVerification(BaseModel):
    status: Literal["intact", "broken"]
    streams: int
    lines: int
    checkpoints: int
    receipts: int
    witnesses: int | Literal["unavailable"]
    findings: list[FindingOut]


class CheckpointOut(BaseModel):
    number: int
    previous: str
    made_at: datetime
    jws: str


class KeySetOut(BaseModel):
    """RFC 7517."""

    keys: list[dict[str, Any]]


async def _ledger(request: Request) -> Ledger:
    ledger: Ledger = request.app.state.ledger
    return ledger


TheLedger = Annotated[Ledger, Depends(_ledger)]


@router.post("/verifications", operation_id="verifyLedger", dependencies=[auditors], responses=problems())
async def verify(request: Request, ledger: TheLedger, evidence: Evidence) -> LedgerVerification:
    """Every line, every checkpoint, the receipts given here, and what reporting has applied. Decisions are taken meanwhile."""
    witnesses = await request.app.state.witnesses()
    verified = await verify_ledger(ledger, witnesses or (), evidence.receipts)
    return LedgerVerification(
        status="broken" if verified.findings else "intact",
        streams=verified.streams,
        lines=verified.lines,
        checkpoints=verified.checkpoints,
        receipts=verified.receipts,
        witnesses="unavailable" if witnesses is None else verified.witnesses,
        findings=[
            FindingOut(what=f.what, stream=f.stream, position=f.position, checkpoint=f.checkpoint, detail=f.detail)
            for f in verified.findings
        ],
    )


@router.get("/checkpoints/latest", operation_id="readLatestCheckpoint", dependencies=[auditors], responses=problems("not_found"))
async def read_latest_checkpoint(ledger: TheLedger) -> CheckpointOut:
    """To be kept elsewhere: with it even the removal of the newest lines and checkpoints is found."""
    row = await read_latest(ledger)
    if row is None:
        raise Problem("not_found", "There is no checkpoint yet.")
    return CheckpointOut(number=row.number, previous=row.previous.hex(), made_at=row.made_at, jws=row.jws)


@router.get("/keys", operation_id="readLedgerKeys", dependencies=[anyone])
async def read_keys(ledger: TheLedger) -> KeySetOut:
    """What checkpoints and receipts are verified with."""
    return KeySetOut(**ledger.signer.keys())


@router.get(
    "/export",
    operation_id="exportLedger",
    dependencies=[auditors],
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
async def export(ledger: TheLedger) -> StreamingResponse:
    """Everything that a verification elsewhere needs, a line each; `python -m consent.ledger --export FILE` is one."""

    async def lines() -> AsyncIterator[str]:
        yield keys_line(ledger.source, ledger.signer.keys())
        async with snapshot(ledger.pool) as tx:
            async for row in rows(tx, ledger.source):
                yield line_of(row)

    return StreamingResponse(lines(), media_type="application/x-ndjson")
