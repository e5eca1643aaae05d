"""D5: whether a number that is to leave, together with all that left before, makes a protected number calculable. Pure, safe on one side.

A number is a row over columns; the columns are clients that no offered cell tells apart. Something follows from the released rows if no
change of the columns that leaves all of these as they are changes it. One such change, drawn by chance modulo a prime, shows it: whatever
follows is never missed, and something that does not follow is taken to with a chance of one in two thousand millions, and withheld.
"""

from collections.abc import Mapping
from enum import StrEnum

import numpy
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack  # type: ignore[import-untyped]

PRIME = 2**31 - 1
"""The product of two residues, and the sum of as many residues as there are columns, are whole numbers of 64 bits."""
AT_ONCE = 24
Row = dict[int, int]
Numbers = NDArray[numpy.int64]


class Verdict(StrEnum):
    IMPLIED = "implied"
    """It follows from what is released: showing it tells nothing new."""
    REVEALS = "reveals"
    INDEPENDENT = "independent"


class Span:
    """All that follows linearly from what was released. `_moves`: changes by chance that leave all of that as it is, two at least."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._chance = numpy.random.default_rng(width)
        self._steps: list[tuple[Numbers, Numbers, Numbers]] = []
        """Of each released row: its columns, its factors, and a move that changed it, and nothing released before, by one."""
        self._moves = self._fresh()
        self._protected = csr_array((0, width), dtype=numpy.int64)

    def protect(self, sets: csr_array) -> None:
        """Rows of ones. What is calculable already stays so, and is not protected."""
        calculable = ((sets @ self._moves[0]) % PRIME == 0) & ((sets @ self._moves[1]) % PRIME == 0)
        self._protected = vstack([self._protected, sets[numpy.flatnonzero(~calculable)]], format="csr")

    def protect_row(self, row: Mapping[int, int]) -> None:
        if row:
            columns, _ = _numbers(row)
            self.protect(csr_array((numpy.ones_like(columns), columns, [0, len(columns)]), shape=(1, self._width)))

    def look(self, row: Mapping[int, int]) -> Verdict:
        first, second = (int(by) for by in _by(self._moves[:2], *_numbers(row)))
        if not first and not second:
            return Verdict.IMPLIED
        move = (second * self._moves[0] - first * self._moves[1]) % PRIME
        return Verdict.REVEALS if ((self._protected @ move) % PRIME == 0).any() else Verdict.INDEPENDENT

    def release(self, row: Mapping[int, int]) -> None:
        """Changes nothing where it follows already."""
        columns, factors = _numbers(row)
        by = _by(self._moves, columns, factors)
        changed = numpy.flatnonzero(by)
        if not len(changed):
            return
        at = changed[0]
        step = (columns, factors, self._moves[at] * pow(int(by[at]), -1, PRIME) % PRIME)
        self._steps.append(step)
        self._moves = _kept(numpy.delete(self._moves, at, axis=0), step)
        if len(self._moves) < 2:
            self._moves = self._fresh()

    def offer(self, row: Mapping[int, int]) -> Verdict:
        """Released, unless it reveals."""
        verdict = self.look(row)
        if verdict is Verdict.INDEPENDENT:
            self.release(row)
        return verdict

    def _fresh(self) -> Numbers:
        moves: Numbers = self._chance.integers(0, PRIME, (AT_ONCE, self._width))
        for step in self._steps:
            moves = _kept(moves, step)
        return moves


def _kept(moves: Numbers, step: tuple[Numbers, Numbers, Numbers]) -> Numbers:
    """The moves without what they do to the step's row."""
    columns, factors, one = step
    return (moves - _by(moves, columns, factors)[:, None] * one) % PRIME


def _by(moves: Numbers, columns: Numbers, factors: Numbers) -> Numbers:
    """By how much each of them changes a row."""
    by: Numbers = (moves[:, columns] * factors).sum(axis=1) % PRIME
    return by


def _numbers(row: Mapping[int, int]) -> tuple[Numbers, Numbers]:
    return numpy.fromiter(row.keys(), numpy.int64, len(row)), numpy.fromiter(row.values(), numpy.int64, len(row))
