"""Receipts as proof, over HTTP: signed (JWS, RFC 7515), verifiable with the keys at `/v1/ledger/keys` and by `make verify-ledger`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from consent.receipts import usecases
from consent.receipts.rules import PROOF_TYPE, RECEIPT_TYPE

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["receipts"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]


class ReceiptDocument(BaseModel):
    """`jws` is what proves; `record` is the same, readable."""

    jws: str
    record: dict[str, Any]


@router.get("/decisions/{decision_id}/receipt", operation_id="readReceipt", responses=problems("not_found", "ledger_broken"))
async def read_receipt(request: Request, db: Db, caller: Reader, client_id: UUID, decision_id: UUID) -> ReceiptDocument:
    """Of any decision of the client, at any time. Fields of ISO/IEC TS 27560, and the decision's line in the ledger."""
    caller.own(Role.CLIENT, client_id)
    record = await usecases.issue_receipt(db, request.app.state.controller, client_id, decision_id)
    return ReceiptDocument(jws=request.app.state.signer.sign(RECEIPT_TYPE, record), record=record)


@router.get("/opt-outs/{decision_id}/proof", operation_id="readProof", responses=problems("not_found", "ledger_broken"))
async def read_proof(request: Request, db: Db, caller: Reader, client_id: UUID, decision_id: UUID, now: Now) -> ReceiptDocument:
    """How far an opt-out has come: position, every registered sink, when, how many records, recall sent, acknowledged or overdue."""
    caller.own(Role.CLIENT, client_id)
    record = await usecases.issue_proof(db, request.app.state.controller, client_id, decision_id, now)
    return ReceiptDocument(jws=request.app.state.signer.sign(PROOF_TYPE, record), record=record)
