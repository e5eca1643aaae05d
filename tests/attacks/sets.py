"""Every set of people that somebody could ask about: whose, when, which group, and the differences of two of these.

They are summed up over the atoms all at once: a set is a row of `whose`, a row of `when` and a row of `which`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from tests.attacks.atoms import Atoms, group_paths, groups_of, months_in

QUARTERS = ("Q1", "Q2", "Q3", "Q4")
Named = list[tuple[str, np.ndarray]]


@dataclass(frozen=True)
class Sets:
    whose: Named
    """Over blocks."""
    when: Named
    """Over the twelve months."""
    which: Named
    """Over leaves."""

    def named(self, at: tuple[int, int, int]) -> str:
        return " · ".join(part[index][0] for part, index in zip((self.whose, self.when, self.which), at, strict=True))

    def vector(self, atoms: Atoms, at: tuple[int, int, int]) -> np.ndarray:
        whose, when, which = self.whose[at[0]][1], self.when[at[1]][1], self.which[at[2]][1]
        return whose[atoms.block] & when[atoms.month] & which[atoms.leaf]

    def __len__(self) -> int:
        return len(self.whose) * len(self.when) * len(self.which)


def all_sets(atoms: Atoms, among: np.ndarray | None = None) -> Sets:
    """`among`: sets within these blocks only."""
    own = [(name, part) for name, part in whose(atoms) if among is None or (part.any() and not (part & ~among).any())]
    return Sets(own, when(), which(atoms))


def whose(atoms: Atoms) -> Named:
    """Everybody, plans, programmes, employers and their parts; the smaller ones; and each of these without one employer."""
    plans, employers, programmes = (np.array(part) for part in zip(*atoms.blocks, strict=True))
    one = np.ones(len(atoms.blocks), dtype=bool)
    found: Named = [("network", one), ("smaller employers", atoms.smaller), ("larger employers", ~atoms.smaller)]
    for plan in np.unique(plans):
        found.append((f"plan {plan}", plans == plan))
        found += [(f"plan {plan} {kind}", (plans == plan) & (programmes == kind)) for kind in np.unique(programmes)]
        found.append((f"smaller employers of plan {plan}", (plans == plan) & atoms.smaller))
    found += [(f"everybody in {kind}", programmes == kind) for kind in np.unique(programmes)]
    for employer in np.unique(employers):
        own = employers == employer
        found.append((f"employer {employer}", own))
        for other in (programmes, plans):
            of_it = [(f"employer {employer} {kind}", own & (other == kind)) for kind in np.unique(other[own])]
            found += of_it if len(of_it) > 1 else []
        if atoms.smaller[own].any():
            found.append((f"smaller employers but {employer}", atoms.smaller & ~own))
        found.append((f"plan without employer {employer}", np.isin(plans, np.unique(plans[own])) & ~own))
    return found


def when() -> Named:
    """Months, quarters, the year, the year to date, and what one of these leaves of a longer one."""
    months = [months_in(f"2000-{month:02}") for month in range(1, 13)]
    quarters = [months_in(f"2000-{quarter}") for quarter in QUARTERS]
    found: Named = [("year", months_in("2000")), ("first half", quarters[0] | quarters[1]), ("second half", quarters[2] | quarters[3])]
    found += [(f"month {at + 1}", month) for at, month in enumerate(months)]
    found += [(name, quarter) for name, quarter in zip(QUARTERS, quarters, strict=True)]
    found += [(f"year without {name}", ~quarter) for name, quarter in zip(QUARTERS, quarters, strict=True)]
    found += [(f"{QUARTERS[at // 3]} without month {at + 1}", quarters[at // 3] & ~month) for at, month in enumerate(months)]
    found += [(f"year to month {at}", months_in(f"2000-YTD-{at:02}")) for at in (2, 4, 5, 7, 8, 10, 11)]
    return found


def which(atoms: Atoms) -> Named:
    """All, each group of each breakdown, its neighbours joined, what it leaves out, and each leaf of all breakdowns together."""
    found: Named = [("all", np.ones(len(atoms.leaves), dtype=bool))]
    for breakdown in atoms.breakdowns:
        level: dict[str, list[str]] = {}
        for path in group_paths(breakdown):
            inside = groups_of(atoms, breakdown.name, path)
            found += [(f"{breakdown.name} {path}", inside), (f"{breakdown.name} not {path}", ~inside)]
            level.setdefault(path.rpartition("/")[0], []).append(path)
        for before, siblings in level.items():
            for first, second in pairwise(siblings):
                joined = groups_of(atoms, breakdown.name, first) | groups_of(atoms, breakdown.name, second)
                found.append((f"{breakdown.name} {first}+{second.removeprefix(before + '/')}", joined))
    leaves = np.eye(len(atoms.leaves), dtype=bool)
    found += [("leaf " + " & ".join("/".join(path) for path in leaf[0]), leaves[at]) for at, leaf in enumerate(atoms.leaves)]
    unlike = {inside.tobytes(): (name, inside) for name, inside in reversed(found)}
    return list(unlike.values())[::-1]


def summed(atoms: Atoms, sets: Sets, values: np.ndarray, rows: slice) -> np.ndarray:
    """Of each set (of these rows of `whose`) the sums of the columns of `values`, which has a row an atom."""
    shape = len(atoms.blocks), 12 * len(atoms.leaves)
    place = atoms.month * len(atoms.leaves) + atoms.leaf
    who = sp.csr_matrix(np.array([part for _, part in sets.whose[rows]], dtype=float))
    times = np.array([part for _, part in sets.when], dtype=float)
    kinds = np.array([part for _, part in sets.which], dtype=float)
    columns = []
    for column in values.T:
        cube = sp.csr_matrix((column, (atoms.block, place)), shape=shape)
        sums = (who @ cube).toarray().reshape(-1, 12, len(atoms.leaves))
        columns.append(np.matmul(np.matmul(times, sums), kinds.T))
    return np.stack(columns, axis=-1)
