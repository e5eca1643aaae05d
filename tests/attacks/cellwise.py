"""What most programmes do instead of a ledger: each number by itself, shown from eleven on. The attacks must win against it."""

from collections import defaultdict
from collections.abc import Iterable

from reporting.measures.families import Family
from reporting.measures.periods import closed_with, months_of
from reporting.release_ledger.cells import Cell, Counted, Decided, Policy, Population, Scope, ScopeKind
from reporting.release_ledger.deciding import Decision


def decide_cellwise(
    policy: Policy, family: Family, month: str, counted: Iterable[Counted], _: Population, __: Iterable[Decided]
) -> Decision:
    sums: dict[Cell, int] = defaultdict(int)
    first = next(iter(family.dimensions))
    rows = list(counted)
    for period in closed_with(month):
        within = set(months_of(period))
        for row in rows:
            if row.month in within:
                for group in _groups(family, row, row.dimension == first):
                    for scope in _scopes(row):
                        sums[Cell(family.code, scope, period, *group)] += row.n
    return Decision([Decided(cell, n if n >= policy.threshold else None) for cell, n in sums.items()], 0, 0, 0)


def _scopes(row: Counted) -> list[Scope]:
    plan = str(row.plan_id)
    return [
        Scope(ScopeKind.NETWORK),
        Scope(ScopeKind.PLAN, plan),
        Scope(ScopeKind.PROGRAMME, f"{plan}/{row.programme}"),
        Scope(ScopeKind.EMPLOYER, str(row.employer_id)),
    ]


def _groups(family: Family, row: Counted, whole: bool) -> list[tuple[str, str]]:
    found = [("", "")] if whole else []
    for breakdown in family.breakdowns:
        if breakdown.dimension == row.dimension:
            path = breakdown.leaf(row.kind, row.a, row.b)
            found += [(breakdown.name, "/".join(path[: depth + 1])) for depth in range(len(path))]
    return found
