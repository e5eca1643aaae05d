"""`published_cell`: what left, for ever as it is (D7). `withheld_cell`: what did not, and why. `release`: when and how it was decided.

`population`: how many people an employer says are eligible. Whoever reads reports does so as a role of the database that can read
`published_cell` and `release`, and nothing about anybody (R2).
"""

import uuid
from collections.abc import Sequence

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.release_ledger.cells import Cell, Decided, Population, Reason, Scope, ScopeKind
from reporting.schema import metadata

UUID = pg.UUID(as_uuid=True)
READER = "care_connect_reports"

release = sa.Table(
    "release",
    metadata,
    sa.Column("release_id", UUID, primary_key=True),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("family_version", sa.Integer, nullable=False),
    sa.Column("shown", sa.Integer, nullable=False),
    sa.Column("withheld", sa.Integer, nullable=False),
    sa.Column("late", sa.Integer, nullable=False),
    sa.Column("linear_ms", sa.Float, nullable=False),
    sa.Column("audit_ms", sa.Float, nullable=False),
    sa.Column("audited", sa.Integer, nullable=False),
    moment("released_at"),
    sa.UniqueConstraint("family", "month"),
    comment="with the month that was closed came the quarter and the year that it completes",
)

# `n` is null where it is withheld: the row is there either way (D13).
published_cell = sa.Table(
    "published_cell",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("scope_id", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("breakdown", sa.Text, primary_key=True),
    sa.Column("cell_group", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer),
    sa.Column("total", sa.Integer),
    sa.Column("release_id", UUID, nullable=False),
)

withheld_cell = sa.Table(
    "withheld_cell",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("scope_id", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("breakdown", sa.Text, primary_key=True),
    sa.Column("cell_group", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
)

population = sa.Table(
    "population",
    metadata,
    sa.Column("employer_id", UUID, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("eligible", sa.Integer, nullable=False),
    sa.CheckConstraint("eligible between 0 and 10000000", name="eligible"),
    moment("stated_at"),
)

PUBLISH = """
insert into published_cell (family, scope, scope_id, period, breakdown, cell_group, n, total, release_id)
select c.*, $9 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[]) as c"""

WITHHOLD = """
insert into withheld_cell (family, scope, scope_id, period, breakdown, cell_group, reason)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"""

RELEASE = """
insert into release (release_id, family, month, family_version, shown, withheld, late, linear_ms, audit_ms, audited, released_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""

DECIDED = """
select p.family, p.scope, p.scope_id, p.period, p.breakdown, p.cell_group, p.n, p.total, w.reason
  from published_cell p left join withheld_cell w using (family, scope, scope_id, period, breakdown, cell_group)
 where p.family = $1 and left(p.period, 4) = $2"""

STATE_POPULATION = """
insert into population (employer_id, year, eligible, stated_at) values ($1, $2, $3, $4)
on conflict (employer_id, year) do update set eligible = excluded.eligible, stated_at = excluded.stated_at"""


async def publish(tx: Connection, release_id: uuid.UUID, decided: Sequence[Decided]) -> None:
    """Also what is withheld, as a cell without a number: the rows are the same whatever is in them (D13)."""
    keys = _columns([d.cell for d in decided])
    await tx.execute(PUBLISH, *keys, [d.n for d in decided], [d.total for d in decided], release_id)
    withheld = [d for d in decided if d.reason is not None]
    await tx.execute(WITHHOLD, *_columns([d.cell for d in withheld]), [d.reason for d in withheld])


async def decided_of(tx: Connection, family: str, year: str) -> list[Decided]:
    rows = await tx.fetch(DECIDED, family, year)
    return [Decided(_cell(row), row["n"], row["total"], Reason(row["reason"]) if row["reason"] else None) for row in rows]


async def why_withheld(tx: Connection, cell: Cell) -> Reason | None:
    """None where it is shown, or was never offered."""
    wanted = (
        """select reason from withheld_cell where (family, scope, scope_id, period, breakdown, cell_group) = ($1, $2, $3, $4, $5, $6)"""
    )
    reason = await tx.fetchval(wanted, *(column[0] for column in _columns([cell])))
    return Reason(reason) if reason else None


async def population_of(tx: Connection, year: int) -> Population:
    rows = await tx.fetch("select employer_id, eligible from population where year = $1", year)
    return Population({(row["employer_id"], year): row["eligible"] for row in rows})


def _columns(cells: Sequence[Cell]) -> tuple[list[str], ...]:
    return (
        [cell.family for cell in cells],
        [cell.scope.kind for cell in cells],
        [cell.scope.id for cell in cells],
        [cell.period for cell in cells],
        [cell.breakdown for cell in cells],
        [cell.group for cell in cells],
    )


def _cell(row: asyncpg.Record) -> Cell:
    scope = Scope(ScopeKind(row["scope"]), row["scope_id"])
    return Cell(row["family"], scope, row["period"], row["breakdown"], row["cell_group"])
