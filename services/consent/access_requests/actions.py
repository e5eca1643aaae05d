"""What the clock sets off while a request is not answered. Each runs in the transaction that fires it, so it happens once."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines.firing import Action, Fired, Firing
from consent.access_requests import tables
from consent.access_requests.rules import State
from consent.access_requests.tables import Line

log = logging.getLogger(__name__)


def actions() -> Mapping[str, Action]:
    """All that the policies of access requests name. The event of a breach is appended by whoever fires it."""
    return {"warn_of_access_request": _noting("warned"), "note_overdue_access_request": _noting("overdue")}


def _noting(what: Literal["warned", "overdue"]) -> Action:
    async def act(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        """What is being answered this very moment waits for the next sweep, which finds its clock stopped."""
        free = await tables.lock_free(tx, [firing.deadline.subject for firing in firings])
        for firing in firings:
            request = free.get(firing.deadline.subject)
            if request and request.state is State.COLLECTING:
                await tables.change(tx, request.request_id, warned_at=now)
                await tables.note(tx, request, Line(what, now, detail=firing.rung_key))
                if what == "overdue":
                    log.error("an access request is overdue", extra={"request": str(request.request_id)})
        return Fired(not_now=[firing.deadline.deadline_id for firing in firings if firing.deadline.subject not in free])

    return act
