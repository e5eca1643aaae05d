"""Filling an export: who shares with the recipient at this moment, and what of them is new, one batch of clients at a time."""

from uuid import UUID

from common.db import Pool
from reporting.exports.rules import ALL, Export
from reporting.release_gate.gate import Hold
from reporting.resources.expressions import TYPES, rendered

CLIENTS = 200
"""Of one batch: while it is made, the opt-outs of its stream wait."""
LOCK_CLASS = 0xB17D
"""Streams of exports, so that several workers do not make the same batch."""

# R4: opted in at this moment, of this plan, and only what was consented to (C17). A batch begins behind the last client that has rows: rows
# are written in the order of clients, so whoever goes on after a kill repeats nobody. $7: where this worker is, for clients without rows.
# C16: what of somebody is new (`_since`) goes by resources, never by when somebody was here.
FILL = f"""
with reached as (
  select client_id, programme from (
    select * from unnest($7::uuid[], $8::text[]) as own(client_id, programme)
    union all
    select last.client_id, last.programme
      from export_part p
     cross join lateral (select r.client_id, r.programme from export_row r
                          where r.export_id = p.export_id and r.stream = p.stream and r.part = p.part order by r.seq desc limit 1) last
     where p.export_id = $1 and p.stream = $2) known
   order by client_id desc, programme desc limit 1),
scope as materialized (
  select s.client_id, s.programme, s.token, s.categories, s.decided_at, s.notice_digest, k.opened_at
    from sharing s
    join recipient_token k on k.token = s.token and k.ended_at is null
    join client c on c.client_id = s.client_id
   where s.stream = $2 and s.decision = 'opted_in' and c.plan_id = $3
     and ($4::text is null or s.programme = $4) and ($5::uuid[] is null or s.token = any($5))
     and not exists (select from parked_client p where p.client_id = s.client_id)
     and not exists (select from reached where (s.client_id, s.programme) <= (reached.client_id, reached.programme))
   order by s.client_id, s.programme limit $11),
found as (
  select r.* from ({rendered("scope")}) r join scope s on s.token = r.token
   where r.type = any($9::text[]) and ($6::timestamptz is null or s.opened_at >= $6 or r.changed_at >= $6)),
headed as (
  select client_id, programme, token, category, type, id, type || '/' || id as resource, body::text as line from found
   union all
  select distinct client_id, programme, token, null, '', null::uuid, null, jsonb_build_object(
           'resourceType', 'Parameters', 'parameter', jsonb_build_array(jsonb_build_object(
             'name', 'header', 'valueReference', jsonb_build_object('reference', 'Patient/' || token))))::text
    from found where $10),
rows as (
  insert into export_row (export_id, stream, part, client_id, programme, token, category, resource, line)
  select $1, $2, case when $10 then '{ALL}' else type end, client_id, programme, token, category, resource, line
    from headed order by client_id, programme, coalesce(array_position('{{{",".join(TYPES)}}}'::text[], type), 0), id
  returning part),
parts as (
  insert into export_part (export_id, stream, part, generation, rows)
  select $1, $2, part, 1, count(*) from rows group by part
  on conflict (export_id, stream, part) do update set rows = export_part.rows + excluded.rows)
select client_id, programme from scope order by client_id, programme"""

BUILT = "insert into export_stream (export_id, stream) values ($1, $2) on conflict do nothing"
STILL_WANTED = "select 1 from export where export_id = $1 and status = 'in_progress' for share"


class NotWanted(Exception):
    """The export was called off, or another worker is at this stream."""


async def fill_batch(hold: Hold, export: Export, after: tuple[UUID, str] | None) -> tuple[UUID, str] | None:
    """The next clients, in one transaction with how far it is; None after the last ones. Under the gate: an opt-out applied before is not
    in it, one applied later finds the rows. Raises NotWanted."""
    async with hold.tx.transaction():
        if not await hold.tx.fetchval(f"select pg_try_advisory_xact_lock({LOCK_CLASS}, hashtext($1))", f"{export.export_id}/{hold.stream}"):
            raise NotWanted
        clients = await hold.tx.fetch(
            FILL,
            export.export_id, hold.stream, export.recipient_id, export.programme, export.patients, export.since,
            [after[0]] if after else [], [after[1]] if after else [], export.types, export.by_patient, CLIENTS,
            timeout=60,
        )  # fmt: skip
        if len(clients) < CLIENTS:
            await hold.tx.execute(BUILT, export.export_id, hold.stream)
        # At the end, and not before: whoever polls or cancels waits for this lock. A cancellation that comes later finds the rows.
        if not await hold.tx.fetchval(STILL_WANTED, export.export_id):
            raise NotWanted
    return (clients[-1]["client_id"], clients[-1]["programme"]) if len(clients) == CLIENTS else None


async def missing_streams(pool: Pool, export_id: UUID, streams: int) -> list[int]:
    rows = await pool.fetch("select stream from export_stream where export_id = $1", export_id)
    return sorted(set(range(streams)) - {row["stream"] for row in rows})
