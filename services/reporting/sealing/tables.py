"""`sealing_key`: the key of one recipient token, wrapped. Deleted with the consent; what was sealed with it stays shut."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.release_gate.gate import Hold
from reporting.schema import metadata

sealing_key = sa.Table(
    "sealing_key",
    metadata,
    sa.Column("token", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("wrapped", pg.BYTEA, nullable=False),
    moment("made_at", filled=True),
)

# Of tokens whose consent stands: a backup that was put back may hold more.
OF_TOKENS = """
select s.token, s.epoch, s.wrapped
  from sealing_key s join recipient_token t using (token) where s.token = any($1::uuid[]) and t.ended_at is null"""

# In the order of the tokens: two that make keys of the same ones wait for each other, and not in a ring.
KEEP = """
insert into sealing_key (token, epoch, wrapped)
select t.token, w.epoch, w.wrapped
  from unnest($1::uuid[], $2::text[], $3::bytea[]) as w(token, epoch, wrapped) join recipient_token t using (token) where t.ended_at is null
 order by t.token
on conflict (token) do nothing"""

# An epoch's key is destroyed under the exclusive lock only: whoever wraps under it holds the shared one until the row is committed.
WRAPPING = 0x5EA1
LOCK_IN = f"select pg_advisory_xact_lock_shared({WRAPPING}, hashtext($1))"
LOCK_OUT = f"select pg_advisory_lock({WRAPPING}, hashtext($1))"
LET_IN = f"select pg_advisory_unlock({WRAPPING}, hashtext($1))"

UNDER = "select token, epoch, wrapped from sealing_key where epoch = $1 and token > $2 order by token limit $3"

# Never waits for a row: whoever holds one may be an opt-out, which nothing keeps waiting. What is skipped is looked at again.
WRAP_ANEW = """
with free as (
  select s.token, w.wrapped
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as w(token, epoch, wrapped) join sealing_key s using (token, epoch)
     for update of s skip locked)
update sealing_key s set epoch = $4, wrapped = free.wrapped from free where s.token = free.token"""

# What the partner topic holds of those cannot be opened any more: it goes there once more, under a new key.
SEND_AGAIN = """
again as (
  update recipient_token t set state_digest = null from lost where t.token = lost.token and t.ended_at is null and t.on_topic
  returning t.client_id, t.programme, t.stream),
marked as (
  insert into partner_dirty (client_id, programme, stream) select client_id, programme, stream from again
  on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1)
select count(*)::int from lost"""

DROP_LOST = f"""
with lost as (
  delete from sealing_key s using unnest($1::uuid[], $2::text[]) as l(token, epoch)
   where s.token = l.token and s.epoch = l.epoch returning s.token),
{SEND_AGAIN}"""

DROP_WITHOUT_EPOCH = f"""
with lost as (delete from sealing_key where epoch <> all($1::text[]) returning token),
{SEND_AGAIN}"""

# What a backup that was put back brought with it.
DROP_ENDED = """
with dropped as (
  delete from sealing_key s
   where not exists (select from recipient_token t where t.token = s.token and t.ended_at is null) returning 1)
select count(*)::int from dropped"""

# The very rule of a page: shared at this moment under the token of this consent, with this recipient; a parked client counts as opted out.
# It is on record before the key leaves (C9). No records: those left before, and are on record themselves.
HAND_OUT = """
with open as (
  select t.token, t.client_id, t.programme, s.categories
    from recipient_token t
    join client c using (client_id)
    join sharing s on s.client_id = t.client_id and s.programme = t.programme and s.token = t.token and s.decision = 'opted_in'
   where t.token = any($1::uuid[]) and t.stream = $2 and t.ended_at is null and c.plan_id = $3
     and exists (select from sealing_key k where k.token = t.token)
     and not exists (select from parked_client p where p.client_id = t.client_id)),
noted as (
  insert into disclosure (client_id, programme, token, recipient, recipient_id, purpose, path, categories, records, gated_at,
                          contract_id, disclosed_at)
  select client_id, programme, token, 'health_plan', $3, $4, 'sealing_key', categories, 0, $5, $7, $8 from open)
select token, clock_timestamp() + $6 * interval '1 second' as ends_at from open"""


@dataclass(frozen=True, slots=True)
class Wrapped:
    token: UUID
    epoch: str
    wrapped: bytes


async def of_tokens(tx: Connection, tokens: Collection[UUID]) -> list[Wrapped]:
    return [Wrapped(**row) for row in await tx.fetch(OF_TOKENS, list(tokens))]


async def keep(tx: Connection, made: Sequence[Wrapped]) -> None:
    """What is there already stays."""
    await tx.execute(KEEP, *_columns(made))


async def under(tx: Connection, epoch: str, after: UUID, limit: int) -> list[Wrapped]:
    return [Wrapped(**row) for row in await tx.fetch(UNDER, epoch, after, limit)]


async def wrap_anew(tx: Connection, old: Sequence[Wrapped], new: Sequence[Wrapped], epoch: str) -> None:
    """Row by row those that are as they were."""
    tokens, epochs, _ = _columns(old)
    await tx.execute(WRAP_ANEW, tokens, epochs, [n.wrapped for n in new], epoch)


async def drop_lost(tx: Connection, lost: Sequence[Wrapped]) -> None:
    tokens, epochs, _ = _columns(lost)
    await tx.execute(DROP_LOST, tokens, epochs)


def _columns(rows: Sequence[Wrapped]) -> tuple[list[UUID], list[str], list[bytes]]:
    return [row.token for row in rows], [row.epoch for row in rows], [row.wrapped for row in rows]


async def hand_out(hold: Hold, tokens: Collection[UUID], recipient_id: UUID, purpose: str, seconds: int) -> dict[UUID, datetime]:
    """Whose keys may leave now, and until when they may be kept. On record as disclosed when this returns."""
    who = (list(tokens), hold.stream, recipient_id, purpose)
    rows = await hold.tx.fetch(HAND_OUT, *who, hold.gated_at, seconds, hold.contract_id, hold.at)
    return {row["token"]: row["ends_at"] for row in rows}
