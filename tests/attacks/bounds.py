"""T2 and T3: between which whole numbers a small set must lie, given all that was published (mixed-integer programming, HiGHS).

People are counted in whole numbers and never less than nobody: that says more than the equations alone. T3 also takes a withheld number for
one under eleven, although the one mark (D2) may stand for other reasons: it overestimates what the mark gives away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Decided
from tests.attacks.atoms import Atoms, Known, atoms_of, called, concerns, equations, vector
from tests.attacks.breach import Breach, Found
from tests.attacks.publishing import Published
from tests.attacks.row_space import AT_ONCE, LARGEST_PROTECTED, unseen_by
from tests.attacks.sets import all_sets, summed

NARROWEST = 3
SECONDS = 5.0


@dataclass(frozen=True)
class Puzzle:
    """Atoms that no published number tells apart are one unknown."""

    atoms: Atoms
    known: Known
    matrix: sp.csr_matrix
    part: np.ndarray
    """Of each atom its unknown."""


def puzzle(published: Published, family: str, year: str, dimension: str) -> Puzzle:
    rows = published.rows[family, year]
    atoms = atoms_of(FAMILIES[family], dimension, rows, published.population, published.policy, zeros=True)
    known = equations(atoms, published.released(family, year))
    columns = known.matrix.tocsc()
    seen: dict[tuple[bytes, bytes], int] = {}
    part = np.empty(len(atoms), dtype=int)
    for at in range(len(atoms)):
        span = slice(columns.indptr[at], columns.indptr[at + 1])
        part[at] = seen.setdefault((columns.indices[span].tobytes(), columns.data[span].tobytes()), len(seen))
    first = np.unique(part, return_index=True)[1]
    return Puzzle(atoms, known, columns[:, first].tocsr(), part)


def t2(found: Puzzle, nearest: int, random: int, seed: int = 1) -> Found:
    """The small sets that are nearest to being calculable, and some others."""
    sample = _sample(found, nearest, random, seed)
    widths = [(name, int(found.atoms.n[inside].sum()), slack(found, inside)) for name, inside in sample]
    return Found(len(sample), tuple(_breach("T2", name, n, width) for name, n, width in widths if width < NARROWEST))


def t3(found: Puzzle, decided: Sequence[Decided], sample: int, seed: int = 1) -> Found:
    """Withheld numbers that are small: the interval, cut at ten."""
    hidden = [(one, vector(found.atoms, one.cell)) for one in _withheld(found, decided)]
    small = [(called(one.cell), inside) for one, inside in hidden if 1 <= found.atoms.n[inside].sum() <= LARGEST_PROTECTED]
    chosen = Random(seed).sample(small, min(sample, len(small)))
    breaches = []
    for name, inside in chosen:
        width = slack(found, inside, most=LARGEST_PROTECTED)
        if width < NARROWEST:
            breaches.append(_breach("T3", name, int(found.atoms.n[inside].sum()), width))
    return Found(len(chosen), tuple(breaches))


def slack(found: Puzzle, inside: np.ndarray, wanted: int = NARROWEST, most: int | None = None) -> int:
    """How many more or fewer than they really are the set's people could be, `wanted` at most; never more people than `most`.

    Found as the smallest rearrangement of people that changes no published number: where linear programming answers in whole people, or
    that there is none, that is certain; else the integer program is asked.
    """
    n = int(found.atoms.n[inside].sum())
    world = _apart(found, inside)
    above = wanted if most is None else min(wanted, most - n)
    up = next((by for by in range(above, 0, -1) if possible(*world, by)), 0)
    if up >= wanted:
        return up
    return up + next((by for by in range(min(wanted - up, n), 0, -1) if possible(*world, -by)), 0)


def _apart(found: Puzzle, inside: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray, np.ndarray]:
    """Equations, what is really so, and the set, with the unknowns parted that are inside with a part only."""
    count = found.matrix.shape[1]
    ours = np.bincount(found.part[inside], minlength=count)
    partly = np.flatnonzero((ours > 0) & (ours < np.bincount(found.part, minlength=count)))
    truth = np.bincount(found.part, weights=found.atoms.n, minlength=count)
    mine = np.bincount(found.part[inside], weights=found.atoms.n[inside], minlength=count)[partly]
    set_ = np.concatenate([ours > 0, np.zeros(len(partly))])
    real = np.concatenate([truth, truth[partly] - mine])
    real[partly] = mine
    return sp.hstack([found.matrix, found.matrix[:, partly]], format="csr"), real, set_


def possible(matrix: sp.csr_matrix, real: np.ndarray, set_: np.ndarray, by: int) -> bool:
    """Whether people can be rearranged so that nothing published changes, and `by` more (fewer) are in the set."""
    rows = sp.vstack([matrix, sp.csr_matrix(set_)], format="csr")
    equal = np.concatenate([np.zeros(matrix.shape[0]), [by]])
    bounds = np.concatenate(
        [np.column_stack([np.zeros_like(real), np.full_like(real, np.inf)]), np.column_stack([np.zeros_like(real), real])]
    )
    sides = sp.hstack([rows, -rows], format="csr")
    solved = linprog(np.ones(2 * len(real)), A_eq=sides, b_eq=equal, bounds=bounds, method="highs")
    if solved.status == 2:
        return False
    if solved.x is not None and np.abs(solved.x - solved.x.round()).max() < 1e-6:
        return True
    asked = LinearConstraint(sides, equal, equal)
    whole = np.ones(2 * len(real))
    solved = milp(whole, constraints=asked, integrality=whole, bounds=Bounds(*bounds.T), options={"time_limit": SECONDS})
    return solved.x is not None


def _sample(found: Puzzle, nearest: int, random: int, seed: int) -> list[tuple[str, np.ndarray]]:
    """`nearest`: sets over which the vectors that the published numbers cannot see sum to the least, measured by the set's size."""
    sets, unseen = all_sets(found.atoms), unseen_by(found.known.matrix, len(found.atoms))
    candidates: list[tuple[float, int, tuple[int, int, int]]] = []
    draw = Random(seed)
    for first in range(0, len(sets.whose), AT_ONCE):
        sums = summed(found.atoms, sets, np.column_stack([found.atoms.n, unseen]), slice(first, first + AT_ONCE))
        small = np.nonzero((sums[..., 0] > 0.5) & (sums[..., 0] < LARGEST_PROTECTED + 0.5))
        distance = np.abs(sums[..., 1:]).max(axis=-1)[small]
        for at in np.argsort(distance)[: 8 * nearest]:
            candidates.append(
                (float(distance[at]), draw.getrandbits(40), (first + int(small[0][at]), int(small[1][at]), int(small[2][at])))
            )
        for at in draw.sample(range(len(distance)), min(random, len(distance))):
            candidates.append((float("inf"), draw.getrandbits(40), (first + int(small[0][at]), int(small[1][at]), int(small[2][at]))))
    chosen: dict[bytes, tuple[str, np.ndarray]] = {}
    for distance, _, place in sorted(candidates):
        inside = sets.vector(found.atoms, place)
        signature = np.bincount(found.part[inside], minlength=found.matrix.shape[1]).tobytes()
        if len(chosen) < nearest or (distance == float("inf") and len(chosen) < nearest + random):
            chosen.setdefault(signature, (f"{found.atoms.family.code} {found.atoms.year} {sets.named(place)}", inside))
    return list(chosen.values())


def _withheld(found: Puzzle, decided: Sequence[Decided]) -> list[Decided]:
    year, family = found.atoms.year, found.atoms.family.code
    ours = (one for one in decided if (one.cell.family, one.cell.period[:4]) == (family, year))
    return [one for one in ours if one.n is None and concerns(found.atoms, one.cell)]


def _breach(attack: str, name: str, n: int, width: int) -> Breach:
    return Breach(attack, name, n, f"known to within {width}" if width else "exactly known")
