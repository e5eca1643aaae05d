"""Rounding as a second layer (D14), never the first: it hides by how much, not that. Pure.

`Policy.rounded_to` is for contracts that ask for it: counts are rounded, and percentages are whole and computed from the rounded parts. As
a percentage of the exact parts it would say what the rounding hides.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rounding:
    """Counts below `least`, zero too, are withheld; the others are given to the nearest multiple."""

    name: str
    least: int
    multiple: int
    mark: str

    def publish(self, n: int) -> str:
        return self.mark if n < self.least else str(rounded(n, self.multiple))

    def read(self, published: str) -> range:
        """The counts that it may stand for."""
        if published == self.mark:
            return range(self.least)
        n = int(published)
        low, high = n - self.multiple // 2, n + (self.multiple - 1) // 2
        return range(max(low, self.least), high + 1)


NHS_TALKING_THERAPIES = Rounding("nhs-talking-therapies", least=5, multiple=5, mark="*")
"""Of the annual report's counts below the national level, where nothing is rounded. Its data 2024-25 show no zero and no other number than
multiples of 5; its percentages are of the exact parts."""


def rounded(n: int, multiple: int) -> int:
    """To the nearest multiple, from the middle on up."""
    return (n + multiple // 2) // multiple * multiple


def rounded_counts(counts: Mapping[str, tuple[int, int | None]], multiple: int) -> Mapping[str, tuple[int, int | None]]:
    """Released counts and the sums over them. What is computed from these is computed from rounded parts."""
    return {group: (rounded(n, multiple), None if total is None else rounded(total, multiple)) for group, (n, total) in counts.items()}
