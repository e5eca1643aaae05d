"""What a recipient says about a recall: that it has it, and that it has deleted. Said twice, the first time counts."""

from datetime import datetime
from uuid import UUID

import asyncpg

from common.contracts.reporting import RecallAttested, RedactionApplied, SinkReceipt
from common.contracts.vocabulary import Programme, Sink
from common.db import Connection, Database
from common.journal import Journal
from common.problems import Problem
from reporting.recalls import tables
from reporting.recalls.rules import Attestation, check_attestation


async def acknowledge_recall(db: Database, journal: Journal, plan_id: UUID, recall_id: UUID, now: datetime) -> None:
    """Raises Problem where the plan has no such recall."""
    async with db.begin_event() as tx:
        row = await tx.fetchrow(tables.ACKNOWLEDGE, recall_id, plan_id, now)
        if row is None:
            await _known(tx, recall_id, plan_id)
        else:
            await journal.append_event(tx, _answered(row, now, Sink.RECALL_ACKNOWLEDGED))


async def attest_recall(db: Database, journal: Journal, plan_id: UUID, recall_id: UUID, said: Attestation, now: datetime) -> None:
    """The statement itself goes to the journal, where nobody can change it. Raises Problem as above, and for a day to come."""
    check_attestation(said, now)
    async with db.begin_event() as tx:
        row = await tx.fetchrow(tables.ATTEST, recall_id, plan_id, now, said.method, said.attested_by)
        if row is None:
            return await _known(tx, recall_id, plan_id)
        sinks = [Sink.RECALL_ATTESTED] if row["was_acknowledged"] else [Sink.RECALL_ACKNOWLEDGED, Sink.RECALL_ATTESTED]
        attested = RecallAttested(
            occurred_at=now,
            client_id=row["client_id"],
            recall_id=recall_id,
            plan_id=plan_id,
            decision_id=row["decision_id"],
            **said.model_dump(),
        )
        await journal.append_event(tx, _answered(row, now, *sinks), attested)


async def _known(tx: Connection, recall_id: UUID, plan_id: UUID) -> None:
    if await tables.find_recall(tx, recall_id, plan_id) is None:
        raise Problem("not_found", "No such recall.")


def _answered(row: asyncpg.Record, now: datetime, *sinks: Sink) -> RedactionApplied:
    return RedactionApplied(
        occurred_at=now,
        client_id=row["client_id"],
        programme=Programme(row["programme"]),
        decision_id=row["decision_id"],
        receipts=tuple(SinkReceipt(sink=sink, records=row["records"]) for sink in sinks),
    )
