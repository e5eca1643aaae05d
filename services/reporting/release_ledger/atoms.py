"""The smallest sets of clients that any offered cell is made of, of one dimension: an employer's clients of one plan, programme and month
in one leaf of each of the dimension's breakdowns. Pure.

Breakdowns of one dimension share their leaves: who is "not reached" by the clock is so in business days too, so that they stand in one
linear system. Only what has clients is there: whoever attacks may know which are empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from reporting.measures.families import Breakdown, Family
from reporting.release_ledger.cells import Counted, Scope, ScopeKind

Path = tuple[str, ...]
Months = Sequence[str]


@dataclass(slots=True)
class Atom:
    plan: UUID
    employer: UUID
    programme: str
    month: str
    leaf: int
    n: int = 0
    totals: dict[str, int] = field(default_factory=dict)
    """A breakdown's weight, summed up."""
    providers: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """`leaves`: of each leaf number, its path in each breakdown, and its points."""

    dimension: str
    breakdowns: Sequence[Breakdown]
    leaves: Sequence[Mapping[str, Path]]
    points: Sequence[Mapping[str, int]]
    atoms: Sequence[Atom]


def books(family: Family, counted: Iterable[Counted]) -> Sequence[Book]:
    """One a dimension, in the family's order; the same whatever the order of the rows."""
    parts: dict[str, list[Counted]] = {dimension: [] for dimension in family.dimensions}
    for row in counted:
        if row.family == family.code and row.n:
            parts[row.dimension].append(row)
    used = {breakdown.dimension for breakdown in family.breakdowns}
    return [_book(family, dimension, rows) for dimension, rows in parts.items() if dimension in used]


def scopes_of(atom: Atom, own: frozenset[UUID]) -> Sequence[Scope]:
    """`own`: the employers with a report of their own (D12)."""
    plan = str(atom.plan)
    alone = Scope(ScopeKind.EMPLOYER, str(atom.employer))
    pooled = [Scope(ScopeKind.PLAN, plan), Scope(ScopeKind.PROGRAMME, f"{plan}/{atom.programme}"), Scope(ScopeKind.NETWORK)]
    return [*pooled, alone] if atom.employer in own else [*pooled, Scope(ScopeKind.SMALLER_EMPLOYERS), alone]


def _book(family: Family, dimension: str, rows: Sequence[Counted]) -> Book:
    breakdowns = [breakdown for breakdown in family.breakdowns if breakdown.dimension == dimension]
    kinds = {(row.kind, row.a, row.b) for row in rows}
    paths = {kind: tuple(breakdown.leaf(*kind) for breakdown in breakdowns) for kind in kinds}
    points = {kind: tuple(_points(breakdown, kind) for breakdown in breakdowns) for kind in kinds}
    leaves = {leaf: at for at, leaf in enumerate(sorted({(paths[kind], points[kind]) for kind in kinds}))}
    leaf_of = {kind: leaves[paths[kind], points[kind]] for kind in kinds}
    weighted = [breakdown for breakdown in breakdowns if breakdown.weight is not None]
    found: dict[tuple[UUID, UUID, str, str, int], Atom] = {}
    for row in rows:
        key = (row.plan_id, row.employer_id, row.programme.value, row.month, leaf_of[row.kind, row.a, row.b])
        atom = found.get(key)
        if atom is None:
            atom = found[key] = Atom(*key)
        _count(atom, row, weighted)
    names = [breakdown.name for breakdown in breakdowns]
    return Book(
        dimension,
        breakdowns,
        [dict(zip(names, path, strict=True)) for path, _ in leaves],
        [dict(zip(names, point, strict=True)) for _, point in leaves],
        [found[key] for key in sorted(found)],
    )


def _count(atom: Atom, row: Counted, weighted: Sequence[Breakdown]) -> None:
    atom.n += row.n
    if row.provider_id is not None:
        who = row.provider_id.int
        atom.providers[who] = atom.providers.get(who, 0) + row.n
    for breakdown in weighted:
        assert breakdown.weight is not None
        atom.totals[breakdown.name] = atom.totals.get(breakdown.name, 0) + breakdown.weight.value(row.a, row.b) * row.n


def _points(breakdown: Breakdown, kind: tuple[str, int, int]) -> int:
    """Points are few and tell the leaves apart; an amount's own sum does not mix with counts in the linear system."""
    if breakdown.weight is None or breakdown.weight.of is not None:
        return 0
    return breakdown.weight.value(kind[1], kind[2])
