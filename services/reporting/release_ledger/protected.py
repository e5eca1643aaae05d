"""What must not become calculable (D4, D5, D10): every small set that has a name, or is what a table leaves over. Pure.

For each pooled scope and each employer that has numbers of its own, whether they may be shown or not: each group of each period; neighbours
of one level together; what a group of one breakdown has more than one of another of the same dimension; any months of a quarter, and
any quarters of a year together; and each atom. Small is whoever is 1 to 10; in a pooled scope also whoever is so few without the one or the
two employers that have most of them, who know their own (D10). Empty groups are nobody and not protected. D4 off: totals and atoms only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, permutations

import numpy
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack  # type: ignore[import-untyped]

from reporting.measures import periods
from reporting.measures.families import Breakdown, Group, paths
from reporting.release_ledger.cells import Policy, Scope
from reporting.release_ledger.slices import Slices

Columns = Mapping[int, int]
"""Of each atom that is in a linear system, its column there."""
Ones = NDArray[numpy.int64]
AT_ONCE = 4_000_000
"""Numbers in memory: groups by times by employers."""


def protected_sets(
    policy: Policy, slices: Slices, columns: Columns, scopes: Iterable[Scope], months: Sequence[str], times: Ones
) -> csr_array:
    """Rows of ones over the columns. `times`: the months that are taken together, a row of ones over `months` each."""
    width = 1 + max(columns.values(), default=-1)
    groups = _of_leaves(slices, [*leaf_sets(policy, slices), *differences(policy, slices)])
    found = [_of_atoms(policy, slices, columns, width)]
    for scope in scopes:
        found += _of_scope(policy, slices, (columns, width), scope, (months, times), groups)
    return _distinct(vstack(found, format="csr"))


def small_groups(policy: Policy, slices: Slices, columns: Columns, scopes: Iterable[Scope], months: Sequence[str]) -> set[frozenset[int]]:
    """Of one period, and of groups only: the columns of each, for the audit."""
    width = 1 + max(columns.values(), default=-1)
    groups, times = _of_leaves(slices, leaf_sets(policy, slices)), numpy.ones((1, len(months)), dtype=numpy.int64)
    found: set[frozenset[int]] = set()
    for scope in scopes:
        for rows in _of_scope(policy, slices, (columns, width), scope, (months, times), groups):
            found.update(frozenset(some.tolist()) for some in numpy.split(rows.indices, rows.indptr[1:-1]))
    return found - {frozenset[int]()}


def months_together(count: int) -> Ones:
    """Any months of a quarter, any whole quarters of the year; of as many months as are closed."""
    quarters = [range(at, min(at + 3, count)) for at in range(0, count, 3)]
    some = [few for quarter in quarters for size in range(1, len(quarter) + 1) for few in combinations(quarter, size)]
    whole = [quarter for quarter in quarters if len(quarter) == 3]
    some += [tuple(m for quarter in few for m in quarter) for size in range(2, len(whole) + 1) for few in combinations(whole, size)]
    return numpy.array([[month in few for month in range(count)] for few in some], dtype=numpy.int64)


def leaf_sets(policy: Policy, slices: Slices) -> Sequence[frozenset[int]]:
    """Of everybody, of each group, and of neighbours of one level."""
    everything = frozenset(range(len(slices.book.leaves)))
    found = {leaves for breakdown in slices.book.breakdowns for leaves in _of_levels(policy, slices, breakdown)}
    return sorted((found | {everything}) - {frozenset[int]()}, key=sorted)


def differences(policy: Policy, slices: Slices) -> Sequence[frozenset[int]]:
    """ "Within 5 days" and "within 5 business days" are nearly the same people."""
    if "D4" in policy.off:
        return []
    groups = {one.name: [slices.leaves(one.name, "/".join(path)) for path in paths(one)] for one in slices.book.breakdowns}
    pairs = [(a, b) for one, other in permutations(groups, 2) for a in groups[one] for b in groups[other]]
    found = {part for a, b in pairs for part in (a - b, a & b)}
    return sorted(found - {frozenset[int]()} - set(leaf_sets(policy, slices)), key=sorted)


def closed_months(month: str) -> Sequence[str]:
    return [one for one in periods.months_of(month[:4]) if one <= month]


def fragile(policy: Policy, whose: Ones) -> NDArray[numpy.bool_]:
    """`whose`: how many clients of each employer, along the last axis."""
    n: Ones = whose.sum(axis=-1)
    small: NDArray[numpy.bool_] = (n > 0) & (n < policy.threshold)
    if "D10" in policy.off or whose.shape[-1] < 2:
        return small
    largest = numpy.sort(whose, axis=-1)[..., -2:]
    for rest in (n - largest[..., 1], n - largest.sum(axis=-1)):
        small |= (rest > 0) & (rest < policy.threshold)
    return small


def _of_scope(
    policy: Policy, slices: Slices, over: tuple[Columns, int], scope: Scope, time: tuple[Sequence[str], Ones], groups: Ones
) -> Iterator[csr_array]:
    """The scope's small sets: of each group at each time, where it is small."""
    (columns, width), (months, times), atoms = over, time, slices.book.atoms
    by_month = slices.months(scope)
    there = [
        (leaf, m, at) for m, month in enumerate(months) for leaf, some in by_month.get(month, {}).items() for at in some if at in columns
    ]
    if not there:
        return
    employers = {employer: at for at, employer in enumerate(sorted({atoms[at].employer for _, _, at in there}))}
    counts = numpy.zeros((groups.shape[1], len(months), len(employers)), dtype=numpy.int64)
    for leaf, m, at in there:
        counts[leaf, m, employers[atoms[at].employer]] += atoms[at].n
    cells = csr_array(
        (
            numpy.ones(len(there), dtype=numpy.int64),
            ([leaf * len(months) + m for leaf, m, _ in there], [columns[at] for _, _, at in there]),
        ),
        shape=(groups.shape[1] * len(months), width),
    )
    step = max(1, AT_ONCE // (len(times) * len(employers)))
    for first in range(0, len(groups), step):
        some = groups[first : first + step]
        whose = numpy.einsum("gme,tm->gte", numpy.tensordot(some, counts, axes=1), times)
        group, at_time = numpy.nonzero(fragile(policy, whose))
        if not len(group):
            continue
        chosen = (some[group][:, :, None] * times[at_time][:, None, :]).reshape(len(group), -1)
        yield _ones(csr_array(chosen) @ cells)


def _of_leaves(slices: Slices, groups: Sequence[frozenset[int]]) -> Ones:
    return numpy.array([[leaf in group for leaf in range(len(slices.book.leaves))] for group in groups], dtype=numpy.int64)


def _of_atoms(policy: Policy, slices: Slices, columns: Columns, width: int) -> csr_array:
    size = numpy.zeros(width, dtype=numpy.int64)
    for at, column in columns.items():
        size[column] += slices.book.atoms[at].n
    small = numpy.flatnonzero((size > 0) & (size < policy.threshold))
    return csr_array((numpy.ones_like(small), small, numpy.arange(len(small) + 1)), shape=(len(small), width))


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


def _ones(found: csr_array) -> csr_array:
    found = csr_array(found)
    found.data[:] = 1
    return found


def _distinct(found: csr_array) -> csr_array:
    marks = found @ numpy.random.default_rng(0).integers(0, 2**40, found.shape[1])
    return found[numpy.sort(numpy.unique(marks, return_index=True)[1])]
