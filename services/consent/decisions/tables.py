"""`sharing`: the state that the ledger leads to, one row per client, programme, recipient and purpose.

The ledger itself is the journal. Recording a decision is one statement: state, journal entry and receipt places, or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.consent import OptedIn
from common.contracts.vocabulary import Category
from common.db import Connection
from common.journal import Journal, appending
from common.schema import moment
from consent.decisions.rules import Decision, Event, Scope, Sharing
from consent.notices.rules import Notice
from consent.notices.tables import notice_of
from consent.schema import metadata

sharing = sa.Table(
    "sharing",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("decision_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("categories", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("notice_digest", sa.Text),
    moment("decided_at"),
)

known_client = sa.Table("known_client", metadata, sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True))

# Unconditional where $9 is null, and then nothing happens if the client is opted out already; else only on that version.
RECORD = f"""
with decided as (
  insert into sharing (client_id, programme, recipient, purpose, version, decision, decision_id, decided_at, categories, notice_digest)
  select $1::uuid, $2::text, $3::text, $4::text, 1, $5::text, $6::uuid, $7::timestamptz, $8::text[], $12::text
   where coalesce($9::int, 0) = 0
      or exists (select from sharing where (client_id, programme, recipient, purpose) = ($1, $2, $3, $4))
  on conflict (client_id, programme, recipient, purpose) do update
     set version = sharing.version + 1, decision = excluded.decision, decision_id = excluded.decision_id,
         decided_at = excluded.decided_at, categories = excluded.categories, notice_digest = excluded.notice_digest
   where case when $9::int is null then sharing.decision <> 'opted_out' else sharing.version = $9 end
  returning version),
{appending("decided", 13)},
place as (
  insert into receipt (decision_id, sink, client_id, due_at)
  select $6::uuid, sink, $1::uuid, clock_timestamp() + make_interval(secs => due)
    from decided, unnest($10::text[], $11::float8[]) as places(sink, due))
select version, position, digest from decided, head"""

# A known client's first opt-in, the most frequent decision: looked at and recorded in one statement. Anything else finds no row.
RECORD_FIRST = f"""
with decided as (
  insert into sharing (client_id, programme, recipient, purpose, version, decision, decision_id, decided_at, categories, notice_digest)
  select $1::uuid, $2::text, $3::text, $4::text, 1, 'opted_in', $5::uuid, $6::timestamptz, $7::text[], n.digest
    from notice n join known_client k on k.client_id = $1
   where n.digest = $8 and n.programme = $2 and n.effective_from <= $6 and (n.withdrawn_at is null or n.withdrawn_at > $6)
     and not exists (select from journal where event_id = $5)
  on conflict (client_id, programme, recipient, purpose) do nothing
  returning version),
{appending("decided", 9)}
select version, position, digest from decided, head"""

# Opting out again is a decision again, though the ledger has it already: an opt-in made on what was shown before must not undo it.
REPEAT = """
update sharing set version = version + 1
 where (client_id, programme, recipient, purpose) = ($1, $2, $3, $4) and decision = 'opted_out'
returning version, decision_id"""

STATE = """
select version, decision, decision_id, categories, notice_digest from sharing
 where (client_id, programme, recipient, purpose) = ($1, $2, $3, $4)"""

CONTEXT = """
select s.version as at_version, s.decision, s.decision_id, s.categories, s.notice_digest,
       exists (select from known_client where client_id = $1) as known,
       j.type as recorded_as, j.subject = $1 and j.payload::json ->> 'programme' = $2 as own,
       n.digest, n.programme, n.version, n.language, n.effective_from, n.withdrawn_at
  from (values (1)) as one
  left join sharing s on (s.client_id, s.programme, s.recipient, s.purpose) = ($1, $2, $3, $4)
  left join journal j on j.event_id = $5
  left join notice n on n.digest = $6"""

PLACE = "select stream, position, digest from journal where event_id = $1"

HISTORY = "select stream, position, type, payload, digest from journal where subject = $1 order by position"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision's line in the ledger, and the version of the state that it led to."""

    version: int
    stream: int
    position: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision is made on."""

    state: Sharing
    known: bool
    recorded_as: str | None
    """The event that there is by this decision's id, where it is the client's own; empty where it is somebody else's."""
    notice: Notice | None


async def record(
    tx: Connection, journal: Journal, event: Event, to: Sharing, on_version: int | None, places: dict[str, float]
) -> Recorded | None:
    """`to` is the state that it leads to. None where the state is another one (or opted out already)."""
    arguments = journal.arguments(event)
    row = await tx.fetchrow(
        RECORD,
        event.client_id,
        event.programme,
        event.recipient,
        event.purpose,
        to.decision,
        event.event_id,
        event.occurred_at,
        list(to.categories),
        on_version,
        list(places),
        list(places.values()),
        to.notice_digest,
        *arguments,
    )
    if row is None:
        return None
    journal.appended(arguments, row["position"], row["digest"])
    return Recorded(row["version"], arguments[0], row["position"], row["digest"])


async def record_first(tx: Connection, journal: Journal, event: OptedIn) -> Recorded | None:
    """None where it is not a first opt-in, or may not be one."""
    e, arguments = event, journal.arguments(event)
    about = (e.client_id, e.programme, e.recipient, e.purpose, e.event_id, e.occurred_at)
    row = await tx.fetchrow(RECORD_FIRST, *about, list(e.categories), e.notice_digest, *arguments)
    if row is None:
        return None
    journal.appended(arguments, row["position"], row["digest"])
    return Recorded(row["version"], arguments[0], row["position"], row["digest"])


async def read_sharing(tx: Connection, scope: Scope) -> Sharing:
    row = await tx.fetchrow(STATE, scope.client_id, scope.programme, scope.recipient, scope.purpose)
    return _sharing(scope, row["version"], row) if row else Sharing(scope)


async def read_context(tx: Connection, scope: Scope, decision_id: UUID, notice_digest: str) -> Context:
    row = await tx.fetchrow(CONTEXT, scope.client_id, scope.programme, scope.recipient, scope.purpose, decision_id, notice_digest)
    assert row is not None, "one row, whatever is known"
    state = _sharing(scope, row["at_version"], row) if row["at_version"] is not None else Sharing(scope)
    recorded_as = row["recorded_as"] if row["own"] or row["recorded_as"] is None else ""
    return Context(state, row["known"], recorded_as, notice_of(row) if row["digest"] is not None else None)


def _sharing(scope: Scope, version: int, row: asyncpg.Record) -> Sharing:
    categories = tuple(Category(category) for category in row["categories"])
    return Sharing(scope, version, Decision(row["decision"]), row["decision_id"], categories, row["notice_digest"])


async def repeat_opt_out(tx: Connection, scope: Scope) -> tuple[int, UUID] | None:
    """The new version and the opt-out that stands; None where the client is not opted out (any more)."""
    row = await tx.fetchrow(REPEAT, scope.client_id, scope.programme, scope.recipient, scope.purpose)
    return (row["version"], row["decision_id"]) if row else None


async def place_of(tx: Connection, decision_id: UUID) -> tuple[int, int, bytes]:
    """Stream, position and digest."""
    row = await tx.fetchrow(PLACE, decision_id)
    assert row is not None, "every decision has its ledger line"
    return row["stream"], row["position"], row["digest"]


async def history_of(tx: Connection, client_id: UUID) -> Sequence[asyncpg.Record]:
    """A client's ledger lines in their order."""
    return await tx.fetch(HISTORY, client_id)


async def remember_clients(tx: Connection, client_ids: list[UUID]) -> None:
    await tx.execute("insert into known_client select unnest($1::uuid[]) on conflict do nothing", client_ids)
