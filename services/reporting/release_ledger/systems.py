"""The linear systems of one dimension (D5). Pure.

With few atoms there is one system of everything, all periods and all scopes in it. With many, it is taken apart along its joints, which
keeps it fast: the pooled scopes in all periods, each employer in all its periods, and in each period that is decided all scopes together.
What is lost are derivations that need several employers' numbers of one period and pooled ones of another at the same time: an employer
without numbers for the shorter period stands in the way of each of them, and there are hundreds of those wherever there are many atoms.

Employers that have no number of their own, published or offered, share their columns: no row tells them apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from reporting.release_ledger.atoms import Atom
from reporting.release_ledger.cells import Cell, Policy, Scope, ScopeKind
from reporting.release_ledger.linear import Row, Span, Verdict
from reporting.release_ledger.offering import months_of
from reporting.release_ledger.protected import Columns, small_columns, small_groups, small_sets
from reporting.release_ledger.slices import Slices

ONE_SYSTEM_UP_TO = 1500
"""Atoms."""


@dataclass(frozen=True, slots=True)
class View:
    """One linear system, and which cells it is about: of one employer, of one period, of the pooled scopes, or all."""

    span: Span
    columns: Columns
    employer: str | None = None
    period: str | None = None
    pooled: bool = False

    def holds(self, cell: Cell) -> bool:
        alone = cell.scope.kind is ScopeKind.EMPLOYER
        if self.employer is not None:
            return alone and cell.scope.id == self.employer
        if self.pooled:
            return not alone
        return self.period is None or cell.period == self.period


@dataclass(frozen=True, slots=True)
class Filled:
    slices: Slices
    columns: Columns

    def row(self, cell: Cell, points: bool = False) -> Row:
        return _row(self.slices, self.columns, cell, list(self.slices.atoms(cell)), points)

    def counts(self) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for column, atom in zip(self.columns, self.slices.book.atoms, strict=True):
            if column is not None:
                found[column] = found.get(column, 0) + atom.n
        return found


class System:
    def __init__(
        self, slices: Slices, own: frozenset[UUID], apart: Mapping[str, Sequence[UUID]], periods: Sequence[str], months: Sequence[str]
    ) -> None:
        """`apart`: of each period, the employers with numbers of their own; `periods`: that are decided; `months`: the closed ones."""
        self.periods = periods
        self.slices, self._own, self._apart, self._months = slices, own, apart, months
        self._everybody = sorted({employer for some in apart.values() for employer in some})
        self.views = [self._whole()] if len(slices.book.atoms) <= ONE_SYSTEM_UP_TO else self._joints()

    def protect(self, policy: Policy, pooled: Sequence[Scope]) -> None:
        for view in self.views:
            for column in small_columns(policy, self.slices, view.columns):
                view.span.protect_column(column)
            for columns in sorted(self._sets(policy, view, pooled), key=sorted):
                if len(columns) > 1:
                    view.span.protect(dict.fromkeys(columns, 1))

    def protect_cell(self, cell: Cell) -> None:
        for span, row in self._rows(cell, points=False):
            span.protect(row)

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
        months = [view.period] if view.period else self._months
        present = [months_of(month)[0] for month in months]
        atoms = [atom for column, atom in zip(view.columns, self.slices.book.atoms, strict=True) if column is not None]
        apart = [] if view.pooled else self._apart.get(view.period, ()) if view.period else self._everybody
        alike = {
            (atom.employer if atom.employer in set(apart) else None, atom.employer in self._own, atom.plan, atom.programme): atom
            for atom in atoms
        }
        empty = [
            Atom(atom.plan, atom.employer, atom.programme, month, leaf)
            for atom in alike.values()
            for month in present
            for leaf in range(len(self.slices.book.leaves))
        ]
        slices = Slices(replace(self.slices.book, atoms=[*atoms, *empty]), self._own)
        columns = _columns(slices, self._own, apart, in_time=view.period is None)
        return Filled(slices, columns)

    def named(self, policy: Policy, view: View, filled: Filled, pooled: Sequence[Scope]) -> set[frozenset[int]]:
        """The small groups of the periods that are decided, for the audit."""
        found: set[frozenset[int]] = set()
        for period in [view.period] if view.period else self.periods:
            alone = [view.employer] if view.employer else [] if view.pooled else [str(one) for one in self._apart.get(period, ())]
            scopes = [*(pooled if view.pooled or len(self.views) == 1 else []), *(Scope(ScopeKind.EMPLOYER, one) for one in alone)]
            found |= small_groups(policy, filled.slices, filled.columns, scopes, months_of(period))
        return found

    def _sets(self, policy: Policy, view: View, pooled: Sequence[Scope]) -> set[frozenset[int]]:
        if view.period is not None:
            scopes = [*pooled, *(Scope(ScopeKind.EMPLOYER, str(employer)) for employer in self._apart.get(view.period, ()))]
            return small_groups(policy, self.slices, view.columns, scopes, months_of(view.period))
        own = [view.employer] if view.employer else [] if view.pooled else [str(employer) for employer in self._everybody]
        scopes = [*([] if view.employer else pooled), *(Scope(ScopeKind.EMPLOYER, one) for one in own)]
        return small_sets(policy, self.slices, view.columns, scopes, self._months)

    def _whole(self) -> View:
        return View(Span(), _columns(self.slices, self._own, self._everybody, in_time=True))

    def _joints(self) -> list[View]:
        atoms = self.slices.book.atoms
        views = [View(Span(), _columns(self.slices, self._own, (), in_time=True), pooled=True)]
        for period in self.periods:
            months, columns = set(months_of(period)), _columns(self.slices, self._own, self._apart.get(period, ()), in_time=False)
            of_period = [column if atom.month in months else None for column, atom in zip(columns, atoms, strict=True)]
            views.append(View(Span(), of_period, period=period))
        columns = _columns(self.slices, self._own, self._everybody, in_time=True)
        for employer in sorted({employer for period, some in self._apart.items() if len(period) > 4 for employer in some}):
            mine = [column if atom.employer == employer else None for column, atom in zip(columns, atoms, strict=True)]
            views.append(View(Span(), mine, employer=str(employer)))
        return views


def _row(slices: Slices, columns: Columns, cell: Cell, atoms: Sequence[int], points: bool) -> Row:
    if not points:
        return {column: 1 for at in atoms if (column := columns[at]) is not None}
    book = slices.book
    of = {column: book.points[book.atoms[at].leaf][cell.breakdown] for at in atoms if (column := columns[at]) is not None}
    return {column: factor for column, factor in of.items() if factor}


def _columns(slices: Slices, own: frozenset[UUID], apart: Sequence[UUID], in_time: bool) -> list[int | None]:
    ranks = {employer: rank for rank, employer in enumerate(apart, 1)}

    def key(atom: Atom) -> tuple[int, bool, UUID, str, str, int]:
        return (ranks.get(atom.employer, 0), atom.employer in own, atom.plan, atom.programme, atom.month if in_time else "", atom.leaf)

    keys = [key(atom) for atom in slices.book.atoms]
    numbers = {one: column for column, one in enumerate(sorted(set(keys)))}
    return [numbers[one] for one in keys]
