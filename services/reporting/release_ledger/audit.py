"""D6: whether a small number, not calculable, is still pinned down to a narrow range: over all whole numbers of clients that agree with
what was published, and with nothing else. Pure.

First, moves that change nothing published are looked for: clients between columns that the same rows cover; then, around a square,
between two employers and two groups, say. Only what has no such proof goes to an integer programme (HiGHS), from both ends, over the
columns put together by the rows that cover them. That a column is empty is not published.
"""

from collections.abc import Mapping, Sequence
from random import Random

from reporting.release_ledger.linear import Row

Signature = tuple[tuple[int, int], ...]
Kind = tuple[Signature, Signature]
"""By which of the employers' own rows a column is covered, and by which pooled ones."""
NODES = 20
"""Of one programme's tree; what is not found by then counts as narrow. Not a time: the same counts are decided the same way."""
KINDS = 250
"""In one programme."""


class Table:
    """A system's columns put together by the rows that cover them."""

    def __init__(self, counts: Mapping[int, int], own: Sequence[Row], pooled: Sequence[Row]) -> None:
        self.counts, first, second = counts, _signatures(own), _signatures(pooled)
        self.kinds: dict[int, Kind] = {column: (first.get(column, ()), second.get(column, ())) for column in counts}
        self.size: dict[Kind, int] = {}
        self.columns: dict[Kind, int] = {}
        for column, n in counts.items():
            self.columns[self.kinds[column]] = self.columns.get(self.kinds[column], 0) + 1
            self.size[self.kinds[column]] = self.size.get(self.kinds[column], 0) + n
        self.by_row: dict[tuple[int, int], list[Kind]] = {}
        chance = Random(0)
        marks = [[chance.getrandbits(61) for _ in rows] for rows in (own, pooled)]
        self.mark: dict[Kind, int] = {}
        """The same for the same sum of coverings, and for no other."""
        for kind in self.size:
            self.mark[kind] = sum(factor * marks[side][number] for side in (0, 1) for number, factor in kind[side])
            for side in (0, 1):
                for number, _ in kind[side]:
                    self.by_row.setdefault((side, number), []).append(kind)

        self.marked = {mark: kind for kind, mark in self.mark.items()}

    def inside(self, small: frozenset[int]) -> dict[Kind, int]:
        found: dict[Kind, int] = {}
        for column in small:
            found[self.kinds[column]] = found.get(self.kinds[column], 0) + self.counts[column]
        return found


def wide(found: Table, small: frozenset[int], least: int) -> bool:
    """Whether the number in these columns may differ by at least so many, for all that anybody can know."""
    inside = found.inside(small)
    if _exchanged(found, small) >= least:
        return True
    near = _neighbours(found, inside)
    return _squared(found, inside, near, least) or _programmed(found, inside, near, least)


def _signatures(rows: Sequence[Row]) -> dict[int, Signature]:
    found: dict[int, list[tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        for column, factor in row.items():
            found.setdefault(column, []).append((number, factor))
    return {column: tuple(some) for column, some in found.items()}


def _exchanged(found: Table, small: frozenset[int]) -> int:
    """All clients of a kind may be in those of its columns that count here, or in the others."""
    counted: dict[Kind, int] = {}
    for column in small:
        counted[found.kinds[column]] = counted.get(found.kinds[column], 0) + 1
    return sum(found.size[kind] for kind, columns in counted.items() if found.columns[kind] > columns)


def _squared(found: Table, inside: Mapping[Kind, int], near: Sequence[Kind], least: int) -> bool:
    """So many more here and in a third kind, as many fewer in a second and a fourth; or the reverse. Every row keeps its sum where the
    first and the third are covered as the second and the fourth are."""
    outside = [kind for kind in near[:60] if kind not in inside]
    left, up, down = dict(found.size), 0, dict.fromkeys(inside, 0)
    for first in inside:
        for second in outside:
            towards = found.mark[first] - found.mark[second]
            for third in outside:
                fourth = found.marked.get(towards + found.mark[third])
                if fourth is None or fourth in inside or fourth == second:
                    continue
                moved = min(left[second], left[fourth])
                left[second], left[fourth], up = left[second] - moved, left[fourth] - moved, up + moved
                down[first] = max(down[first], min(inside[first], found.size[third]))
                if up + max(down.values()) >= least:
                    return True
    return False


def _programmed(found: Table, inside: Mapping[Kind, int], kinds: Sequence[Kind], least: int) -> bool:
    # Steps may be larger than one, so the limit is not the goal; the gap is what lies between the two.
    highest = _extreme(found, kinds, inside, 4 * least)
    return highest >= least or highest + _extreme(found, kinds, inside, -4 * least) >= least


def _neighbours(found: Table, inside: Mapping[Kind, int]) -> Sequence[Kind]:
    """What hangs together with it by rows, the closest first, up to a size; the others are held where they are, which only narrows."""
    todo = sorted(inside)
    seen, done = set(todo), set[tuple[int, int]]()
    for kind in todo:
        rows = [(side, number) for side in (0, 1) for number, _ in kind[side] if (side, number) not in done]
        for row in sorted(rows, key=lambda row: len(found.by_row[row])):
            done.add(row)
            fresh = [one for one in found.by_row[row] if one not in seen][: max(0, KINDS - len(seen))]
            seen.update(fresh)
            todo += fresh
    return todo


def _extreme(found: Table, kinds: Sequence[Kind], inside: Mapping[Kind, int], by: int) -> int:
    """How far the number can go from where it is, at most `by`: up, or down where that is below zero."""
    import numpy
    from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
    from scipy.sparse import coo_array  # type: ignore[import-untyped]

    rows: dict[tuple[int, int], int] = {}
    entries = [
        (rows.setdefault((side, number), len(rows)), at, factor)
        for at, kind in enumerate(kinds)
        for side in (0, 1)
        for number, factor in kind[side]
    ]
    up = 1 if by > 0 else -1
    objective = numpy.array([-up if kind in inside else 0 for kind in kinds])
    lowest = numpy.array([-found.size[kind] for kind in kinds])
    limit = LinearConstraint(up * (objective != 0).astype(float), -numpy.inf, abs(by))
    constraints = [limit]
    if entries:
        number, at, factor = zip(*entries, strict=True)
        constraints.append(LinearConstraint(coo_array((factor, (number, at)), shape=(len(rows), len(kinds))).tocsr(), 0, 0))
    done = milp(
        objective,
        integrality=numpy.ones(len(kinds)),
        bounds=Bounds(lowest, numpy.inf),
        constraints=constraints,
        options={"node_limit": NODES, "mip_rel_gap": 0.75},
    )
    return 0 if done.x is None else round(-done.fun)
