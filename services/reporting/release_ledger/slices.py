"""What a cell is made of: its clients by leaf, whose clients they are, by scope, month and leaf. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from reporting.measures.families import Breakdown
from reporting.release_ledger.atoms import Atom, Book, Path, scopes_of
from reporting.release_ledger.cells import Cell, Scope
from reporting.release_ledger.offering import months_of

MERGED = "+"


@dataclass(slots=True)
class Tally:
    n: int = 0
    total: int = 0
    providers: dict[int, int] = field(default_factory=dict)
    employers: dict[UUID, int] = field(default_factory=dict)
    totals: dict[UUID, int] = field(default_factory=dict)
    """Of each employer."""

    def add(self, atom: Atom, breakdown: str) -> None:
        self.n += atom.n
        if total := atom.totals.get(breakdown, 0):
            self.total += total
            self.totals[atom.employer] = self.totals.get(atom.employer, 0) + total
        self.employers[atom.employer] = self.employers.get(atom.employer, 0) + atom.n
        for provider, n in atom.providers.items():
            self.providers[provider] = self.providers.get(provider, 0) + n


class Slices:
    """One dimension's atoms by scope, month and leaf."""

    def __init__(self, book: Book, own: frozenset[UUID]) -> None:
        self.book = book
        self._by: dict[Scope, dict[str, dict[int, list[int]]]] = {}
        for at, atom in enumerate(book.atoms):
            for scope in scopes_of(atom, own):
                self._by.setdefault(scope, {}).setdefault(atom.month, {}).setdefault(atom.leaf, []).append(at)
        self._leaves: dict[tuple[str, str], frozenset[int]] = {}

    def leaves(self, breakdown: str, group: str) -> frozenset[int]:
        """Of a group's path, or of merged neighbours."""
        known = self._leaves.get((breakdown, group))
        if known is None:
            *parent, last = group.split("/")
            names = last.split(MERGED)
            known = frozenset(at for at, leaf in enumerate(self.book.leaves) if not breakdown or _lies(leaf[breakdown], parent, names))
            self._leaves[breakdown, group] = known
        return known

    def atoms(self, cell: Cell) -> Iterable[int]:
        months = self._by.get(cell.scope, {})
        leaves = self.leaves(cell.breakdown, cell.group)
        for month in months_of(cell.period):
            for leaf, found in months.get(month, {}).items():
                if leaf in leaves:
                    yield from found

    def tally(self, cell: Cell) -> Tally:
        found = Tally()
        for at in self.atoms(cell):
            found.add(self.book.atoms[at], cell.breakdown)
        return found

    def months(self, scope: Scope) -> Mapping[str, Mapping[int, Sequence[int]]]:
        return self._by.get(scope, {})


def within(parent: Path, names: Sequence[str]) -> str:
    return "/".join([*parent, MERGED.join(names)])


def weighted(breakdown: Breakdown, path: Path) -> bool:
    return breakdown.weight is not None and breakdown.find(path).summed


def _lies(path: Path, parent: Sequence[str], names: Sequence[str]) -> bool:
    depth = len(parent)
    return len(path) > depth and list(path[:depth]) == list(parent) and path[depth] in names
