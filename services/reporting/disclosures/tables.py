"""What was disclosed, to whom, of whom, why and when (C9): written before the bytes leave. And the pages themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.recalls.tables import STATE as RECALL_STATE
from reporting.release_gate.gate import Hold
from reporting.schema import metadata

disclosure = sa.Table(
    "disclosure",
    metadata,
    sa.Column("disclosure_id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("token", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("recipient_id", pg.UUID(as_uuid=True)),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("export_id", pg.UUID(as_uuid=True)),
    sa.Column("categories", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("gated_at", sa.BigInteger, nullable=False),
    sa.Column("recalled_by", pg.UUID(as_uuid=True)),
    sa.Column("contract_id", pg.UUID(as_uuid=True)),
    sa.Index("disclosure_token_idx", "token"),
    moment("disclosed_at", filled=True),
    sa.Index("disclosure_client_idx", "client_id", "disclosed_at", "disclosure_id"),
)

# The line that heads a patient's block is no record, but whose it is has left with it.
# Only what is shared at this moment, under the token of this consent; a parked client counts as opted out. Asked once a person and category
# of the page, not of each row: the limits keep the planner from asking it of everybody instead, whatever it guesses of the page. Where
# nobody is left out, the lines are read along the index with no further look.
TAKE_PAGE = """
with people as materialized (
  select client_id, programme, token, category, count(*) as rows, count(resource) as records, max(seq) as last
    from (select r.client_id, r.programme, r.token, r.category, r.resource, r.seq
            from export_row r where r.export_id = $1 and r.stream = $2 and r.part = $3 and r.seq > $4
           order by r.seq limit $5) page
   group by client_id, programme, token, category),
asked as materialized (
  select p.*, coalesce((
           select p.category is null or p.category = any(s.categories) from sharing s
            where s.client_id = p.client_id and s.programme = p.programme and s.decision = 'opted_in' and s.token = p.token limit 1), false)
         and (select true from parked_client k where k.client_id = p.client_id limit 1) is null as released
    from people p),
noted as (
  insert into disclosure (disclosure_id, client_id, programme, token, recipient, recipient_id, purpose, path, export_id, categories,
                          records, gated_at, contract_id, disclosed_at)
  select uuidv7(), c.client_id, c.programme, c.token, 'health_plan', e.recipient_id, e.purpose, 'export', e.export_id,
         c.categories, c.records, $6, $7, $8
    from (select client_id, programme, token, array_remove(array_agg(category), null) as categories, sum(records) as records
            from asked where released group by client_id, programme, token) c
   cross join (select * from export where export_id = $1 limit 1) e)
select (select max(last) from people) as last, (select coalesce(sum(rows), 0)::int from people) as looked_at,
       (select p.generation from export_part p join export e using (export_id)
         where p.export_id = $1 and p.stream = $2 and p.part = $3 and e.status = 'complete') as generation,
       {taken}
  from export_row r
 where r.export_id = $1 and r.stream = $2 and r.part = $3 and r.seq > $4 and r.seq <= (select max(last) from people)
   and (coalesce((select bool_and(released) from asked), false)
        or (r.client_id, r.programme, r.token, coalesce(r.category, ''))
           in (select client_id, programme, token, coalesce(category, '') from asked where released)) is true"""

LINES = "convert_to(string_agg(line, E'\\n' order by seq) || E'\\n', 'UTF8') as content"
# In the order of `Row`.
ROWS = "array_agg((token, programme, category, resource, line) order by seq) as rows"
TAKE_LINES, TAKE_ROWS = TAKE_PAGE.format(taken=LINES), TAKE_PAGE.format(taken=ROWS)


class Row(NamedTuple):
    """One line of an export. `resource`: `Type/id`; None for the header of a patient's block."""

    token: UUID
    programme: str
    category: str | None
    resource: str | None
    line: str


@dataclass(frozen=True, slots=True)
class ExportPage:
    """What is on record as disclosed by now: as bytes of NDJSON, or row by row."""

    last: int | None
    """Where the next page goes on. None: there is nothing more."""
    looked_at: int
    """With those who share no more."""
    generation: int | None
    """Of the part. None: it is gone."""
    content: bytes | None = None
    rows: Sequence[Row] | None = None


async def take_page(hold: Hold, export_id: UUID, part: str, after: int, limit: int, *, by_row: bool = False) -> ExportPage:
    which, under = TAKE_ROWS if by_row else TAKE_LINES, (hold.gated_at, hold.contract_id, hold.at)
    row = await hold.tx.fetchrow(which, export_id, hold.stream, part, after, limit, *under)
    assert row is not None
    found = dict(row)
    if by_row:
        found["rows"] = [Row(*cells) for cells in found["rows"] or ()]
    return ExportPage(**found)


# In the order in which they left; a page goes on behind the entry that the one before ended with.
DISCLOSURES = f"""
select d.disclosure_id, d.programme, d.recipient, coalesce(c.legal_name, p.slug, d.recipient) as recipient_name,
       c.address as recipient_address, d.contract_id, d.purpose, d.path, d.export_id, d.categories, d.records, d.disclosed_at,
       d.recalled_by,
       (select {RECALL_STATE} from recall r where r.client_id = d.client_id and r.decision_id = d.recalled_by limit 1) as recall
  from disclosure d
  left join contract c using (contract_id)
  left join recipient p on p.recipient_id = d.recipient_id
 where d.client_id = $1
   and ($2 = '00000000-0000-0000-0000-000000000000'::uuid or (d.disclosed_at, d.disclosure_id) >
        (select l.disclosed_at, l.disclosure_id from disclosure l where l.client_id = $1 and l.disclosure_id = $2))
 order by d.disclosed_at, d.disclosure_id limit $3"""


async def disclosures_of(tx: Connection, client_id: UUID, after: UUID, limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(DISCLOSURES, client_id, after, limit)]
