"""What lies on the table while a month is decided: the counts, what was decided before, and one linear system a dimension. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from reporting.measures.families import Family
from reporting.release_ledger.atoms import Atom, books
from reporting.release_ledger.cells import Cell, Counted, Decided, Policy, Population, Reason, ScopeKind
from reporting.release_ledger.contributors import enough_employers, enough_providers
from reporting.release_ledger.linear import Verdict
from reporting.release_ledger.merging import too_small
from reporting.release_ledger.offering import offers, shape
from reporting.release_ledger.own_numbers import isolates
from reporting.release_ledger.protected import closed_months
from reporting.release_ledger.slices import Slices, Tally
from reporting.release_ledger.systems import System


class Desk:
    """`shape`: who there is to report about. `systems`: of each dimension; `decided`: in the order of the decisions."""

    def __init__(
        self, policy: Policy, family: Family, month: str, counted: Iterable[Counted], population: Population, past: Iterable[Decided]
    ) -> None:
        self.policy, self.family, self.month = policy, family, month
        closed = set(closed_months(month))
        found = books(family, (row for row in counted if row.month in closed))
        atoms = [atom for book in found for atom in book.atoms]
        self.shape = shape(policy, population, int(month[:4]), {(atom.plan, atom.employer, atom.programme) for atom in atoms})
        self.past = {one.cell: one for one in past if one.cell.family == family.code and one.cell.period[:4] == month[:4]}
        own, apart = self.shape.own, self._apart(atoms)
        periods = list(dict.fromkeys(offer.period for offer in offers(policy, self.shape, month)))
        self.systems = [System(Slices(book, own), own, apart, periods, closed_months(month)) for book in found]
        self.decided: dict[Cell, Decided] = {}
        self._rests: dict[Cell, dict[UUID, int]] = {}
        """What the norm's group leaves when the employers' published numbers are taken off."""
        self._replay()

    def kept(self, cell: Cell) -> bool:
        """D7: whether it was decided before, for ever."""
        return cell in self.past and "D7" not in self.policy.off

    def system(self, breakdown: str) -> System:
        dimension = self.family.breakdown(breakdown).dimension
        return next(system for system in self.systems if system.slices.book.dimension == dimension)

    def withhold(self, cell: Cell, reason: Reason) -> Decided:
        self.decided[cell] = Decided(cell, None, None, reason)
        return self.decided[cell]

    def primary(self, cell: Cell, tally: Tally) -> Reason | None:
        """What is wrong with it taken by itself (D1, D10). Who stands behind it is protected as a small number is."""
        if too_small(self.policy, tally.n):
            return Reason.SMALL
        if "D10" in self.policy.off or tally.n == 0:
            return None
        pooled = cell.scope.kind is not ScopeKind.EMPLOYER
        fine = enough_providers(self.policy, tally.n, tally.providers, bool(cell.breakdown))
        if fine and (not pooled or enough_employers(self.policy, tally.n, tally.employers)):
            return None
        self._protect(cell)
        return Reason.CONTRIBUTORS

    def release(self, cell: Cell, tally: Tally, summed: bool) -> Decided:
        if self._isolates(cell, tally.n):
            return self.withhold(cell, Reason.OWN_NUMBERS)
        if not self._passes(cell):
            return self.withhold(cell, Reason.DERIVABLE)
        total = self._sum(cell, tally) if summed else None
        self.decided[cell] = Decided(cell, tally.n, total)
        return self.decided[cell]

    def _isolates(self, cell: Cell, n: int) -> bool:
        """Whether a pool, less the employers' published numbers and this one, leaves few; with and without the smaller employers."""
        if cell.scope.kind is not ScopeKind.EMPLOYER or "D10" in self.policy.off:
            return False
        mine = UUID(cell.scope.id)
        whole = [rest for rest in map(self._rest, (replace(cell, scope=pool) for pool in self.shape.pooled)) if rest.get(mine) == n]
        for rest in whole:
            others = {employer: some for employer, some in rest.items() if employer != mine}
            own = {employer: some for employer, some in others.items() if employer in self.shape.own}
            if isolates(self.policy, others) or isolates(self.policy, own):
                return True
        for rest in whole:
            del rest[mine]
        return False

    def _rest(self, pool: Cell) -> dict[UUID, int]:
        if pool not in self._rests:
            self._rests[pool] = self.systems_of(pool)[0].slices.tally(pool).employers
        return self._rests[pool]

    def _passes(self, cell: Cell, points: bool = False) -> bool:
        """The whole population stands in every dimension's system."""
        if "D5" in self.policy.off:
            return True
        if any(system.look(cell, points) is Verdict.REVEALS for system in self.systems_of(cell)):
            return False
        for system in self.systems_of(cell):
            system.release(cell, points)
        return True

    def systems_of(self, cell: Cell) -> Sequence[System]:
        return [self.system(cell.breakdown)] if cell.breakdown else self.systems

    def _sum(self, cell: Cell, tally: Tally) -> int | None:
        """Points tell how many have them, so that they pass the ledger too; the sum of an amount is one of its own."""
        if not _counts_points(self.family, cell.breakdown):
            return tally.total
        return None if self._one_sided(cell, tally) or not self._passes(cell, points=True) else tally.total

    def _one_sided(self, cell: Cell, tally: Tally) -> bool:
        """Points that are nearly all for one side tell of everybody; in a pool also without two employers that know their own (D10)."""
        if "D1" in self.policy.off:
            return False
        known = 0 if cell.scope.kind is ScopeKind.EMPLOYER else 2
        for side in (1, -1):
            others = sorted(n - side * tally.totals.get(employer, 0) for employer, n in tally.employers.items())
            if sum(others[: len(others) - known]) < self.policy.threshold:
                return True
        return False

    def _apart(self, atoms: Sequence[Atom]) -> Mapping[str, Sequence[UUID]]:
        """Of each period that is decided, the employers that have, or are to be offered, numbers of their own; smallest first."""
        there = {atom.employer for atom in atoms}
        ids = {str(employer): employer for employer, _ in self.shape.employers if employer in there}
        seen: dict[str, dict[UUID, None]] = {}
        for offer in offers(self.policy, self.shape, self.month):
            some = seen.setdefault(offer.period, {})
            if offer.scope.kind is ScopeKind.EMPLOYER and not offer.gated and offer.scope.id in ids:
                some[ids[offer.scope.id]] = None
        for one in self.past.values():
            if one.released and one.cell.scope.kind is ScopeKind.EMPLOYER:
                seen.setdefault(one.cell.period, {})[ids[one.cell.scope.id]] = None
        return {period: list(reversed(some)) for period, some in seen.items()}

    def scored(self, cell: Cell) -> bool:
        """Whether the sum of its points is shown."""
        return cell in self.decided and self.with_points(self.decided[cell])

    def with_points(self, one: Decided) -> bool:
        return one.total is not None and bool(one.cell.breakdown) and _counts_points(self.family, one.cell.breakdown)

    def _replay(self) -> None:
        if "D5" in self.policy.off:
            return
        for one in self.past.values():
            if one.released:
                self._release_again(one)
        for system in self.systems:
            system.protect(self.policy, self.shape.pooled)
        for one in self.past.values():
            if one.reason is Reason.CONTRIBUTORS:
                self._protect(one.cell)

    def _release_again(self, one: Decided) -> None:
        points = self.with_points(one)
        for system in self.systems_of(one.cell):
            system.release(one.cell)
            if points:
                system.release(one.cell, points=True)

    def _protect(self, cell: Cell) -> None:
        for system in self.systems_of(cell):
            system.protect_cell(cell)


def _counts_points(family: Family, breakdown: str) -> bool:
    weight = family.breakdown(breakdown).weight
    return weight is not None and weight.of is None
