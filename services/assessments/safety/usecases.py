"""What can be done about safety flags: look, acknowledge."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.care.tables import providers_of
from assessments.safety import rules, tables
from assessments.safety.rules import SafetyFlag
from common.auth import Principal, Role
from common.db import Database
from common.deadlines import engine
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem


async def list_flags(db: Database, caller: Principal, before: UUID | None, limit: int, *, unacknowledged: bool) -> Sequence[SafetyFlag]:
    """The newest first: of the clients that are in the provider's care now, whoever was told; operations read all."""
    async with db.begin() as tx:
        provider = caller.id if caller.role is Role.PROVIDER else None
        return await tables.list_before(tx, provider, before, limit, unacknowledged=unacknowledged)


async def acknowledge(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, flag_id: UUID, now: datetime) -> SafetyFlag:
    """Somebody has looked, or takes care that somebody does. The clock stops. Raises Problem where it was acknowledged before."""

    async def work(tx: AsyncConnection) -> SafetyFlag:
        flag = await tables.find_locked(tx, flag_id)
        if flag is None or (caller.role is Role.PROVIDER and caller.id not in await providers_of(tx, flag.client_id)):
            raise Problem("not_found", "There is nothing here that you may see.")
        done = rules.acknowledged(flag, caller.id, "provider" if caller.role is Role.PROVIDER else "clinical_team", now)
        await tables.put(tx, done)
        await engine.stop(tx, rules.ACKNOWLEDGEMENT, subject=flag_id, occurred_at=now, now=now)
        await journal.append(tx, rules.acknowledged_event(done))
        return done

    return await once(db, caller, key, SafetyFlag, work)
