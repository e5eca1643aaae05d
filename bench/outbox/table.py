"""The outbox and the inbox that the relays used elsewhere stand on: what the journal and `applied` are with us."""

# The columns that Debezium's outbox router expects, and a serial number for the relays that read by it.
OUTBOX = """
create table outbox (
  seq bigint generated always as identity primary key,
  id uuid not null unique,
  aggregatetype text not null,
  aggregateid text not null,
  type text not null,
  payload text not null,
  created_at timestamptz not null default clock_timestamp())"""

INBOX = "create table inbox (event_id uuid primary key, at timestamptz not null default clock_timestamp())"

# The same state as `consent.decisions.tables.RECORD` leaves, with an outbox row instead of head, chain and journal entry.
OPT_OUT = """
with decided as (
  insert into sharing (client_id, programme, recipient, purpose, version, decision, decision_id, decided_at, categories)
  values ($1::uuid, $2::text, 'health_plan', 'personalised_health_recommendations', 1, 'opted_out', $3::uuid, $4::timestamptz, '{}')
  on conflict (client_id, programme, recipient, purpose) do update
     set version = sharing.version + 1, decision = excluded.decision, decision_id = excluded.decision_id,
         decided_at = excluded.decided_at, categories = excluded.categories
   where sharing.decision <> 'opted_out'
  returning version),
entry as (
  insert into outbox (id, aggregatetype, aggregateid, type, payload)
  select $3::uuid, 'consent', $1::text, $5::text, $6::text from decided),
place as (
  insert into receipt (decision_id, sink, client_id, due_at)
  select $3::uuid, sink, $1::uuid, clock_timestamp() + make_interval(secs => due)
    from decided, unnest($7::text[], $8::float8[]) as places(sink, due))
select version from decided"""

# NOTIFY goes out at commit, from within the transaction: it cannot be lost, and it cannot come too early.
OPT_OUT_AND_NOTIFY = OPT_OUT.replace("select version from decided", "select version, pg_notify('outbox', '') from decided")

UNSENT = "select seq, aggregateid, payload from outbox where seq <> all($1::bigint[]) order by seq limit 500"

REMOVE = "delete from outbox where seq = any($1::bigint[])"

# Each event once: what was received before is not in the answer.
RECEIVE = "insert into inbox (event_id) select unnest($1::uuid[]) on conflict do nothing returning event_id"
