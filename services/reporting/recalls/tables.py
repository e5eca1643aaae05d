"""Recalls: what a recipient has already taken and is asked to delete, and how far it has come with that."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
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

PAGE = """
select recall_id, tokens, exports, created_at, acknowledged_at from recall
 where plan_id = $1 and recall_id > $2 and ($3 or acknowledged_at is null) order by recall_id limit $4"""

ACKNOWLEDGE = """
update recall set acknowledged_at = $3 where recall_id = $1 and plan_id = $2 and acknowledged_at is null
returning client_id, programme, decision_id, cardinality(tokens) as records"""


async def mark_sent(tx: Connection, recall_ids: Sequence[UUID]) -> None:
    await tx.execute("update recall set sent_at = clock_timestamp() where recall_id = any($1::uuid[])", recall_ids)


async def recalls_of(tx: Connection, plan_id: UUID, after: UUID, everything: bool, limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(PAGE, plan_id, after, everything, limit)]
