"""D5: whether a number that is to leave, together with all that left before, makes a protected number calculable. Pure, exact.

Sparse Gaussian elimination modulo 2^61 - 1 (Langsrud 2024): a number is a row over columns, the columns are clients that no offered cell
tells apart. What is protected is kept as what remains of it once the released rows are taken off; a candidate gives a protected number
away if what remains of the two is the same but for a factor.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from heapq import heappop, heappush
from random import Random

PRIME = 2**61 - 1
Row = dict[int, int]


class Verdict(StrEnum):
    IMPLIED = "implied"
    """It follows from what is released: showing it tells nothing new."""
    REVEALS = "reveals"
    INDEPENDENT = "independent"


class Span:
    """All that follows linearly from what was released. Lower columns are preferred as pivots."""

    def __init__(self) -> None:
        self._pivots: dict[int, int] = {}
        self._columns: list[int] = []
        self._rows: list[Row] = []
        self._single: set[int] = set()
        self._residuals: dict[int, Row] = {}
        self._marks: dict[int, tuple[int, int]] = {}
        self._keys: dict[int, set[int]] = {}
        self._touching: dict[int, set[int]] = {}
        self._next = 0

    def protect_column(self, column: int) -> None:
        """As `protect` for the one column, at next to no cost."""
        if column in self._pivots:
            self.protect({column: 1})
        else:
            self._single.add(column)

    def protect(self, row: Mapping[int, int]) -> None:
        """What is calculable already stays so, and is not protected."""
        residual = self.reduced(row)
        if residual:
            self._keep(self._next, residual)
            self._next += 1

    def look(self, row: Mapping[int, int]) -> Verdict:
        return self._verdict(self.reduced(row))

    def release(self, row: Mapping[int, int]) -> None:
        residual = self.reduced(row)
        if residual:
            self._insert(residual)

    def offer(self, row: Mapping[int, int]) -> Verdict:
        """Released, unless it reveals."""
        residual = self.reduced(row)
        verdict = self._verdict(residual)
        if verdict is Verdict.INDEPENDENT:
            self._insert(residual)
        return verdict

    def reduced(self, row: Mapping[int, int]) -> Row:
        """What remains of it: the one equivalent row without pivot columns."""
        rest = {column: factor % PRIME for column, factor in row.items()}
        todo = [self._pivots[column] for column in rest if column in self._pivots]
        todo.sort()
        while todo:
            at = heappop(todo)
            factor = rest.get(self._columns[at], 0)
            if factor:
                for column in _subtract(rest, factor, self._columns[at], self._rows[at]):
                    if column in self._pivots:
                        heappush(todo, self._pivots[column])
        return rest

    def _verdict(self, residual: Row) -> Verdict:
        if not residual:
            return Verdict.IMPLIED
        if len(residual) == 1 and next(iter(residual)) in self._single:
            return Verdict.REVEALS
        return Verdict.REVEALS if self._keys.get(_key(_mark(residual))) else Verdict.INDEPENDENT

    def _insert(self, residual: Row) -> None:
        pivot = min(residual)
        inverse = pow(residual[pivot], -1, PRIME)
        row = {column: factor * inverse % PRIME for column, factor in residual.items() if column != pivot}
        self._pivots[pivot] = len(self._rows)
        self._columns.append(pivot)
        self._rows.append(row)
        for known in list(self._touching.pop(pivot, ())):
            self._take_off(known, pivot, row)
        if pivot in self._single:
            self._single.discard(pivot)
            self.protect({pivot: 1})

    def _keep(self, known: int, residual: Row) -> None:
        self._residuals[known] = residual
        self._marks[known] = _mark(residual)
        self._keys.setdefault(_key(self._marks[known]), set()).add(known)
        for column in residual:
            self._touching.setdefault(column, set()).add(known)

    def _take_off(self, known: int, pivot: int, row: Row) -> None:
        """The protected number's rest, once the row is released: only what changes is touched, rests may be long."""
        rest, (first, second) = self._residuals[known], self._marks[known]
        self._keys[_key((first, second))].discard(known)
        factor = rest[pivot]
        gone = [column for column, other in row.items() if rest.get(column) == factor * other % PRIME]
        for column in _subtract(rest, factor, pivot, row):
            self._touching.setdefault(column, set()).add(known)
        for column in gone:
            self._touching[column].discard(known)
        less = _mark({**row, pivot: 1})
        self._marks[known] = ((first - factor * less[0]) % PRIME, (second - factor * less[1]) % PRIME)
        if rest:
            self._keys.setdefault(_key(self._marks[known]), set()).add(known)


def _subtract(rest: Row, factor: int, pivot: int, row: Row) -> list[int]:
    """Takes `factor` times the row off. Returns the columns that are new in the rest."""
    del rest[pivot]
    new: list[int] = []
    for column, other in row.items():
        before = rest.get(column)
        if before is None:
            rest[column] = -factor * other % PRIME
            new.append(column)
            continue
        value = (before - factor * other) % PRIME
        if value:
            rest[column] = value
        else:
            del rest[column]
    return new


@cache
def _chance(column: int) -> tuple[int, int]:
    chance = Random(column)
    return chance.randrange(1, PRIME), chance.randrange(1, PRIME)


def _mark(residual: Row) -> tuple[int, int]:
    """Two sums over the row, with factors by chance for each column: as good as the row itself to tell it from others."""
    first = second = 0
    for column, factor in residual.items():
        one, other = _chance(column)
        first, second = first + factor * one, second + factor * other
    return first % PRIME, second % PRIME


def _key(mark: tuple[int, int]) -> int:
    """The same for rows that differ by a factor only."""
    return mark[0] * pow(mark[1], -1, PRIME) % PRIME if mark[1] else -1
