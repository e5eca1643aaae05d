"""Applying decisions: one statement each for opening and for closing somebody's sharing. Cost grows with the client's own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.applying import Received
from common.contracts.consent import Decided, OptedIn, SharingNarrowed, SharingResumed
from common.db import Connection

# What ends with a consent, whether by an opt-out or by another consent: of the clients of the CTE `ending`
# (client_id, programme, stream, decision_id). The key goes first: with it go all sealed copies, wherever they are.
END = """
ended as (
  update recipient_token k set ended_at = now() from ending e
   where k.client_id = e.client_id and k.programme = e.programme and k.ended_at is null
  returning k.token, k.on_topic, k.stream, e.decision_id, e.client_id, e.programme),
keys as (delete from sealing_key s using ended e where s.token = e.token),
redacted as (
  delete from export_row r using ending e
   where r.client_id = e.client_id and r.programme = e.programme
  returning r.export_id, r.stream, r.part, r.token, r.resource, e.decision_id, e.client_id, e.programme),
parts as (
  update export_part p set generation = p.generation + 1, rows = p.rows - n.rows
    from (select export_id, stream, part, count(*)::int as rows from redacted group by 1, 2, 3) n
   where p.export_id = n.export_id and p.stream = n.stream and p.part = n.part),
deletions as (
  insert into export_deletion (export_id, token, stream, resources)
  select export_id, token, min(stream), array_remove(array_agg(resource), null) from redacted group by export_id, token
  on conflict do nothing),
tombstones as (
  insert into partner_notice (recipient_id, stream, kind, key, decision_id, client_id, programme)
  select c.plan_id, e.stream, 'tombstone', e.token, e.decision_id, e.client_id, e.programme
    from ended e join client c using (client_id) where e.on_topic
  returning decision_id),
told as (
  insert into partner_notice (recipient_id, stream, kind, key, decision_id, client_id, programme)
  select x.recipient_id, min(r.stream), 'redacted', r.export_id, r.decision_id, r.client_id, r.programme
    from redacted r join export x using (export_id)
   group by x.recipient_id, r.export_id, r.decision_id, r.client_id, r.programme)"""

# A new consent has a new token (R5, C8): what was redacted under the old one stays so.
OPEN = f"""
with opening as (
  select * from unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::uuid[], $7::timestamptz[], $8::text[], $9::text[])
    as o(client_id, programme, stream, position, categories, decision_id, decided_at, notice_version, notice_digest)),
ending as (select client_id, programme, stream, decision_id from opening),
{END},
stale as (
  update disclosure d set recalled_by = e.decision_id
    from ended e where d.token = e.token and d.recalled_by is null and d.path = 'partner_topic'),
opened as (
  insert into recipient_token (token, client_id, programme, stream)
  select gen_random_uuid(), client_id, programme, stream from opening returning token, client_id, programme),
dirty as (
  insert into partner_dirty (client_id, programme, stream) select client_id, programme, stream from opening
  on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1)
insert into sharing (client_id, programme, stream, decision, categories, position, token, decided_at, notice_version, notice_digest)
select o.client_id, o.programme, o.stream, 'opted_in', string_to_array(o.categories, ','), o.position, n.token, o.decided_at,
       o.notice_version, o.notice_digest
  from opening o join opened n using (client_id, programme)
on conflict (client_id, programme) do update
   set decision = 'opted_in', categories = excluded.categories, position = excluded.position, token = excluded.token,
       decided_at = excluded.decided_at, notice_version = coalesce(excluded.notice_version, sharing.notice_version),
       notice_digest = coalesce(excluded.notice_digest, sharing.notice_digest)"""

# Where $7 is false nothing is recalled (yet): what was taken stays on record as it is, for an opt-out that may follow.
CLOSE = f"""
with closing as (
  select * from unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::text[])
    as c(client_id, programme, stream, position, decision_id, decision)),
ending as (select client_id, programme, stream, decision_id from closing),
{END},
closed as (
  insert into sharing (client_id, programme, stream, decision, categories, position)
  select client_id, programme, stream, decision, '{{}}', position from closing
  on conflict (client_id, programme) do update
     set decision = excluded.decision, categories = '{{}}', position = excluded.position, token = null),
clean as (delete from partner_dirty d using closing c where d.client_id = c.client_id and d.programme = c.programme),
taken as (
  update disclosure d set recalled_by = c.decision_id from closing c
   where $7 and d.client_id = c.client_id and d.programme = c.programme and d.recalled_by is null
  returning d.token, d.export_id, c.decision_id, c.client_id, c.programme, c.stream),
recalls as (
  insert into recall (recall_id, client_id, programme, plan_id, decision_id, tokens, exports)
  select gen_random_uuid(), t.client_id, t.programme, k.plan_id, t.decision_id, array_agg(distinct t.token),
         array_remove(array_agg(distinct t.export_id), null)
    from taken t join client k using (client_id) group by t.client_id, t.programme, k.plan_id, t.decision_id
  returning recall_id, decision_id, client_id, programme, plan_id),
notices as (
  insert into partner_notice (recipient_id, stream, kind, key, decision_id, client_id, programme)
  select r.plan_id, c.stream, 'recall', r.recall_id, r.decision_id, r.client_id, r.programme
    from recalls r join closing c using (decision_id)),
webhooks as (
  insert into webhook_delivery (recipient_id, kind, recall_id)
  select r.plan_id, 'recall_requested', r.recall_id from recalls r join recipient p on p.recipient_id = r.plan_id
   where p.webhook_url is not null)
select c.decision_id,
       (select count(*)::int from redacted r where r.decision_id = c.decision_id) as rows,
       exists (select from tombstones t where t.decision_id = c.decision_id) as on_topic,
       exists (select from recalls r where r.decision_id = c.decision_id) as recalled
  from closing c"""


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing found: rows redacted, and whether the partner topic or the recipient itself hold something."""

    decision_id: UUID
    rows: int
    on_topic: bool
    recalled: bool


async def open_sharing(tx: Connection, received: Sequence[Received[OptedIn | SharingNarrowed | SharingResumed]]) -> None:
    """The notice is that of the last opt-in: narrowing and resuming show none."""
    events = [r.event for r in received]
    await tx.execute(
        OPEN,
        [e.client_id for e in events],
        [e.programme for e in events],
        [r.entry.stream for r in received],
        [r.entry.position for r in received],
        [",".join(e.categories) for e in events],
        [e.event_id for e in events],
        [e.occurred_at for e in events],
        [e.notice_version if isinstance(e, OptedIn) else None for e in events],
        [e.notice_digest if isinstance(e, OptedIn) else None for e in events],
    )


async def close_sharing(tx: Connection, received: Sequence[Received[Decided]], decision: str, *, recall: bool = True) -> dict[UUID, Closed]:
    rows = await tx.fetch(
        CLOSE,
        [r.event.client_id for r in received],
        [r.event.programme for r in received],
        [r.entry.stream for r in received],
        [r.entry.position for r in received],
        [r.event.event_id for r in received],
        [decision] * len(received),
        recall,
    )
    return {row["decision_id"]: Closed(**row) for row in rows}
