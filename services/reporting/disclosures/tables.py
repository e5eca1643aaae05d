"""What was disclosed, to whom, of whom, why and when (C9): written before the bytes leave. And the pages themselves."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.release_gate.gate import Hold
from reporting.schema import metadata

disclosure = sa.Table(
    "disclosure",
    metadata,
    sa.Column("disclosure_id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
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
    sa.Index("disclosure_token_idx", "token"),
    moment("disclosed_at", filled=True),
)

# Only what is shared at this moment, under the token of this consent; a parked client counts as opted out.
SHARED_NOW = """
  exists (select from sharing s where s.client_id = r.client_id and s.programme = r.programme and s.decision = 'opted_in'
                                  and s.token = r.token and r.category = any(s.categories))
  and not exists (select from parked_client p where p.client_id = r.client_id)"""

TAKE_PAGE = f"""
with page as (
  select r.seq, r.client_id, r.programme, r.token, r.category, r.line
    from export_row r where r.export_id = $1 and r.stream = $2 and r.seq > $3 and {SHARED_NOW}
   order by r.seq limit $4),
noted as (
  insert into disclosure (client_id, programme, token, recipient, purpose, path, export_id, categories, records, gated_at)
  select p.client_id, p.programme, p.token, e.recipient, e.purpose, 'export', $1::uuid, array_agg(distinct p.category), count(*), $5
    from page p, export e where e.export_id = $1
   group by p.client_id, p.programme, p.token, e.recipient, e.purpose)
select coalesce(max(seq), 0) as last, count(*)::int as rows, string_agg(line, E'\\n' order by seq) || E'\\n' as lines,
       (select generation from export_part where export_id = $1 and stream = $2) as generation
  from page"""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Lines of NDJSON that are already on record as disclosed."""

    last: int
    rows: int
    lines: str | None
    generation: int | None


async def take_page(hold: Hold, export_id: UUID, after: int, limit: int) -> ExportPage:
    row = await hold.tx.fetchrow(TAKE_PAGE, export_id, hold.stream, after, limit, hold.gated_at)
    assert row is not None
    return ExportPage(**row)


async def disclosures_of(tx: Connection, client_id: UUID, after: UUID, limit: int) -> list[dict[str, object]]:
    rows = await tx.fetch(
        "select * from disclosure where client_id = $1 and disclosure_id > $2 order by disclosure_id limit $3", client_id, after, limit
    )
    return [dict(row) for row in rows]
