"""What an officer sees of the recipients: contracts, whether anything may be released now, audits and when the next one is due (C14)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from common.db import Database
from reporting.audits import tables as audit_tables
from reporting.audits.rules import next_due
from reporting.audits.tables import Audit
from reporting.contracts import tables
from reporting.contracts.rules import NOTICE, Contract, in_force
from reporting.contracts.tables import Opening
from reporting.recipients import tables as recipients
from reporting.recipients.rules import Registration


class Shown(BaseModel):
    recipient_id: UUID
    slug: str
    open: bool
    """Whether it may get anything now."""
    open_until: datetime | None
    runs_out: bool
    """Within sixty days, and nothing follows."""
    resumable: bool
    """Closed, and a contract is in force: an officer may open it again."""
    contract_in_force: UUID | None
    next_audit_due: date | None
    audit_overdue: bool
    contracts: list[Contract]
    openings: list[Opening]
    audits: list[Audit]


async def overview(db: Database, now: datetime) -> list[Shown]:
    async with db.pool.acquire() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        registered, contracts = await recipients.every(tx), await tables.every_contract(tx)
        openings, audits = await tables.every_opening(tx), await audit_tables.audits(tx)
    return [
        shown(
            one,
            [c for c in contracts if c.recipient_id == one.recipient_id],
            [o for o in openings if o.recipient_id == one.recipient_id],
            [a for a in audits if a.recipient_id == one.recipient_id],
            now,
        )
        for one in registered
    ]


def shown(one: Registration, contracts: Sequence[Contract], openings: Sequence[Opening], audits: Sequence[Audit], now: datetime) -> Shown:
    current = in_force(contracts, one.purpose, now)
    opening = next((o for o in openings if o.closed_at is None and o.opened_at <= now < o.open_until), None)
    performed = [audit.performed_on for audit in audits if audit.performed_on]
    due = next_due(current.valid_from.date(), performed, current.audit_every_months) if current else None
    return Shown(
        recipient_id=one.recipient_id,
        slug=one.slug,
        open=opening is not None and current is not None,
        open_until=opening.open_until if opening else None,
        runs_out=opening is not None and opening.open_until <= now + NOTICE,
        resumable=current is not None and opening is None,
        contract_in_force=current.contract_id if current else None,
        next_audit_due=due,
        audit_overdue=due is not None and due < now.date(),
        contracts=list(contracts),
        openings=list(openings),
        audits=list(audits),
    )
