"""The linear systems of one dimension (D5). Pure.

With few atoms there is one system of everything, all periods and all scopes in it. With many, it is taken apart along its joints, which
keeps it fast: the pooled scopes in all periods, and each employer in all its periods. What the two could tell together is what a pool
less the published employers leaves, which own_numbers.py looks at; anything else would need every employer of the pool to have
published the same groups, and among many there are always some that did not. The audit of ranges goes along the joints always.

Employers that have no number of their own, published or offered, share their columns: no row tells them apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from scipy.sparse import csr_array  # type: ignore[import-untyped]

from reporting.release_ledger.atoms import Atom
from reporting.release_ledger.cells import Cell, Policy, Scope, ScopeKind
from reporting.release_ledger.linear import Row, Span, Verdict
from reporting.release_ledger.offering import months_of
from reporting.release_ledger.protected import Columns, months_together, protected_sets, small_groups
from reporting.release_ledger.slices import Slices

ONE_SYSTEM_UP_TO = 4000
"""Atoms."""


@dataclass(frozen=True, slots=True)
class View:
    """One linear system, and which cells it is about: of one employer, of the pooled scopes, or all."""

    span: Span
    columns: Columns
    employer: str | None = None
    pooled: bool = False

    def holds(self, cell: Cell) -> bool:
        alone = cell.scope.kind is ScopeKind.EMPLOYER
        if self.employer is not None:
            return alone and cell.scope.id == self.employer
        return not (self.pooled and alone)


@dataclass(frozen=True, slots=True)
class Filled:
    slices: Slices
    columns: Columns

    def row(self, cell: Cell, points: bool = False) -> Row:
        return _row(self.slices, self.columns, cell, list(self.slices.atoms(cell)), points)

    def counts(self) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for at, column in self.columns.items():
            found[column] = found.get(column, 0) + self.slices.book.atoms[at].n
        return found


class System:
    def __init__(
        self, slices: Slices, own: frozenset[UUID], apart: Mapping[str, Sequence[UUID]], periods: Sequence[str], months: Sequence[str]
    ) -> None:
        """`apart`: of each period, the employers with numbers of their own; `periods`: that are decided; `months`: the closed ones."""
        self.periods = periods
        self.slices, self._own, self._apart, self._months = slices, own, apart, months
        self._everybody = sorted({employer for some in apart.values() for employer in some})
        self.joints = self._joints()
        self.views = [self._whole()] if len(slices.book.atoms) <= ONE_SYSTEM_UP_TO else self.joints

    def protect(self, policy: Policy, pooled: Sequence[Scope]) -> None:
        for view in self.views:
            view.span.protect(self._sets(policy, view, pooled))

    def protect_cell(self, cell: Cell) -> None:
        for span, row in self._rows(cell, points=False):
            span.protect_row(row)

    def look(self, cell: Cell, points: bool = False) -> Verdict:
        """The worst of what the views say; nothing is new if it is new to none."""
        verdicts = {span.look(row) for span, row in self._rows(cell, points)}
        if Verdict.REVEALS in verdicts:
            return Verdict.REVEALS
        return Verdict.INDEPENDENT if Verdict.INDEPENDENT in verdicts else Verdict.IMPLIED

    def release(self, cell: Cell, points: bool = False) -> None:
        for span, row in self._rows(cell, points):
            span.release(row)

    def _rows(self, cell: Cell, points: bool) -> Iterable[tuple[Span, Row]]:
        atoms = list(self.slices.atoms(cell))
        for view in self.views:
            if view.holds(cell):
                yield view.span, _row(self.slices, view.columns, cell, atoms, points)

    def filled(self, view: View) -> Filled:
        """The view with its empty columns too: that they are empty is not published."""
        atoms = [self.slices.book.atoms[at] for at in view.columns]
        apart = [] if view.pooled else self._everybody
        known = set(apart)
        alike = {
            (atom.employer if atom.employer in known else None, atom.employer in self._own, atom.plan, atom.programme): atom
            for atom in atoms
        }
        empty = [
            Atom(atom.plan, atom.employer, atom.programme, month, leaf)
            for atom in alike.values()
            for month in self._months
            for leaf in range(len(self.slices.book.leaves))
        ]
        slices = Slices(replace(self.slices.book, atoms=[*atoms, *empty]), self._own)
        columns = _columns(slices, self._own, apart)
        return Filled(slices, columns)

    def named(self, policy: Policy, view: View, filled: Filled, pooled: Sequence[Scope]) -> set[frozenset[int]]:
        """The small groups of the periods that are decided, for the audit."""
        found: set[frozenset[int]] = set()
        for period in self.periods:
            alone = [view.employer] if view.employer else [] if view.pooled else [str(one) for one in self._apart.get(period, ())]
            scopes = [*(pooled if view.pooled or len(self.views) == 1 else []), *(Scope(ScopeKind.EMPLOYER, one) for one in alone)]
            found |= small_groups(policy, filled.slices, filled.columns, scopes, months_of(period))
        return found

    def _sets(self, policy: Policy, view: View, pooled: Sequence[Scope]) -> csr_array:
        own = [view.employer] if view.employer else [] if view.pooled else [str(employer) for employer in self._everybody]
        scopes = [*([] if view.employer else pooled), *(Scope(ScopeKind.EMPLOYER, one) for one in own)]
        return protected_sets(policy, self.slices, view.columns, scopes, self._months, months_together(len(self._months)))

    def _whole(self) -> View:
        return _view(_columns(self.slices, self._own, self._everybody))

    def _joints(self) -> list[View]:
        atoms = self.slices.book.atoms
        views = [_view(_columns(self.slices, self._own, ()), pooled=True)]
        mine: dict[UUID, dict[int, int]] = {employer: {} for employer in self._everybody}
        for at, atom in enumerate(atoms):
            if atom.employer in mine:
                mine[atom.employer][at] = len(mine[atom.employer])
        return [*views, *(_view(columns, employer=str(employer)) for employer, columns in mine.items())]


def _view(columns: Columns, employer: str | None = None, pooled: bool = False) -> View:
    width = 1 + max(columns.values(), default=-1)
    return View(Span(width), columns, employer, pooled)


def _row(slices: Slices, columns: Columns, cell: Cell, atoms: Sequence[int], points: bool) -> Row:
    if not points:
        return {columns[at]: 1 for at in atoms if at in columns}
    book = slices.book
    of = {columns[at]: book.points[book.atoms[at].leaf][cell.breakdown] for at in atoms if at in columns}
    return {column: factor for column, factor in of.items() if factor}


def _columns(slices: Slices, own: frozenset[UUID], apart: Sequence[UUID]) -> dict[int, int]:
    ranks = {employer: rank for rank, employer in enumerate(apart, 1)}

    def key(atom: Atom) -> tuple[int, bool, UUID, str, str, int]:
        return (ranks.get(atom.employer, 0), atom.employer in own, atom.plan, atom.programme, atom.month, atom.leaf)

    keys = [key(atom) for atom in slices.book.atoms]
    numbers = {one: column for column, one in enumerate(sorted(set(keys)))}
    return {at: numbers[one] for at, one in enumerate(keys)}
