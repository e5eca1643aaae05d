"""Applying a correction that the privacy officer has accepted (C10, 45 CFR 164.526(c)(1))."""

from datetime import datetime
from uuid import UUID

from common.contracts.corrections import Applying
from common.db import Database
from common.journal import Journal
from common.problems import Problem
from scheduling.corrections import rules, tables
from scheduling.eligibility import verifying


async def apply_correction(db: Database, journal: Journal, correction_id: UUID, said: Applying, now: datetime) -> datetime:
    """When it was applied: the first time counts. Raises Problem for a client that is none, and a value that may not be."""
    async with db.begin() as tx:
        before = await tables.lock_client(tx, said.client_id)
        if before is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        if earlier := await tables.applied_at(tx, correction_id):
            return earlier
        after = rules.corrected(before, said, verifying.today(before, now))
        if said.field == "member_id" and await tables.member_id_taken(tx, after):
            raise Problem("already_exists", "Somebody else at this employer has this member id.", field="value")
        await tables.write(tx, correction_id, said.field, before, after, now)
        await journal.append(tx, rules.fact(correction_id, before, after, now))
        if said.field == "state":
            await verifying.verify_all(tx, journal, [after], now)  # a contract can be for some states only (S1)
    return now
