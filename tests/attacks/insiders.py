"""T9 and T10: employers that know their own people, and employers that put together what they were sent."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Decided, ScopeKind
from tests.attacks.atoms import Atoms, Known, atoms_of, equations
from tests.attacks.breach import Found, together
from tests.attacks.publishing import Published
from tests.attacks.row_space import in_row_space
from tests.attacks.sets import all_sets


def t9(published: Published, family: str, year: str, dimension: str, pairs: int = 0, sample: int = 0, seed: int = 1) -> Found:
    """Each employer (or a sample, the largest first) takes its own people out of everything published; and pairs of them do together."""
    atoms, known = _picture(published, family, year, dimension, published.released(family, year))
    random, employers = Random(seed), by_size(atoms)
    alone = employers if not sample else [*employers[: sample // 2], *random.sample(employers[sample // 2 :], sample - sample // 2)]
    together_ = [tuple(employers[:2]), *(tuple(random.sample(employers, 2)) for _ in range(pairs - 1))] if pairs else []
    return together(*(without("T9", atoms, known, insiders) for insiders in [*((one,) for one in alone), *together_]))


def t10(published: Published, family: str, year: str, dimension: str, sample: int, seed: int = 1) -> Found:
    """All employers but one put together what they were sent, and ask about that one."""
    released = published.released(family, year)
    atoms, _ = _picture(published, family, year, dimension, [])
    found = []
    for target in Random(seed).sample(by_size(atoms), sample):
        sent = [one for one in released if _sent_to_employers(one) and one.cell.scope.id != target]
        known = equations(atoms, sent)
        found.append(in_row_space("T10", atoms, known, sets=all_sets(atoms, np.array([block[1] == target for block in atoms.blocks]))))
    return together(*found)


def without(attack: str, atoms: Atoms, known: Known, insiders: Iterable[str]) -> Found:
    """Whoever knows all about some employers sees the rest of the equations: theirs are taken out of atoms and columns."""
    theirs = set(insiders)
    others = np.array([block[1] not in theirs for block in atoms.blocks])
    kept = others[atoms.block]
    rest = replace(atoms, block=atoms.block[kept], month=atoms.month[kept], leaf=atoms.leaf[kept], n=atoms.n[kept])
    own = known.matrix[:, np.flatnonzero(~kept)] @ atoms.n[~kept]
    matrix = known.matrix[:, np.flatnonzero(kept)]
    told = np.flatnonzero(np.diff(matrix.indptr))
    names = [f"{known.names[at]} less what {'+'.join(sorted(theirs))} knows" for at in told]
    return in_row_space(attack, rest, Known(matrix[told], (known.values - own)[told], names))


def by_size(atoms: Atoms) -> list[str]:
    counts: dict[str, int] = {}
    for at, n in zip(atoms.block, atoms.n, strict=True):
        employer = atoms.blocks[at][1]
        counts[employer] = counts.get(employer, 0) + int(n)
    return sorted(counts, key=lambda employer: (-counts[employer], employer))


def _picture(published: Published, family: str, year: str, dimension: str, released: Sequence[Decided]) -> tuple[Atoms, Known]:
    atoms = atoms_of(FAMILIES[family], dimension, published.rows[family, year], published.population, published.policy)
    return atoms, equations(atoms, released)


def _sent_to_employers(one: Decided) -> bool:
    return one.cell.scope.kind in (ScopeKind.EMPLOYER, ScopeKind.NETWORK, ScopeKind.SMALLER_EMPLOYERS)
