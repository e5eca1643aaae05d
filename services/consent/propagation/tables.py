"""`receipt`: a place for every sink of every opt-out, made in the statement that records it, filled when the sink answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.vocabulary import Sink
from common.db import Connection
from common.schema import moment
from consent.propagation.rules import STOPS_RELEASE, Receipt
from consent.schema import metadata

receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("decision_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("sink", sa.Text, primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("records", sa.Integer),
    sa.Column("overdue", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("recorded_at", filled=True),
    moment("due_at"),
    moment("done_at", nullable=True),
    sa.Column("evidence_id", pg.UUID(as_uuid=True)),
    sa.Column("evidence_position", sa.BigInteger),
    sa.Index("receipt_open_idx", "due_at", postgresql_where=sa.text("done_at is null")),
)

# Of a sink that answers twice the first answer counts.
FILL = """
with filled as (
  update receipt r set done_at = clock_timestamp(), records = a.records, overdue = false,
                       evidence_id = a.evidence_id, evidence_position = a.evidence_position
    from unnest($1::uuid[], $2::text[], $3::int[], $5::uuid[], $6::bigint[])
      as a(decision_id, sink, records, evidence_id, evidence_position)
   where r.decision_id = a.decision_id and r.sink = a.sink and r.done_at is null
  returning r.decision_id, r.sink, r.recorded_at)
select f.decision_id, extract(epoch from clock_timestamp() - min(f.recorded_at))::float8 as seconds
  from filled f
 where not exists (select from receipt o
                    where o.decision_id = f.decision_id and o.done_at is null and o.sink = any($4::text[])
                      and (o.decision_id, o.sink) not in (select decision_id, sink from filled))
 group by f.decision_id having bool_or(f.sink = any($4::text[]))"""

RECEIPTS = """
select sink, due_at, done_at, records, overdue, evidence_id, evidence_position from receipt where decision_id = $1 order by sink"""

# Several instances may look at once: each receipt is noted overdue by one of them.
MARK_OVERDUE = """
update receipt set overdue = true where done_at is null and not overdue and due_at < clock_timestamp() returning decision_id, sink"""

OVERDUE = """
select decision_id, sink, client_id, recorded_at, due_at from receipt where done_at is null and overdue order by due_at limit $1"""

COUNT_OVERDUE = "select count(*) from receipt where done_at is null and overdue"


@dataclass(frozen=True, slots=True)
class Overdue:
    """A sink that has not answered an opt-out in time."""

    decision_id: UUID
    sink: Sink
    client_id: UUID
    recorded_at: datetime
    due_at: datetime


async def fill(tx: Connection, answered: Sequence[tuple[UUID, Sink, int, UUID, int]]) -> list[tuple[UUID, float]]:
    """Notes the sinks' answers, each with its evidence; the opt-outs that became effective by it, with the seconds it took."""
    ids, sinks, records, events, positions = zip(*answered, strict=True)
    rows = await tx.fetch(FILL, ids, sinks, records, sorted(STOPS_RELEASE), events, positions)
    return [(row["decision_id"], row["seconds"]) for row in rows]


async def receipts_of(tx: Connection, decision_id: UUID) -> list[Receipt]:
    return [Receipt(**{**row, "sink": Sink(row["sink"])}) for row in await tx.fetch(RECEIPTS, decision_id)]


async def mark_overdue(tx: Connection) -> tuple[int, int]:
    """How many are newly overdue, and how many there are."""
    return len(await tx.fetch(MARK_OVERDUE)), await tx.fetchval(COUNT_OVERDUE)


async def overdue(tx: Connection, limit: int = 200) -> list[Overdue]:
    """The ones that wait longest first."""
    return [Overdue(**{**row, "sink": Sink(row["sink"])}) for row in await tx.fetch(OVERDUE, limit)]
