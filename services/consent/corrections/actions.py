"""What the clock sets off while a correction is not decided. Each runs in the transaction that fires it, so it happens once."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines.firing import Action, Fired, Firing
from consent.corrections import tables
from consent.corrections.rules import State
from consent.corrections.tables import Line

log = logging.getLogger(__name__)
UNDECIDED = (State.OPEN, State.ACCEPTED)


def actions() -> Mapping[str, Action]:
    """All that the policies of corrections name. The event of a breach is appended by whoever fires it."""
    return {"warn_of_correction": _noting("warned"), "note_overdue_correction": _noting("overdue")}


def _noting(what: Literal["warned", "overdue"]) -> Action:
    async def act(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        """What is being decided this very moment waits for the next sweep, which finds its clock stopped."""
        free = await tables.lock_free(tx, [firing.deadline.subject for firing in firings])
        for firing in firings:
            correction_id = firing.deadline.subject
            client_id, state = free.get(correction_id, (None, ""))
            if client_id and state in UNDECIDED:
                await tables.change(tx, correction_id, warned_at=now)
                await tables.note_by_id(tx, correction_id, client_id, Line(what, firing.rung_key, None, now))
                if what == "overdue":
                    log.error("a correction is overdue", extra={"correction": str(correction_id)})
        return Fired(not_now=[firing.deadline.deadline_id for firing in firings if firing.deadline.subject not in free])

    return act
