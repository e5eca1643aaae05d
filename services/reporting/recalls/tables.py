"""Recalls: what a recipient has already taken and is asked to delete, and how far it has come with that."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.recalls.rules import State
from reporting.schema import metadata

recall = sa.Table(
    "recall",
    metadata,
    sa.Column("recall_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("decision_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("tokens", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
    sa.Column("exports", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
    moment("created_at", filled=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    moment("attested_at", nullable=True),
    sa.Column("attested_by", sa.Text),
    sa.Column("method", sa.Text),
    sa.Column("overdue", sa.Text),
    sa.Column("reminders", sa.Integer, nullable=False, server_default="0"),
    moment("reminded_at", nullable=True),
    sa.Index("recall_open_idx", "sent_at", postgresql_where=sa.text("attested_at is null")),
)

STATE = """
case when attested_at is not null then 'attested' when acknowledged_at is not null then 'acknowledged'
     when sent_at is not null then 'sent' else 'requested' end"""

SHOWN = f"recall_id, {STATE} as state, tokens, exports, created_at, sent_at, acknowledged_at, attested_at, overdue"

PAGE = f"""
select {SHOWN} from recall where plan_id = $1 and recall_id > $2 and {STATE} = any($3::text[]) order by recall_id limit $4"""

ONE = f"select {SHOWN} from recall where recall_id = $1 and plan_id = $2"

# Without the tokens: whoever looks after the recipients needs none.
PROGRESS = f"""
select r.recall_id, {STATE} as state, r.plan_id, p.slug, r.decision_id, cardinality(r.exports) as exports, r.created_at, r.sent_at,
       r.acknowledged_at, r.attested_at, r.method, r.attested_by, r.overdue, r.overdue is not null and r.reminders > 1 as escalated
  from recall r left join recipient p on p.recipient_id = r.plan_id
 where r.recall_id > $1 and (not $2 or r.overdue is not null) order by r.recall_id limit $3"""

ANSWERED = "client_id, programme, plan_id, decision_id, cardinality(tokens) as records"

ACKNOWLEDGE = f"""
update recall
   set acknowledged_at = $3, overdue = nullif(overdue, 'acknowledgement'),
       reminders = case when overdue = 'attestation' then reminders else 0 end,
       reminded_at = case when overdue = 'attestation' then reminded_at end
 where recall_id = $1 and plan_id = $2 and acknowledged_at is null
returning {ANSWERED}"""

ATTEST = f"""
with before as (
  select recall_id as id, acknowledged_at is not null as was_acknowledged from recall
   where recall_id = $1 and plan_id = $2 and attested_at is null for update)
update recall
   set attested_at = $3, method = $4, attested_by = $5, acknowledged_at = coalesce(acknowledged_at, $3),
       overdue = null, reminders = 0, reminded_at = null
  from before where recall_id = before.id
returning {ANSWERED}, before.was_acknowledged"""

# What is said again keeps the time at which it was said first: the recipient's periods run from then, whatever is repeated.
MARK_SENT = "update recall set sent_at = clock_timestamp() where recall_id = any($1::uuid[]) and sent_at is null returning recall_id"


async def mark_sent(tx: Connection, recall_ids: Sequence[UUID]) -> list[UUID]:
    """Those that were sent for the first time; the others were reminders.

    By the database's clock, which is everybody's. `chasing` says what that means where the clock is simulated.
    """
    return [row["recall_id"] for row in await tx.fetch(MARK_SENT, recall_ids)]


async def recalls_of(tx: Connection, plan_id: UUID, after: UUID, states: Sequence[State], limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(PAGE, plan_id, after, [str(state) for state in states], limit)]


async def find_recall(tx: Connection, recall_id: UUID, plan_id: UUID) -> dict[str, object] | None:
    row = await tx.fetchrow(ONE, recall_id, plan_id)
    return dict(row) if row else None


async def progress(tx: Connection, after: UUID, overdue: bool, limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(PROGRESS, after, overdue, limit)]
