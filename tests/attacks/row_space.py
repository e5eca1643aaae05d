"""T1: what can be calculated exactly from all that was ever released to anybody.

A set can be calculated if it lies in the row space of the published equations, and then every vector that these equations cannot see sums
to nothing over it. Three random ones of these are found by least squares (LSMR); whatever they accuse is then proven with fractions. The
ledger eliminates modulo a prime; nothing of that is used here.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog
from scipy.sparse.linalg import lsmr

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Decided
from tests.attacks.atoms import Atoms, Known, atoms_of, equations
from tests.attacks.breach import Breach, Found, together
from tests.attacks.publishing import Published
from tests.attacks.sets import Sets, all_sets, summed

LARGEST_PROTECTED = 10
UNSEEN, TOLERANCE = 3, 1e-6
AT_ONCE = 200
PROVEN = 3


def t1(published: Published, families: Sequence[str] = tuple(FAMILIES), smallest: int = 1) -> Found:
    """`smallest` 0: sets of nobody as well, with the atoms that hold nobody; costly, for small programmes."""
    found = []
    for (family, year), rows in published.rows.items():
        if family in families:
            released = published.released(family, year)
            for dimension in FAMILIES[family].dimensions:
                atoms = atoms_of(FAMILIES[family], dimension, rows, published.population, published.policy, zeros=smallest == 0)
                found.append(calculated("T1", atoms, released, smallest))
    return together(*found)


def calculated(attack: str, atoms: Atoms, released: Sequence[Decided], smallest: int = 1) -> Found:
    return in_row_space(attack, atoms, equations(atoms, released), smallest)


def in_row_space(attack: str, atoms: Atoms, known: Known, smallest: int = 1, sets: Sets | None = None) -> Found:
    """`sets`: what the question is about; everything that could be asked, if nothing is said."""
    sets, unseen = sets or all_sets(atoms), unseen_by(known.matrix, len(atoms))
    examined, found = 0, {}
    for first in range(0, len(sets.whose), AT_ONCE):
        sums = summed(atoms, sets, np.column_stack([atoms.n, unseen]), slice(first, first + AT_ONCE))
        small = (sums[..., 0] >= smallest - 0.5) & (sums[..., 0] <= LARGEST_PROTECTED + 0.5)
        examined += int(small.sum())
        accused = small & (np.abs(sums[..., 1:]).max(axis=-1) < TOLERANCE)
        for at in zip(*np.nonzero(accused), strict=True):
            place = (first + int(at[0]), int(at[1]), int(at[2]))
            inside = sets.vector(atoms, place)
            if inside.any():
                found.setdefault(inside.tobytes(), (place, inside))
    breaches = []
    for place, inside in found.values():
        how = proof(known, inside) if len(breaches) < PROVEN else ""
        breaches.append(Breach(attack, f"{atoms.family.code} {atoms.year} {sets.named(place)}", int(atoms.n[inside].sum()), how))
    return Found(examined, tuple(breaches))


def unseen_by(matrix: sp.csr_matrix, width: int, seed: int = 1) -> np.ndarray:
    """Random vectors that sum to nothing over every published cell."""
    random = np.random.default_rng(seed).standard_normal((width, UNSEEN))
    if not matrix.shape[0]:
        return random
    scaled = sp.diags(1 / np.sqrt(np.maximum(1, np.asarray(abs(matrix).sum(axis=1)).ravel()))) @ matrix
    for column in range(UNSEEN):
        for _ in range(3):
            random[:, column] -= scaled.T @ lsmr(scaled.T, random[:, column], atol=1e-14, btol=1e-14, conlim=0, maxiter=4000)[0]
            if np.abs(scaled @ random[:, column]).max() < TOLERANCE / 100:
                break
        else:
            raise AssertionError("the least squares did not converge")
    return random


def proof(known: Known, inside: np.ndarray) -> str:
    """The calculation itself, as few published numbers as can be, added and taken off (the smallest weights, by linear programming)."""
    count = known.matrix.shape[0]
    sides = sp.hstack([known.matrix.T, -known.matrix.T], format="csr")
    solved = linprog(np.ones(2 * count), A_eq=sides, b_eq=inside.astype(float), bounds=(0, None), options={"time_limit": 20})
    if solved.x is None:
        return "by least squares"
    weights = [Fraction(float(weight)).limit_denominator(720) for weight in solved.x[:count] - solved.x[count:]]
    used = [(at, weight) for at, weight in enumerate(weights) if weight]
    comes_to = sum(weight * Fraction(int(known.values[at])) for at, weight in used)
    terms = [f"{'+' if weight > 0 else '-'} {abs(weight)} x [{known.names[at]} = {known.values[at]:.0f}]" for at, weight in used]
    return f"{comes_to} = " + " ".join(terms[:12])


def by_decomposition(atoms: Atoms, released: Sequence[Decided], sets: Sets) -> np.ndarray:
    """The same by singular values (numpy), for small programmes: of each set, how far it is from what can be calculated."""
    _, singular, right = np.linalg.svd(equations(atoms, released).matrix.toarray(), full_matrices=False)
    basis = right[singular > 1e-9 * singular.max()]
    distances = []
    for first in range(len(sets.whose)):
        for second in range(len(sets.when)):
            for third in range(len(sets.which)):
                inside = sets.vector(atoms, (first, second, third)).astype(float)
                distances.append(np.linalg.norm(inside - basis.T @ (basis @ inside)))
    return np.array(distances)
