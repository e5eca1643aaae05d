"""Acknowledging a recall."""

from datetime import datetime
from uuid import UUID

from common.contracts.reporting import RedactionApplied, SinkReceipt
from common.contracts.vocabulary import Programme, Sink
from common.db import Database
from common.journal import Journal
from common.problems import Problem
from reporting.recalls.tables import ACKNOWLEDGE


async def acknowledge_recall(db: Database, journal: Journal, plan_id: UUID, recall_id: UUID, now: datetime) -> None:
    """Raises Problem where the plan has no such recall."""
    async with db.begin_event() as tx:
        row = await tx.fetchrow(ACKNOWLEDGE, recall_id, plan_id, now)
        if row is None:
            if not await tx.fetchval("select true from recall where recall_id = $1 and plan_id = $2", recall_id, plan_id):
                raise Problem("not_found", "No such recall.")
            return
        receipt = SinkReceipt(sink=Sink.RECALL_ACKNOWLEDGED, records=row["records"])
        event = RedactionApplied(
            occurred_at=now,
            client_id=row["client_id"],
            programme=Programme(row["programme"]),
            decision_id=row["decision_id"],
            receipts=(receipt,),
        )
        await journal.append_event(tx, event)
