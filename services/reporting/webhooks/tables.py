"""`webhook_delivery`: what a recipient's endpoint is to be told, until it has said yes or we have given up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.schema import metadata
from reporting.webhooks.rules import Kind, Verdict

webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("delivery_id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("recall_id", pg.UUID(as_uuid=True)),
    sa.Column("correction_id", pg.UUID(as_uuid=True)),
    moment("created_at", filled=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_at", filled=True),
    sa.Column("last_status", sa.Integer),
    moment("delivered_at", nullable=True),
    moment("given_up_at", nullable=True),
    sa.CheckConstraint("num_nonnulls(recall_id, correction_id) = 1", name="about"),
    sa.Index("webhook_delivery_open_idx", "next_at", postgresql_where=sa.text("delivered_at is null and given_up_at is null")),
)

LEASE_SECONDS = 20
"""Longer than an attempt may take. Whoever is killed meanwhile is followed by another when it is over."""

# All times are the database's, and real: the endpoints are others' machines, which no simulated clock moves, and they look at how old
# a signature is. At most one delivery a recipient: who is slow holds up nobody else.
CLAIM = """
with next as materialized (
  select d.delivery_id, p.webhook_url, p.webhook_secret
    from recipient p
   cross join lateral (
     select delivery_id from webhook_delivery
      where recipient_id = p.recipient_id and delivered_at is null and given_up_at is null and next_at <= clock_timestamp()
      order by next_at limit 1 for update skip locked) d
   where p.webhook_url is not null and p.webhook_secret is not null and p.recipient_id <> all($1::uuid[])
   limit $2)
update webhook_delivery w
   set attempts = w.attempts + 1, next_at = clock_timestamp() + make_interval(secs => $3)
  from next n where w.delivery_id = n.delivery_id
returning w.delivery_id, w.recipient_id, w.kind, coalesce(w.recall_id, w.correction_id) as about, w.created_at, w.attempts,
          n.webhook_url as url, n.webhook_secret as secret"""

# Only by whoever made the last attempt: one whose lease ran out has been followed.
SETTLE = """
update webhook_delivery
   set last_status = $3, delivered_at = case when $4 = 'delivered' then clock_timestamp() end,
       given_up_at = case when $4 = 'given_up' then clock_timestamp() end,
       next_at = clock_timestamp() + make_interval(secs => $5)
 where delivery_id = $1 and attempts = $2 and delivered_at is null and given_up_at is null
returning true"""

SHOWN = "delivery_id, recipient_id, kind, recall_id, correction_id, created_at, attempts, next_at, last_status, given_up_at"

OPEN = f"select {SHOWN} from webhook_delivery where delivered_at is null and delivery_id > $1 order by delivery_id limit $2"

# Given up, it begins its ladder anew; otherwise it goes on where it is.
RETRY = f"""
update webhook_delivery
   set next_at = clock_timestamp(), given_up_at = null, attempts = case when given_up_at is null then attempts else 0 end
 where delivery_id = $1 and delivered_at is null returning {SHOWN}"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to attempt until the lease is over."""

    delivery_id: UUID
    recipient_id: UUID
    kind: Kind
    about: UUID
    """The recall, or the correction."""
    created_at: datetime
    attempts: int
    url: str
    secret: str


async def claim(tx: Connection, busy: Collection[UUID], limit: int) -> list[Claimed]:
    """The next one of each recipient that is not `busy`."""
    rows = await tx.fetch(CLAIM, list(busy), limit, LEASE_SECONDS)
    return [Claimed(**{**row, "kind": Kind(row["kind"])}) for row in rows]


async def settle(tx: Connection, claimed: Claimed, status: int | None, verdict: Verdict, pause: float) -> bool:
    """False where somebody else has gone on with it."""
    return bool(await tx.fetchval(SETTLE, claimed.delivery_id, claimed.attempts, status, verdict, pause))


async def undelivered(tx: Connection, after: UUID, limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(OPEN, after, limit)]


async def retry(tx: Connection, delivery_id: UUID) -> dict[str, object] | None:
    row = await tx.fetchrow(RETRY, delivery_id)
    return dict(row) if row else None
