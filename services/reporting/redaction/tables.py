"""Applying decisions: one statement each for opening and for closing somebody's sharing. Cost grows with the client's own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.applying import Received
from common.contracts.consent import Decided, OptedIn, SharingNarrowed, SharingResumed
from common.db import Connection

# A new consent has a new token (R5, C8): what was redacted under the old one stays so.
OPEN = """
with opening as (
  select * from unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::uuid[])
    as o(client_id, programme, stream, position, categories, decision_id)),
narrowed as (
  delete from export_row r using opening o
   where r.client_id = o.client_id and r.programme = o.programme returning r.export_id, r.stream, r.token),
parts as (
  update export_part p set generation = p.generation + 1, rows = p.rows - n.rows
    from (select export_id, stream, count(*)::int as rows from narrowed group by 1, 2) n
   where p.export_id = n.export_id and p.stream = n.stream returning p.export_id, p.stream, p.generation),
deletions as (
  insert into export_deletion (export_id, stream, token, generation)
  select distinct n.export_id, n.stream, n.token, p.generation from narrowed n join parts p using (export_id, stream)),
stale as (
  update disclosure d set recalled_by = o.decision_id from opening o
   where d.client_id = o.client_id and d.programme = o.programme and d.recalled_by is null and d.path = 'partner_topic'
  returning d.token, o.stream, o.decision_id, o.client_id, o.programme),
tombstones as (
  insert into partner_notice (stream, topic, key, decision_id, client_id, programme)
  select distinct stream, 'state', token, decision_id, client_id, programme from stale),
dirty as (
  insert into partner_dirty (client_id, programme, stream) select client_id, programme, stream from opening
  on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1)
insert into sharing (client_id, programme, stream, decision, categories, position, token)
select client_id, programme, stream, 'opted_in', string_to_array(categories, ','), position, gen_random_uuid() from opening
on conflict (client_id, programme) do update
   set decision = 'opted_in', categories = excluded.categories, position = excluded.position, token = excluded.token"""

# Where $7 is false nothing is recalled (yet): what was taken stays on record as it is, for an opt-out that may follow.
CLOSE = """
with closing as (
  select * from unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::text[])
    as c(client_id, programme, stream, position, decision_id, decision)),
on_topic as (
  select distinct d.token, c.decision_id, c.client_id, c.programme, c.stream
    from disclosure d join closing c using (client_id, programme)
   where d.recalled_by is null and d.path = 'partner_topic'),
closed as (
  insert into sharing (client_id, programme, stream, decision, categories, position)
  select client_id, programme, stream, decision, '{}', position from closing
  on conflict (client_id, programme) do update
     set decision = excluded.decision, categories = '{}', position = excluded.position, token = null),
clean as (delete from partner_dirty d using closing c where d.client_id = c.client_id and d.programme = c.programme),
redacted as (
  delete from export_row r using closing c
   where r.client_id = c.client_id and r.programme = c.programme returning r.export_id, r.stream, r.token, c.decision_id),
parts as (
  update export_part p set generation = p.generation + 1, rows = p.rows - n.rows
    from (select export_id, stream, count(*)::int as rows from redacted group by 1, 2) n
   where p.export_id = n.export_id and p.stream = n.stream returning p.export_id, p.stream, p.generation),
deletions as (
  insert into export_deletion (export_id, stream, token, generation)
  select distinct r.export_id, r.stream, r.token, p.generation from redacted r join parts p using (export_id, stream)),
taken as (
  update disclosure d set recalled_by = c.decision_id from closing c
   where $7 and d.client_id = c.client_id and d.programme = c.programme and d.recalled_by is null
  returning d.token, d.export_id, c.decision_id, c.client_id, c.programme),
tombstones as (
  insert into partner_notice (stream, topic, key, decision_id, client_id, programme)
  select stream, 'state', token, decision_id, client_id, programme from on_topic returning decision_id),
recalls as (
  insert into recall (recall_id, client_id, programme, plan_id, decision_id, tokens, exports)
  select gen_random_uuid(), t.client_id, t.programme, k.plan_id, t.decision_id, array_agg(distinct t.token),
         array_remove(array_agg(distinct t.export_id), null)
    from taken t join client k using (client_id) group by t.client_id, t.programme, k.plan_id, t.decision_id
  returning recall_id, decision_id, client_id, programme),
notices as (
  insert into partner_notice (stream, topic, key, decision_id, client_id, programme)
  select c.stream, 'recalls', r.recall_id, r.decision_id, r.client_id, r.programme from recalls r join closing c using (decision_id))
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
    await tx.execute(
        OPEN,
        [r.event.client_id for r in received],
        [r.event.programme for r in received],
        [r.entry.stream for r in received],
        [r.entry.position for r in received],
        [",".join(r.event.categories) for r in received],
        [r.event.event_id for r in received],
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
