"""`sharing`: the state that the ledger leads to, one row per client, programme, recipient and purpose.

The ledger itself is the journal. Recording a decision is one statement: state, journal entry and receipt places, or nothing.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.vocabulary import Category
from common.db import Connection
from common.journal import Journal, appending
from common.schema import moment
from consent.decisions.rules import DECISION_OF, Decision, Event, Scope, Sharing
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
    moment("decided_at"),
)

known_client = sa.Table("known_client", metadata, sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True))

# Unconditional where $9 is null, and then nothing happens if the client is opted out already; else only on that version.
RECORD = f"""
with decided as (
  insert into sharing (client_id, programme, recipient, purpose, version, decision, decision_id, decided_at, categories)
  select $1::uuid, $2::text, $3::text, $4::text, 1, $5::text, $6::uuid, $7::timestamptz, $8::text[]
   where coalesce($9::int, 0) = 0
      or exists (select from sharing where (client_id, programme, recipient, purpose) = ($1, $2, $3, $4))
  on conflict (client_id, programme, recipient, purpose) do update
     set version = sharing.version + 1, decision = excluded.decision, decision_id = excluded.decision_id,
         decided_at = excluded.decided_at, categories = excluded.categories
   where case when $9::int is null then sharing.decision <> 'opted_out' else sharing.version = $9 end
  returning version),
{appending("decided", 12)},
place as (
  insert into receipt (decision_id, sink, client_id, due_at)
  select $6::uuid, sink, $1::uuid, clock_timestamp() + make_interval(secs => due)
    from decided, unnest($10::text[], $11::float8[]) as places(sink, due))
select version, position, digest from decided, head"""

# Opting out again is a decision again, though the ledger has it already: an opt-in made on what was shown before must not undo it.
REPEAT = """
update sharing set version = version + 1
 where (client_id, programme, recipient, purpose) = ($1, $2, $3, $4) and decision = 'opted_out'
returning version, decision_id"""

STATE = """
select version, decision, decision_id, categories from sharing
 where (client_id, programme, recipient, purpose) = ($1, $2, $3, $4)"""

PLACE = "select stream, position from journal where event_id = $1"


async def record(
    tx: Connection, journal: Journal, event: Event, on_version: int | None, places: dict[str, float]
) -> tuple[int, int, int] | None:
    """Version, stream and position of the decision; None where the state is another one (or opted out already)."""
    categories = [str(category) for category in getattr(event, "categories", ())]
    arguments = journal.arguments(event)
    row = await tx.fetchrow(
        RECORD,
        event.client_id,
        event.programme,
        event.recipient,
        event.purpose,
        DECISION_OF[type(event)],
        event.event_id,
        event.occurred_at,
        categories,
        on_version,
        list(places),
        list(places.values()),
        *arguments,
    )
    if row is None:
        return None
    journal.appended(event, row["position"], row["digest"])
    return row["version"], arguments[0], row["position"]


async def read_sharing(tx: Connection, scope: Scope, *, lock: bool = False) -> Sharing:
    statement = STATE + (" for update" if lock else "")
    row = await tx.fetchrow(statement, scope.client_id, scope.programme, scope.recipient, scope.purpose)
    if row is None:
        return Sharing(scope)
    categories = tuple(Category(category) for category in row["categories"])
    return Sharing(scope, row["version"], Decision(row["decision"]), row["decision_id"], categories)


async def repeat_opt_out(tx: Connection, scope: Scope) -> tuple[int, UUID] | None:
    """The new version and the opt-out that stands; None where the client is not opted out (any more)."""
    row = await tx.fetchrow(REPEAT, scope.client_id, scope.programme, scope.recipient, scope.purpose)
    return (row["version"], row["decision_id"]) if row else None


async def is_recorded(tx: Connection, decision_id: UUID) -> bool:
    return await tx.fetchval(PLACE, decision_id) is not None


async def place_of(tx: Connection, decision_id: UUID) -> tuple[int, int]:
    row = await tx.fetchrow(PLACE, decision_id)
    assert row is not None, "every decision has its ledger line"
    return row["stream"], row["position"]


async def is_known(tx: Connection, client_id: UUID) -> bool:
    return await tx.fetchval("select true from known_client where client_id = $1", client_id) is not None


async def remember_clients(tx: Connection, client_ids: list[UUID]) -> None:
    await tx.execute("insert into known_client select unnest($1::uuid[]) on conflict do nothing", client_ids)
