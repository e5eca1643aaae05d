"""The attacker's picture of one dimension in one year: atoms, and every published number as an equation over them.

An atom is the clients of one plan, employer, programme and month whom every breakdown of the dimension puts in the same group: breakdowns
of one dimension share groups, so a number of one can be taken off a number of the other. Written without the ledger's code.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sp

from reporting.measures.families import Breakdown, Family, paths
from reporting.release_ledger.cells import Cell, Counted, Decided, Policy, Population, Scope, ScopeKind

Leaf = tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]
"""The path in each breakdown, and the points in each that sums points."""
Block = tuple[str, str, str]
"""Plan, employer, programme."""


@dataclass
class Atoms:
    family: Family
    dimension: str
    year: str
    blocks: list[Block]
    leaves: list[Leaf]
    block: np.ndarray
    month: np.ndarray
    leaf: np.ndarray
    n: np.ndarray
    smaller: np.ndarray
    """Of each block: whether its employer is one of the smaller ones (D12)."""

    @property
    def breakdowns(self) -> list[Breakdown]:
        return of_dimension(self.family, self.dimension)

    def __len__(self) -> int:
        return len(self.n)


@dataclass
class Known:
    """What was published: a row an equation over the atoms, what it comes to, and how to call it."""

    matrix: sp.csr_matrix
    values: np.ndarray
    names: list[str]


def of_dimension(family: Family, dimension: str) -> list[Breakdown]:
    return [breakdown for breakdown in family.breakdowns if breakdown.dimension == dimension]


def atoms_of(family: Family, dimension: str, rows: Iterable[Counted], population: Population, policy: Policy, zeros: bool = False) -> Atoms:
    """`zeros`: with the atoms that hold nobody; without them the attacker knows where nobody is."""
    counts: Counter[tuple[Block, int, Leaf]] = Counter()
    leaf_of: dict[tuple[str, int, int], Leaf] = {}
    year = ""
    for row in rows:
        if row.dimension == dimension:
            year = row.month[:4]
            bin_ = (row.kind, row.a, row.b)
            if bin_ not in leaf_of:
                leaf_of[bin_] = _leaf(of_dimension(family, dimension), *bin_)
            block = (str(row.plan_id), str(row.employer_id), str(row.programme))
            counts[block, int(row.month[5:]) - 1, leaf_of[bin_]] += row.n
    blocks, leaves = sorted({key[0] for key in counts}), sorted(set(leaf_of.values()))
    index = {block: at for at, block in enumerate(blocks)}, {leaf: at for at, leaf in enumerate(leaves)}
    cube = np.zeros((len(blocks), 12, len(leaves)), dtype=np.int64)
    for (block, month, leaf), n in counts.items():
        cube[index[0][block], month, index[1][leaf]] = n
    where = np.nonzero(np.ones_like(cube) if zeros else cube)
    eligible = {(str(employer), of): people for (employer, of), people in population.eligible.items()}
    smaller = np.array([eligible.get((block[1], int(year or 0)), 0) < policy.employer_eligible for block in blocks], dtype=bool)
    return Atoms(family, dimension, year, blocks, leaves, *where, cube[where], smaller)


def groups_of(atoms: Atoms, breakdown: str, group: str) -> np.ndarray:
    """Of each leaf, whether it is in the group; the whole population where there is no breakdown."""
    if not breakdown:
        return np.ones(len(atoms.leaves), dtype=bool)
    place = [each.name for each in atoms.breakdowns].index(breakdown)
    *before, last = group.split("/")
    among = set(last.split("+"))
    depth = len(before)
    at = [leaf[0][place] for leaf in atoms.leaves]
    return np.array([path[:depth] == tuple(before) and len(path) > depth and path[depth] in among for path in at])


def blocks_of(atoms: Atoms, scope: Scope) -> np.ndarray:
    """Of each block, whether it is in the scope."""
    id_ = scope.id
    match scope.kind:
        case ScopeKind.NETWORK:
            return np.ones(len(atoms.blocks), dtype=bool)
        case ScopeKind.SMALLER_EMPLOYERS:
            return atoms.smaller
        case ScopeKind.PLAN:
            return np.array([plan == id_ for plan, _, _ in atoms.blocks])
        case ScopeKind.PROGRAMME:
            return np.array([f"{plan}/{programme}" == id_ for plan, _, programme in atoms.blocks])
        case ScopeKind.EMPLOYER:
            return np.array([employer == id_ for _, employer, _ in atoms.blocks])


def months_in(period: str) -> np.ndarray:
    """`2026-YTD-05` and `2026-ROLL-05` are there only while D8 is switched off."""
    found = np.zeros(12, dtype=bool)
    if "YTD" in period or "ROLL" in period:
        last = int(period[-2:])
        found[max(0, last - 3) if "ROLL" in period else 0 : last] = True
    elif len(period) == 4:
        found[:] = True
    elif period[5] == "Q":
        found[3 * int(period[6]) - 3 : 3 * int(period[6])] = True
    else:
        found[int(period[5:]) - 1] = True
    return found


def concerns(atoms: Atoms, cell: Cell) -> bool:
    return not cell.breakdown or cell.breakdown in {each.name for each in atoms.breakdowns}


def equations(atoms: Atoms, released: Sequence[Decided]) -> Known:
    """Every published number that says something about these atoms: a row, its value, and how to call it."""
    inside_of = _vectors(atoms)
    at: list[np.ndarray] = []
    what: list[np.ndarray] = []
    values: list[float] = []
    names: list[str] = []
    for one in released:
        if one.n is None or not concerns(atoms, one.cell):
            continue
        inside = inside_of(one.cell)
        if int(atoms.n[inside].sum()) != one.n:
            raise AssertionError(f"{one.cell} says {one.n}, counted are {atoms.n[inside].sum()}")
        points = _points(atoms, one.cell)
        at.append(inside)
        what.append(np.ones(len(inside)))
        values.append(one.n)
        names.append(called(one.cell))
        if one.total is not None and points is not None:
            at.append(inside)
            what.append(points[atoms.leaf[inside]])
            values.append(one.total)
            names.append(f"sum over {called(one.cell)}")
    ends = np.cumsum([0, *map(len, at)])
    entries = (np.concatenate([np.zeros(0), *what]), np.concatenate([np.zeros(0, dtype=int), *at]), ends)
    return Known(sp.csr_matrix(entries, shape=(len(at), len(atoms))), np.array(values, dtype=float), names)


def vector(atoms: Atoms, cell: Cell) -> np.ndarray:
    """Of each atom, whether the cell is made of it."""
    found = np.zeros(len(atoms), dtype=bool)
    found[_vectors(atoms)(cell)] = True
    return found


def _vectors(atoms: Atoms) -> Callable[[Cell], np.ndarray]:
    """The atoms of a cell, as indices; scopes, periods and groups are looked up once."""

    @cache
    def of_scope(scope: Scope) -> np.ndarray:
        return np.flatnonzero(blocks_of(atoms, scope)[atoms.block])

    @cache
    def of_period(period: str) -> np.ndarray:
        return months_in(period)

    @cache
    def of_group(breakdown: str, group: str) -> np.ndarray:
        return groups_of(atoms, breakdown, group)

    def found(cell: Cell) -> np.ndarray:
        at = of_scope(cell.scope)
        return at[of_period(cell.period)[atoms.month[at]] & of_group(cell.breakdown, cell.group)[atoms.leaf[at]]]

    return found


def called(cell: Cell) -> str:
    return f"{cell.scope.kind} {cell.scope.id[:45]} {cell.period} {cell.breakdown} {cell.group or 'all'}".replace("  ", " ")


def group_paths(breakdown: Breakdown) -> list[str]:
    return ["/".join(path) for path in paths(breakdown)]


def _points(atoms: Atoms, cell: Cell) -> np.ndarray | None:
    """What each leaf adds to the sum, where that follows from the leaf."""
    weighted = [each.name for each in atoms.breakdowns if each.weight is not None and each.weight.points]
    if cell.breakdown not in weighted:
        return None
    return np.array([leaf[1][weighted.index(cell.breakdown)] for leaf in atoms.leaves], dtype=float)


def _leaf(breakdowns: Sequence[Breakdown], kind: str, a: int, b: int) -> Leaf:
    points = tuple(each.weight.value(a, b) for each in breakdowns if each.weight is not None and each.weight.points)
    return tuple(each.leaf(kind, a, b) for each in breakdowns), points
