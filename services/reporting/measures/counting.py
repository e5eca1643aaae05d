"""How many people are in a set of groups, as far as released counts tell. Pure.

The released groups of one breakdown lie within each other or apart, never across. So whatever follows from them is a sum of *pieces*: a
released group less the released groups inside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reporting.measures.families import Breakdown

Counts = Mapping[str, tuple[int, int | None]]
"""Of each released group: its people, and the sum over them where there is one. "" is everybody; merged neighbours are joined with `+`."""

Leaves = frozenset[int]
"""The smallest groups of a breakdown, by their place in its order."""


@dataclass(frozen=True, slots=True)
class Released:
    """`pieces`: what the released groups part everybody into, in order; whom they do not tell apart stay together. Rounded counts (D14)
    do not add up, so that a released group is always what it says itself."""

    breakdown: Breakdown
    counts: Counts
    groups: Mapping[Leaves, int]
    pieces: Sequence[tuple[Leaves, int]]

    def count(self, wanted: Leaves) -> int | None:
        """None where it does not follow from what is released."""
        if wanted in self.groups:
            return self.groups[wanted]
        n, found = 0, 0
        for leaves, people in self.pieces:
            if leaves <= wanted:
                n, found = n + people, found + len(leaves)
        return n if found == len(wanted) else None

    def count_of(self, groups: Iterable[str]) -> int | None:
        return self.count(leaves_of(self.breakdown, groups))


def released(breakdown: Breakdown, counts: Counts) -> Released:
    groups = {leaves_of(breakdown, [group]): n for group, (n, _) in counts.items()}
    pieces: list[tuple[Leaves, int]] = []
    for leaves in sorted(groups, key=len):
        inner = [piece for piece in pieces if piece[0] <= leaves]
        rest = leaves.difference(*(places for places, _ in inner))
        if rest:
            pieces.append((rest, groups[leaves] - sum(people for _, people in inner)))
    return Released(breakdown, counts, groups, sorted(pieces, key=lambda piece: min(piece[0])))


def leaves_of(breakdown: Breakdown, groups: Iterable[str]) -> Leaves:
    """Of groups, merged ones too; of the whole population where none is named."""
    named = [breakdown.places[member] for group in groups for member in members(group)]
    return frozenset().union(*named) if named else breakdown.places[()]


@lru_cache(maxsize=4096)
def members(group: str) -> Sequence[tuple[str, ...]]:
    """The paths of the groups that are merged in it: `later/day_10+day_20` holds two."""
    if not group:
        return [()]
    *before, last = group.split("/")
    return [(*before, name) for name in last.split("+")]
