"""`waiting_notice`: what scheduling has not taken yet. A row goes when it has, or when it is too late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Database
from common.notices.rules import Notice
from common.schema import moment


def add_waiting_notices(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "waiting_notice",
        metadata,
        sa.Column("notice_id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("about", pg.UUID(as_uuid=True)),
        moment("starts_at", nullable=True),
        sa.Column("link", sa.Text),
        moment("not_after", nullable=True),
        moment("created_at"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        moment("next_attempt_at", filled=True),
        sa.UniqueConstraint("kind", "recipient_id", "reason"),
        sa.Index("waiting_notice_next_idx", "next_attempt_at"),
        sa.Index("waiting_notice_about_idx", "about"),
    )


CLAIM = timedelta(seconds=30)
"""Longer than a hand-over takes. Whoever dies meanwhile leaves them to the next; scheduling knows each reason once."""

ADD = """
insert into waiting_notice (notice_id, kind, recipient_id, template, reason, about, starts_at, link, not_after, created_at)
select n.*, $10::timestamptz from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::timestamptz[],
                                         $8::text[], $9::timestamptz[]) as n
on conflict do nothing"""

# By the database's clock, not by `now`: a simulated day says nothing about a neighbour that is away for a minute.
TAKE = """
update waiting_notice set attempts = attempts + 1, next_attempt_at = clock_timestamp() + $2
 where notice_id in (select notice_id from waiting_notice where next_attempt_at <= clock_timestamp()
                      order by next_attempt_at limit $1 for update skip locked)
returning notice_id, kind, recipient_id, template, reason, about, starts_at, link, not_after, attempts"""

POSTPONE = """
update waiting_notice set next_attempt_at = clock_timestamp() + least(interval '1 second' * 2 ^ least(attempts, 6), interval '1 minute')
 where notice_id = any($1::uuid[])"""


async def add(tx: AsyncConnection, notices: Sequence[Notice], now: datetime) -> None:
    rows = [(uuid4(), n.kind, n.recipient_id, n.template, n.reason, n.about, n.starts_at, n.link, n.not_after) for n in notices]
    await tx.exec_driver_sql(ADD, (*map(list, zip(*rows, strict=True)), now))


async def take(db: Database, limit: int) -> dict[UUID, Notice]:
    rows = await db.pool.fetch(TAKE, limit, CLAIM)
    return {row["notice_id"]: Notice(**{name: row[name] for name in Notice.__dataclass_fields__}) for row in rows}


async def remove(db: Database, notice_ids: Sequence[UUID]) -> None:
    await db.pool.execute("delete from waiting_notice where notice_id = any($1::uuid[])", notice_ids)


async def remove_about(tx: AsyncConnection, about: UUID) -> None:
    """What waits still is of no use any more. What is being handed over right now is told."""
    await tx.exec_driver_sql("delete from waiting_notice where about = $1", (about,))


async def postpone(db: Database, notice_ids: Sequence[UUID]) -> None:
    await db.pool.execute(POSTPONE, notice_ids)
