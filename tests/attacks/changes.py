"""T6, T8 and T12: the world changes and the reports are compared. Employers join, leave, merge; data comes late; one client more."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from reporting.measures.catalogue import FAMILIES
from reporting.measures.periods import months_of
from reporting.release_ledger.cells import Cell, Decided
from tests.attacks.atoms import atoms_of, called, equations
from tests.attacks.breach import Breach, Found
from tests.attacks.employers import MONTHS, Employer
from tests.attacks.programme import Programmes
from tests.attacks.publishing import Published
from tests.attacks.row_space import in_row_space
from tests.attacks.sets import Named, Sets, which


def t6(published: Published, programme: Programmes, family: str, year: str, dimension: str) -> Found:
    """The people of employers that changed within the year: under the old label, the new one, and both; before and after."""
    rows = published.rows[family, year]
    atoms = atoms_of(FAMILIES[family], dimension, rows, published.population, published.policy)
    labels = np.array([employer for _, employer, _ in atoms.blocks])
    whose: Named = []
    when: dict[int, Named] = {}
    for employer in programme.employers:
        for at in _moments(employer, year):
            when[at] = [("before", np.arange(12) < at), ("after", np.arange(12) >= at), ("year", np.ones(12, dtype=bool))]
            both = [str(employer.id), str(employer.into)]
            whose += [
                (f"{name} of {employer.id}", np.isin(labels, part)) for name, part in (("old", both[:1]), ("new", both[1:]), ("both", both))
            ]
    sets = Sets([each for each in whose if each[1].any()], [each for three in when.values() for each in three], which(atoms))
    if not len(sets):
        return Found(0)
    return in_row_space("T6", atoms, equations(atoms, published.released(family, year)), sets=sets)


def t8(published: Published) -> Found:
    """Whoever kept the earlier report takes the later one off it: those who came late, were corrected, erased or opted out."""
    breaches = []
    for first, later in published.versions:
        if (first.n, first.total) != (later.n, later.total):
            change = abs((first.n or 0) - (later.n or 0)) if first.released and later.released else 1
            breaches.append(Breach("T8", f"{first.cell.family} {called(first.cell)}", change, f"{first.n} became {later.n}"))
    return Found(len(published.decided), tuple(breaches))


def t12(with_: Published, without: Published, family: str, month: str) -> tuple[Found, float]:
    """Two programmes that differ in one client, counted in `month`. Also: the share of the open periods' numbers that look different."""
    ones, others = (_by_cell(each.decided, family, month[:4]) for each in (with_, without))
    breaches, different, open_ = [], 0, 0
    for cell in ones.keys() | others.keys():
        first, second = ones.get(cell), others.get(cell)
        shown = [one.n if one else None for one in (first, second)]
        differs = shown[0] != shown[1]
        if months_of(cell.period)[-1] < month:
            breaches += [Breach("T12", f"{family} {called(cell)}", 1, f"closed, yet {shown}")] if differs else []
            continue
        open_, different = open_ + 1, different + differs
        if differs and any(n is not None and n < with_.policy.threshold for n in shown):
            breaches.append(Breach("T12", f"{family} {called(cell)}", 1, f"small, and {shown}"))
    return Found(len(ones), tuple(breaches)), different / max(open_, 1)


def less_one(programme: Programmes, family: str, month: str) -> Programmes:
    """Without one client, who was counted in this month."""
    gone = next(unit.client for unit in programme.units if unit.family == family and MONTHS[unit.month] == month)
    return replace(programme, units=[unit for unit in programme.units if unit.client != gone])


def _by_cell(decided: Iterable[Decided], family: str, year: str) -> dict[Cell, Decided]:
    return {one.cell: one for one in decided if one.cell.family == family and one.cell.period[:4] == year}


def _moments(employer: Employer, year: str) -> Sequence[int]:
    first = MONTHS.index(f"{year}-01")
    moments = (employer.joined, employer.left, employer.merged, employer.moved if employer.other_plan else 0)
    return [at - first for at in moments if first < at < first + 12]
