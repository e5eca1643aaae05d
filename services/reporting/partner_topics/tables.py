"""What still has to go to the partner topics: clients whose state changed, and notices of what was taken back, aggregate releases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.release_gate.gate import Hold
from reporting.resources.expressions import SYSTEM, rendered
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
    sa.Column("decision_id", pg.UUID(as_uuid=True)),
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

# A client without a recipient has none that is registered.
WAITING = """
select distinct d.stream, r.recipient_id
  from partner_dirty d
  left join client c using (client_id)
  left join recipient r on r.recipient_id = c.plan_id
  left join release_opening o on o.recipient_id = r.recipient_id and o.closed_at is null and o.opened_at <= $2 and o.open_until > $2
 where d.client_id <> all($1::uuid[]) and (r.recipient_id is null or o.opening_id is not null)
 order by d.stream, r.recipient_id"""
FORGET_UNREGISTERED = """
with unregistered as materialized (
  select d.client_id, d.programme, d.marks from partner_dirty d
   where d.stream = $1
     and not exists (select from client c join recipient r on r.recipient_id = c.plan_id where c.client_id = d.client_id))
delete from partner_dirty d using unregistered u
 where d.client_id = u.client_id and d.programme = u.programme and d.marks = u.marks"""

# A state is put together when it leaves, from what is shared then, for registered recipients only. Its digest leaves out what changes by
# itself: the same again is not sent, for how often something is sent would tell how often somebody is seen (C16).
TAKE_STATES = f"""
with taken as (
  select d.client_id, d.programme, d.marks from partner_dirty d join client c using (client_id)
   where d.stream = $1 and d.client_id <> all($4::uuid[]) and c.plan_id = $7 limit $2),
scope as (
  select s.client_id, s.programme, s.token, s.categories, k.opened_at, s.decided_at, s.notice_digest
    from taken t
    join sharing s using (client_id, programme)
    join recipient_token k on k.token = s.token
    join client c on c.client_id = s.client_id
    join recipient p on p.recipient_id = c.plan_id
   where s.decision = 'opted_in' and not exists (select from parked_client b where b.client_id = s.client_id)),
state as (
  select r.client_id, r.programme, r.token, array_remove(array_agg(distinct r.category), null) as categories, count(*)::int as records,
         jsonb_agg(jsonb_build_object('fullUrl', $5 || '/fhir/' || r.type || '/' || r.id, 'resource', r.body)
                   order by r.type, r.id) as entry,
         jsonb_agg(r.body #- '{{meta,lastUpdated}}' order by r.type, r.id) as content
    from ({rendered("scope")}) r group by r.client_id, r.programme, r.token),
changed as (
  select d.*, octet_length(d.entry::text) <= $6 / case when d.sealed then 2 else 1 end as fits
    from (select s.*, p.recipient_id, p.slug, p.purpose, p.sealed, k.state_digest,
                 sha256(convert_to(p.sealed::text || s.content::text, 'UTF8')) as digest
            from state s
            join recipient_token k on k.token = s.token
            join client c on c.client_id = s.client_id
            join recipient p on p.recipient_id = c.plan_id) d
   where d.state_digest is distinct from d.digest),
noted as (
  insert into disclosure (client_id, programme, token, recipient, recipient_id, purpose, path, categories, records, gated_at,
                          contract_id, disclosed_at)
  select client_id, programme, token, 'health_plan', recipient_id, purpose, 'partner_topic', categories, records, $3, $8, $9
    from changed where fits),
marked as (
  update recipient_token k set on_topic = true from changed c where k.token = c.token and c.fits)
select t.client_id, t.programme, t.marks, c.token, c.slug, c.sealed, c.digest, not coalesce(c.fits, true) as too_large,
       case when c.fits then jsonb_build_object(
         'resourceType', 'Bundle', 'type', 'collection',
         'meta', jsonb_build_object('tag', jsonb_build_array(
            jsonb_build_object('system', '{SYSTEM}:purpose', 'code', c.purpose),
            jsonb_build_object('system', '{SYSTEM}:programme', 'code', c.programme))),
         'identifier', jsonb_build_object('system', '{SYSTEM}:recipient-token', 'value', c.token),
         'entry', c.entry)::text end as value
  from taken t left join changed c using (client_id, programme)"""

KEEP_DIGESTS = """
update recipient_token k set state_digest = s.digest from unnest($1::uuid[], $2::bytea[]) as s(token, digest) where k.token = s.token"""

# What changed again meanwhile stays.
DROP_DIRTY = """
delete from partner_dirty d using unnest($1::uuid[], $2::text[], $3::int[]) as s(client_id, programme, marks)
 where d.client_id = s.client_id and d.programme = s.programme and d.marks = s.marks"""

# What a plan that is not registered would be told waits until it is.
NOTICES = """
select n.notice_id, n.recipient_id, p.slug, n.kind, n.key, n.decision_id, n.client_id, n.programme
  from partner_notice n join recipient p using (recipient_id) order by n.notice_id limit $1"""

UNSENT = """
select release_id, month from release r
 where not exists (select from partner_release p where p.recipient_id = $1 and p.release_id = r.release_id) order by month"""

KEEP_SENT = """
insert into partner_release (recipient_id, release_id) select $1, r from unnest($2::uuid[]) r on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody's state is to be sent: of which stream, to whom; to nobody where the plan is not registered."""

    stream: int
    recipient_id: UUID | None


@dataclass(frozen=True, slots=True)
class State:
    """A client's state as it leaves; without a value where nothing is shared (any more), or nothing new, or more than a message holds."""

    client_id: UUID
    programme: str
    marks: int
    token: UUID
    slug: str
    sealed: bool
    digest: bytes
    too_large: bool
    value: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A tombstone for a key of the individual topic, or a notice of what was taken back or corrected. A decision of the client, where it is
    one that led to it."""

    notice_id: int
    recipient_id: UUID
    slug: str
    kind: Literal["tombstone", "redacted", "recall", "correction"]
    key: UUID
    decision_id: UUID | None
    client_id: UUID
    programme: str


async def mark_dirty(tx: Connection, client_ids: Sequence[UUID]) -> None:
    """Within the transaction that changed the records; nothing for clients who do not share."""
    await tx.execute(MARK_DIRTY, client_ids)


async def waiting(tx: Connection, without: Sequence[UUID], now: datetime) -> list[Waiting]:
    """What of a recipient that is closed waits, is not among it (C14). `without`: clients that are left alone."""
    return [Waiting(**row) for row in await tx.fetch(WAITING, without, now)]


async def forget_unregistered(tx: Connection, stream: int) -> None:
    """Of clients whose plan is not registered: all of its clients are marked when it is."""
    await tx.execute(FORGET_UNREGISTERED, stream)


async def take_states(hold: Hold, limit: int, without: Sequence[UUID], url: str, largest: int) -> list[State]:
    """What leaves is on record as disclosed when this returns. `without`: clients that are left alone; `largest`: bytes of a state."""
    what = (hold.stream, limit, hold.gated_at, without, url, largest)
    return [State(**row) for row in await hold.tx.fetch(TAKE_STATES, *what, hold.recipient_id, hold.contract_id, hold.at)]


async def drop_dirty(hold: Hold, states: Sequence[State]) -> None:
    """Once the broker has them."""
    sent = [s for s in states if s.value is not None]
    async with hold.tx.transaction():
        await hold.tx.execute(KEEP_DIGESTS, [s.token for s in sent], [s.digest for s in sent])
        await hold.tx.execute(DROP_DIRTY, [s.client_id for s in states], [s.programme for s in states], [s.marks for s in states])


async def notices(tx: Connection, limit: int) -> list[Notice]:
    return [Notice(**row) for row in await tx.fetch(NOTICES, limit)]


async def drop_notices(tx: Connection, sent: Sequence[Notice]) -> None:
    await tx.execute("delete from partner_notice where notice_id = any($1::bigint[])", [notice.notice_id for notice in sent])


async def unsent_releases(tx: Connection, recipient_id: UUID) -> list[tuple[UUID, str]]:
    """Which, and the month that each closed."""
    return [(row["release_id"], row["month"]) for row in await tx.fetch(UNSENT, recipient_id)]


async def keep_sent(tx: Connection, recipient_id: UUID, release_ids: Sequence[UUID]) -> None:
    await tx.execute(KEEP_SENT, recipient_id, release_ids)
