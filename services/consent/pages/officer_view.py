"""What the privacy officer's page shows: what waits for a person, and by when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request

from common.db import Database
from common.operating import ParkedClient, list_parked_clients
from consent.ledger.rules import CheckpointRow
from consent.ledger.tables import read_checkpoint, read_checkpoint_head
from consent.mail import tables as mails
from consent.mail.tables import Kept
from consent.propagation import tables as propagation
from consent.propagation.tables import Overdue
from consent.statutory_deadlines.tables import Standing, standing


@dataclass(frozen=True, slots=True)
class Parked:
    """A client whose events wait in a service."""

    service: str
    client: ParkedClient
    due_at: datetime

    @property
    def overdue(self) -> bool:
        return self.due_at < datetime.now(UTC)


POLICIES = {
    "requests": ("access_request", "access_request_extended", "correction", "correction_extended"),
    "legal_demands": ("legal_demand",),
}
"""Which statutory periods each page is about."""


@dataclass(frozen=True, slots=True)
class Office:
    due: Mapping[str, Sequence[Standing]]
    """What runs, by page."""
    mails: Sequence[Kept]
    overdue_sinks: Sequence[Overdue]
    parked: Sequence[Parked]
    reporting_away: bool
    checkpoint: CheckpointRow | None


async def office(request: Request, now: datetime) -> Office:
    db: Database = request.app.state.db
    due = timedelta(seconds=request.app.state.settings.parked_due_seconds)
    async with db.pool.acquire() as tx:
        waiting, overdue = await mails.waiting(tx), await propagation.overdue(tx)
        running = await standing(tx, now)
        head = await read_checkpoint_head(tx)
        checkpoint = await read_checkpoint(tx, head.number) if head else None
    here, there = await list_parked_clients(db), await request.app.state.reporting.parked()
    found = [("consent", item) for item in here.items] + [("reporting", item) for item in (there.items if there else [])]
    parked = [Parked(service, item, item.parked_at + due) for service, item in found]
    due_by_page = {page: [running[code] for code in codes if code in running] for page, codes in POLICIES.items()}
    return Office(due_by_page, waiting, overdue, sorted(parked, key=lambda one: one.due_at), there is None, checkpoint)
