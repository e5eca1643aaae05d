"""Chases recalls that a recipient does not acknowledge, or does not attest, in time.

A ladder of two rungs for each of the two: when it is overdue the recipient is reminded, by its topic and its webhook; when as much time
again has passed, somebody has to call it (`reporting.recall_escalated.v1`). Whoever attests late, or never acknowledged, climbs the
second ladder from its first rung.

What is overdue is judged by the service's clock against the moment of sending, which is the database's. On real time they are the same.
A simulated clock that is ahead makes a recall overdue that was sent a second ago, as it is meant to: that is how weeks pass in a demo.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.clock import Clock
from common.contracts.reporting import RecallEscalated
from common.db import Connection, Database
from common.journal import Journal, stream_of
from common.metrics import Metrics

log = logging.getLogger(__name__)

AT_ONCE = 500
EVERY, EVERY_SIMULATED = 30.0, 0.3
"""Seconds. Periods are hours and days."""

ATTEST_BY = "r.sent_at + make_interval(days => p.attest_days)"
ACKNOWLEDGE_BY = "r.sent_at + make_interval(hours => p.acknowledge_hours)"
CHASED = "r.recall_id, r.client_id, r.programme, r.plan_id, r.decision_id, r.overdue"

# Of several instances one gets a row: the others skip it while it is locked, and see it marked once it is not.
MARK = f"""
with due as materialized (
  select r.recall_id, case when $1 >= {ATTEST_BY} then 'attestation' else 'acknowledgement' end as overdue
    from recall r join recipient p on p.recipient_id = r.plan_id
   where r.attested_at is null and r.sent_at <= $1
     and ($1 >= {ATTEST_BY} and r.overdue is distinct from 'attestation'
          or $1 >= {ACKNOWLEDGE_BY} and r.acknowledged_at is null and r.overdue is null)
   limit $2 for update of r skip locked)
update recall r set overdue = d.overdue, reminders = 1, reminded_at = $1 from due d where r.recall_id = d.recall_id
returning {CHASED}"""

ESCALATE = f"""
with late as materialized (
  select r.recall_id from recall r join recipient p on p.recipient_id = r.plan_id
   where r.attested_at is null and r.sent_at <= $1 and r.overdue is not null and r.reminders = 1
     and $1 >= r.reminded_at + case r.overdue when 'attestation' then make_interval(days => p.attest_days)
                                              else make_interval(hours => p.acknowledge_hours) end
   limit $2 for update of r skip locked)
update recall r set reminders = 2 from late l where r.recall_id = l.recall_id
returning {CHASED}"""

NOTICE = """
insert into partner_notice (recipient_id, stream, kind, key, decision_id, client_id, programme) values ($1, $2, 'recall', $3, $4, $5, $6)"""

WEBHOOK = """
insert into webhook_delivery (recipient_id, kind, recall_id)
select recipient_id, 'recall_overdue', $2 from recipient where recipient_id = $1 and webhook_url is not null"""

COUNT = "select count(*) from recall where attested_at is null and overdue is not null"


async def chase_recalls(db: Database, journal: Journal, clock: Clock, metrics: Metrics) -> None:
    """Runs for the life of the process."""
    while True:
        try:
            await remind(db, journal, clock.now())
            await escalate(db, journal, clock.now())
            metrics.recalls_overdue.set(await db.pool.fetchval(COUNT))
        except Exception as error:  # the database is away, or a defect: the next round does it
            log.warning("recalls are not chased", extra={"error": type(error).__name__})
        await asyncio.sleep(EVERY_SIMULATED if clock.simulated else EVERY)


async def remind(db: Database, journal: Journal, now: datetime) -> int:
    """How many became overdue just now."""
    async with db.begin_event() as tx:
        late = await tx.fetch(MARK, now, AT_ONCE)
        if late:
            await _say_again(tx, journal, late)
            log.warning("recalls are overdue", extra={"recalls": len(late)})
    return len(late)


async def escalate(db: Database, journal: Journal, now: datetime) -> int:
    async with db.begin_event() as tx:
        late = await tx.fetch(ESCALATE, now, AT_ONCE)
        if late:
            log.error("recalls are overdue after a reminder", extra={"recalls": [str(row["recall_id"]) for row in late]})
            await journal.append_event(tx, *(_escalated(row, now) for row in late))
    return len(late)


async def _say_again(tx: Connection, journal: Journal, late: Sequence[Any]) -> None:
    for row in late:
        stream = stream_of(row["client_id"], journal.streams)
        await tx.execute(NOTICE, row["plan_id"], stream, row["recall_id"], row["decision_id"], row["client_id"], row["programme"])
        await tx.execute(WEBHOOK, row["plan_id"], row["recall_id"])


def _escalated(row: Any, now: datetime) -> RecallEscalated:
    ids = {name: row[name] for name in ("client_id", "recall_id", "plan_id", "decision_id")}
    return RecallEscalated(occurred_at=now, **ids)
