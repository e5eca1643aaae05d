"""Closing a recipient (C14): by command, or when the last contract ran out. What it holds stays its own to answer for: recalls, notices
and tombstones go on.

One transaction, under the recipient's lock in exclusive mode: when it is committed nothing is on its way, no access token and no file is
good any more, and the topic's states are being taken back. Nobody's sharing changes, and no client's rows are locked: opt-outs go past.
"""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from common.clock import Clock
from common.contracts.recipients import GateClosed, GateCloseReason
from common.contracts.vocabulary import Purpose
from common.db import Connection, Database
from common.journal import Journal
from common.metrics import Metrics
from reporting.authorization.tables import end_tokens
from reporting.contracts import tables
from reporting.contracts.rules import NOTICE, covered_until
from reporting.contracts.tables import Opening
from reporting.recipients import tables as recipients

log = logging.getLogger(__name__)
LOOK_EVERY = 0.5
"""Seconds. The gate itself needs nobody to look."""

CLOSE = "update release_opening set closed_at = $2, closed_by = $3, close_reason = $4 where opening_id = $1"
LENGTHEN = "update release_opening set open_until = $2 where opening_id = $1 and closed_at is null"
END_EXPORTS = """
update export set status = 'expired', expires_at = $2 where recipient_id = $1 and status in ('in_progress', 'complete')"""

# Tokens stay as they are: an opt-out that comes now takes its own back once more, and has its receipt.
TAKE_BACK = """
insert into partner_notice (recipient_id, stream, kind, key, client_id, programme)
select c.plan_id, k.stream, 'tombstone', k.token, k.client_id, k.programme
  from recipient_token k join client c using (client_id) where c.plan_id = $1 and k.on_topic and k.ended_at is null"""


async def settle(tx: Connection, journal: Journal, recipient_id: UUID, now: datetime, by: UUID | None = None) -> None:
    """Judges the opening by the contracts as they are: longer, shorter, or over. Under the recipient's lock where it may be over."""
    opening = await find_open(tx, recipient_id)
    if opening is None:
        return
    purpose = Purpose(await tx.fetchval("select purpose from recipient where recipient_id = $1", recipient_id))
    contracts = await tables.contracts_of(tx, recipient_id)
    until = covered_until(opening.opened_at, contracts, purpose)
    if until > now:
        await tx.execute(LENGTHEN, opening.opening_id, until)
    else:
        await _close(tx, journal, opening, now, by)


async def find_open(tx: Connection, recipient_id: UUID) -> Opening | None:
    found = await tables.openings_of(tx, recipient_id)
    return found[0] if found and found[0].closed_at is None else None


async def _close(tx: Connection, journal: Journal, opening: Opening, now: datetime, by: UUID | None) -> None:
    reason = GateCloseReason.EXPIRED if by is None else GateCloseReason.ENDED
    recipient_id = opening.recipient_id
    await tx.execute(CLOSE, opening.opening_id, now, by, reason)
    await end_tokens(tx, recipient_id)
    await tx.execute(END_EXPORTS, recipient_id, now)
    await tx.execute(TAKE_BACK, recipient_id)
    await journal.append_event(tx, GateClosed(occurred_at=now, recipient_id=recipient_id, opening_id=opening.opening_id, reason=reason))
    log.warning("a recipient is closed", extra={"recipient": str(recipient_id), "reason": reason})


async def close_over(db: Database, journal: Journal, recipient_id: UUID, now: datetime) -> None:
    """Closes the recipient if its time has run out, and changes nothing otherwise."""
    async with db.begin_event() as tx:
        opening = await find_open(tx, recipient_id)
        if opening is None or opening.open_until > now:
            return
        await tables.shut_out(tx, recipient_id)
        await recipients.for_change(tx, recipient_id)
        opening = await find_open(tx, recipient_id)
        if opening is not None and opening.open_until <= now:
            await _close(tx, journal, opening, now, None)


async def watch_contracts(db: Database, journal: Journal, clock: Clock, metrics: Metrics) -> None:
    """Runs for the life of the process."""
    while True:
        try:
            now = clock.now()
            async with db.pool.acquire() as tx:
                running_out = await tables.over(tx, now + NOTICE)
            metrics.contracts_running_out.set(len(running_out))
            for opening in running_out:
                if opening.open_until <= now:
                    await close_over(db, journal, opening.recipient_id, clock.now())
        except Exception as error:  # the database is away: the gate is closed all the same
            log.warning("contracts are not watched", extra={"error": type(error).__name__})
        await asyncio.sleep(LOOK_EVERY)
