"""What still has to go to the partner topics: clients whose state changed, and notices (tombstones, recalls)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.disclosures.tables import SHARED_NOW
from reporting.release_gate.gate import Hold
from reporting.schema import metadata

partner_dirty = sa.Table(
    "partner_dirty",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("stream", sa.Integer, nullable=False, index=True),
    sa.Column("marks", sa.Integer, nullable=False, server_default="1"),
)

partner_notice = sa.Table(
    "partner_notice",
    metadata,
    sa.Column("notice_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("stream", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("decision_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    moment("at", filled=True),
)

partner_release = sa.Table(
    "partner_release",
    metadata,
    sa.Column("recipient_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("release_id", pg.UUID(as_uuid=True), primary_key=True),
    moment("sent_at", filled=True),
    comment="the aggregate releases that a recipient's topic has",
)

MARK_DIRTY = """
insert into partner_dirty (client_id, programme, stream)
select s.client_id, s.programme, s.stream from sharing s where s.client_id = any($1::uuid[]) and s.decision = 'opted_in'
on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1"""

# The state of a client is put together when it leaves, from what is shared then.
TAKE_STATES = f"""
with taken as (select client_id, programme, marks from partner_dirty where stream = $1 limit $2),
state as (
  select r.client_id, r.programme, r.token, array_agg(distinct r.category) as categories, count(*)::int as records,
         jsonb_agg(r.body || jsonb_build_object('category', r.category) order by r.occurred_at) as body
    from (select r.*, s.token from taken t
            join record r using (client_id, programme)
            join sharing s using (client_id, programme)
            join client c using (client_id, programme)) r
   where {SHARED_NOW}
   group by r.client_id, r.programme, r.token),
noted as (
  insert into disclosure (client_id, programme, token, recipient, purpose, path, categories, records, gated_at)
  select client_id, programme, token, 'health_plan', 'personalised_health_recommendations', 'partner_topic', categories, records, $3
    from state)
select t.client_id, t.programme, t.marks, s.token,
       case when s.token is not null then
         jsonb_build_object('token', s.token, 'programme', s.programme, 'purpose', 'personalised_health_recommendations',
                            'records', s.body)::text end as value
  from taken t left join state s using (client_id, programme)"""

# What changed again meanwhile stays.
DROP_DIRTY = """
delete from partner_dirty d using unnest($1::uuid[], $2::text[], $3::int[]) as s(client_id, programme, marks)
 where d.client_id = s.client_id and d.programme = s.programme and d.marks = s.marks"""

NOTICES = "select * from partner_notice order by notice_id limit $1"


@dataclass(frozen=True, slots=True)
class State:
    """A client's state as it leaves; without a value where nothing is shared (any more)."""

    client_id: UUID
    programme: str
    marks: int
    token: UUID | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A tombstone for a key of the state topic, or a recall."""

    notice_id: int
    recipient_id: UUID
    stream: int
    kind: str
    key: UUID
    decision_id: UUID
    client_id: UUID
    programme: str
    at: object


async def mark_dirty(tx: Connection, client_ids: Sequence[UUID]) -> None:
    """Within the transaction that changed the records; nothing for clients who do not share."""
    await tx.execute(MARK_DIRTY, client_ids)


async def dirty_streams(tx: Connection) -> list[int]:
    return [row["stream"] for row in await tx.fetch("select distinct stream from partner_dirty order by stream")]


async def take_states(hold: Hold, limit: int) -> list[State]:
    """What leaves is on record as disclosed when this returns."""
    return [State(**row) for row in await hold.tx.fetch(TAKE_STATES, hold.stream, limit, hold.gated_at)]


async def drop_dirty(hold: Hold, states: Sequence[State]) -> None:
    """Once the broker has them."""
    await hold.tx.execute(DROP_DIRTY, [s.client_id for s in states], [s.programme for s in states], [s.marks for s in states])


async def notices(tx: Connection, limit: int) -> list[Notice]:
    return [Notice(**row) for row in await tx.fetch(NOTICES, limit)]


async def drop_notices(tx: Connection, sent: Sequence[Notice]) -> None:
    await tx.execute("delete from partner_notice where notice_id = any($1::bigint[])", [notice.notice_id for notice in sent])
