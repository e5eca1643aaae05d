"""What must not become calculable (D4, D5): every set of 1 to 10 clients that has a name, or is what a table leaves over. Pure.

For each pooled scope and each employer that has numbers of its own, whether they may be shown or not: each group of each period; neighbours
of one level together; the quarters that a year, the months that a quarter may be short of, together; and each atom. Empty groups are
nobody, and are not protected. D4 off: totals and atoms only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from reporting.measures import periods
from reporting.measures.families import Breakdown, Group
from reporting.release_ledger.cells import Policy, Scope
from reporting.release_ledger.slices import Slices

Columns = Sequence[int | None]
"""Of each atom, its column in a linear system, if it has one there."""
Small = tuple[int, frozenset[int]]
"""How many clients, and their columns."""


def small_columns(policy: Policy, slices: Slices, columns: Columns) -> Iterable[int]:
    size: dict[int, int] = {}
    for column, atom in zip(columns, slices.book.atoms, strict=True):
        if column is not None:
            size[column] = size.get(column, 0) + atom.n
    return [column for column, n in size.items() if n < policy.threshold]


def small_sets(policy: Policy, slices: Slices, columns: Columns, scopes: Iterable[Scope], months: Sequence[str]) -> set[frozenset[int]]:
    """`months`: from January on."""
    found: set[frozenset[int]] = set()
    groups = leaf_sets(policy, slices)
    for scope in scopes:
        by_month = _by_month(slices, columns, scope, months)
        for leaves in groups:
            found.update(_in_time(policy.threshold, [_small(by_leaf, leaves) for by_leaf in by_month]))
    return found


def small_groups(policy: Policy, slices: Slices, columns: Columns, scopes: Iterable[Scope], months: Sequence[str]) -> set[frozenset[int]]:
    """Of one period only."""
    groups = leaf_sets(policy, slices)
    found: set[frozenset[int]] = set()
    for scope in scopes:
        by_leaf: dict[int, Small] = {}
        for leaves in _by_month(slices, columns, scope, months):
            for leaf, some in leaves.items():
                by_leaf[leaf] = _together([by_leaf[leaf], some]) if leaf in by_leaf else some
        small = (_small(by_leaf, group) for group in groups)
        found.update(some for n, some in small if 0 < n < policy.threshold)
    return found


def leaf_sets(policy: Policy, slices: Slices) -> Sequence[frozenset[int]]:
    """Of everybody, of each group, and of neighbours of one level."""
    everything = frozenset(range(len(slices.book.leaves)))
    found = {leaves for breakdown in slices.book.breakdowns for leaves in _of_levels(policy, slices, breakdown)}
    return sorted((found | {everything}) - {frozenset[int]()}, key=sorted)


def closed_months(month: str) -> Sequence[str]:
    return [one for one in periods.months_of(month[:4]) if one <= month]


def _of_levels(policy: Policy, slices: Slices, breakdown: Breakdown) -> Iterator[frozenset[int]]:
    if "D4" in policy.off:
        return
    levels: list[tuple[str, tuple[Group, ...]]] = [("", breakdown.groups)]
    while levels:
        before, level = levels.pop()
        names = [group.name for group in level]
        for first, last in combinations(range(len(names) + 1), 2):
            yield slices.leaves(breakdown.name, before + "+".join(names[first:last]))
        levels += [(f"{before}{group.name}/", group.groups) for group in level if group.groups]


def _by_month(slices: Slices, columns: Columns, scope: Scope, months: Sequence[str]) -> Sequence[Mapping[int, Small]]:
    atoms, by_month = slices.book.atoms, slices.months(scope)
    return [
        {
            leaf: (sum(atoms[at].n for at in found), frozenset(c for at in found if (c := columns[at]) is not None))
            for leaf, found in by_month.get(month, {}).items()
        }
        for month in months
    ]


def _small(by_leaf: Mapping[int, Small], leaves: frozenset[int]) -> Small:
    parts = [some for leaf, some in by_leaf.items() if leaf in leaves]
    return _together(parts)


def _in_time(threshold: int, months: Sequence[Small]) -> Iterator[frozenset[int]]:
    quarters = [months[at : at + 3] for at in range(0, len(months), 3)]
    whole = [_together(quarter) for quarter in quarters if len(quarter) == 3]
    for few in (*quarters, whole):
        small = [one for one in few if 0 < one[0] < threshold]
        for size in range(1, len(small) + 1):
            for some in combinations(small, size):
                if sum(n for n, _ in some) < threshold:
                    yield _together(some)[1]


def _together(some: Sequence[Small]) -> Small:
    return sum(n for n, _ in some), frozenset().union(*(columns for _, columns in some))
