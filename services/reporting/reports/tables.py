"""The SQL over what was published."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from common.db import Pool
from reporting.measures.catalogue import ORDER
from reporting.release_ledger.cells import Scope
from reporting.reports.building import Cells

PERIODS = """
select distinct period from published_cell
 where family = any($1) and scope = $2 and scope_id = $3 order by period desc"""

# What is withheld is not even read: it looks like what nobody counted (D13).
CELLS = """
select family, period, breakdown, cell_group, n, total from published_cell
 where family = any($1) and scope = $2 and scope_id = $3 and period = any($4) and n is not null"""

RELEASED = "select family, released_at from release where family = any($1) and month = $2"


async def periods_of(reader: Pool, scope: Scope) -> Sequence[str]:
    """The latest first."""
    return [row["period"] for row in await reader.fetch(PERIODS, ORDER, scope.kind, scope.id)]


async def cells_of(reader: Pool, scope: Scope, periods: Iterable[str]) -> Cells:
    found: dict[tuple[str, str, str], dict[str, tuple[int, int | None]]] = {}
    for row in await reader.fetch(CELLS, ORDER, scope.kind, scope.id, list(periods)):
        breakdown = found.setdefault((row["family"], row["period"], row["breakdown"]), {})
        breakdown[row["cell_group"]] = (row["n"], row["total"])
    return found


async def released_with(reader: Pool, month: str) -> Mapping[str, datetime]:
    """By family, when this month was released."""
    return {row["family"]: row["released_at"] for row in await reader.fetch(RELEASED, ORDER, month)}
