"""What can be done about receipts: have one issued, and an opt-out's proof. Both are made from the ledger, after looking at it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from common.cloudevents import Entry, digest_of
from common.contracts.catalogue import EVENTS
from common.db import Connection, Database
from common.problems import Problem
from consent.decisions.rules import Event
from consent.propagation.tables import receipts_of
from consent.receipts.rules import EVENT_TYPES, Controller, LedgerLine, proof_of, receipt_of
from consent.receipts.tables import find_line


async def issue_receipt(db: Database, controller: Controller, client_id: UUID, decision_id: UUID) -> dict[str, Any]:
    """Raises Problem where there is no such decision, or its line in the ledger is not what was written."""
    async with db.pool.acquire() as tx:
        return await _record_of(tx, controller, client_id, decision_id)


async def issue_proof(db: Database, controller: Controller, client_id: UUID, decision_id: UUID, now: datetime) -> dict[str, Any]:
    """The same of something that was taken back, with every sink's answer so far."""
    async with db.pool.acquire() as tx:
        receipts = await receipts_of(tx, decision_id)
        if not receipts:
            raise Problem("not_found", "No such opt-out.")
        return proof_of(await _record_of(tx, controller, client_id, decision_id), receipts, now)


async def _record_of(tx: Connection, controller: Controller, client_id: UUID, decision_id: UUID) -> dict[str, Any]:
    found = await find_line(tx, client_id, decision_id)
    if found is None:
        raise Problem("not_found", "No such decision.")
    entry, before = found
    if digest_of(before, entry) != entry.digest:
        raise Problem("ledger_broken", "The ledger was tampered with at this line. Nothing is signed on it; verify the ledger.")
    return receipt_of(event_of(entry), LedgerLine(entry.stream, entry.position, entry.digest), controller)


def event_of(entry: Entry) -> Event:
    event = EVENTS[entry.type].from_json(entry.payload)
    if not isinstance(event, tuple(EVENT_TYPES)):
        raise Problem("not_found", "No such decision.")
    return event  # type: ignore[return-value]
