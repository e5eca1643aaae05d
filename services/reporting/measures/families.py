"""What a family of measures may say: a closed vocabulary of dimensions, breakdowns and groups. Pure.

A family is a population in which a client counts once a calendar year, in one month that never changes (its cohort). A dimension is what
the rollup counts finely of each of these clients: a kind and two whole numbers, `a` and `b` (what they are, the family's file says). A
breakdown parts the population into groups, each of which may be parted further; the groups of one level never overlap and leave nobody
out, so that what a number leaves out is itself a number that the release ledger looks at (D4). The families are data (`published/`).
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Quantity = Literal["a", "b", "a-b", "a-2b", "bit1", "bit2", "bit4", "bit8"]
Statistic = Literal["count", "share", "median", "p90", "survival", "net_promoter", "mean_change", "distribution", "flow"]
NAME = r"^[a-z][a-z0-9_]{1,59}$"


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Data):
    """Both ends included; an end that is not stated is open."""

    of: Quantity
    low: int | None = None
    high: int | None = None

    def holds(self, a: int, b: int) -> bool:
        value = _quantity(self.of, a, b)
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Group(Data):
    """Those of these kinds (of all, where none is named) whose numbers lie in all the ranges; and all of the kinds `besides`."""

    name: str = Field(pattern=NAME)
    title: str
    kinds: tuple[str, ...] = ()
    where: tuple[Range, ...] = ()
    besides: tuple[str, ...] = ()
    """Kinds that belong to it whatever their numbers are."""
    summed: bool = False
    """Whether the breakdown's weight is summed up over this group, and may be published with it."""
    groups: tuple["Group", ...] = ()

    def holds(self, kind: str, a: int, b: int) -> bool:
        return kind in self.besides or ((not self.kinds or kind in self.kinds) and all(part.holds(a, b) for part in self.where))


class Weight(Data):
    """What is summed over a group besides counting it: a quantity, or points for ranges of `a`."""

    of: Quantity | None = None
    points: tuple[tuple[int, int, int], ...] = ()
    """(low, high, points); 0 outside."""

    def value(self, a: int, b: int) -> int:
        if self.of is not None:
            return _quantity(self.of, a, b)
        return sum(points for low, high, points in self.points if low <= a <= high)


class Breakdown(Data):
    """Neighbouring groups of one level may be merged until all are large enough: their order is of the essence."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_.]{1,59}$")
    title: str
    dimension: str
    groups: tuple[Group, ...] = Field(min_length=2)
    weight: Weight | None = None
    monthly: bool = False
    """Whether its first level is offered for single months too; everything else is for quarters and years."""

    @cached_property
    def leaves(self) -> Mapping[tuple[str, ...], "Group"]:
        """The smallest groups by their paths, in order."""
        return {path: group for path in paths(self) if not (group := self.find(path)).groups}

    @cached_property
    def places(self) -> Mapping[tuple[str, ...], frozenset[int]]:
        """Which of the smallest groups each group holds, by their place in the order; `()` holds them all."""
        return {
            path: frozenset(place for place, leaf in enumerate(self.leaves) if leaf[: len(path)] == path) for path in ((), *paths(self))
        }

    def leaf(self, kind: str, a: int, b: int) -> tuple[str, ...]:
        """The names on the way from the first level to the smallest group that holds it. Raises LookupError where there is none."""
        path: list[str] = []
        level = self.groups
        while level:
            group = next((group for group in level if group.holds(kind, a, b)), None)
            if group is None:
                raise LookupError(f"{self.name}: nowhere for {kind} {a} {b}")
            path.append(group.name)
            level = group.groups
        return tuple(path)

    def find(self, path: tuple[str, ...]) -> Group:
        """Raises LookupError where there is none."""
        level = self.groups
        for depth, name in enumerate(path, 1):
            group = next((group for group in level if group.name == name), None)
            if group is None:
                raise LookupError(f"{self.name} has no group {'/'.join(path[:depth])}")
            if depth == len(path):
                return group
            level = group.groups
        raise LookupError(f"{self.name}: a group has a name")


class Measure(Data):
    """One published statistic, computed from released counts of one breakdown and nothing else.

    `of` and `among` are paths of groups ("within", "answered/promoters"), several joined: the statistic is about `of`, out of `among`
    (the whole population where none is named). `at` is the moment of a survival share, in the unit of `b`.
    """

    code: str = Field(pattern=NAME)
    version: int = Field(ge=1)
    title: str
    definition: str
    denominator: str
    statistic: Statistic
    breakdown: str = ""
    of: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    at: int | None = None
    unit: str = ""
    rule: str = "R1"
    better: Literal["higher", "lower", ""] = ""


class Family(Data):
    code: str = Field(pattern=NAME)
    version: int = Field(ge=1)
    title: str
    definition: str
    cohort: str
    closes_after_days: int = Field(ge=1)
    """After a month's end, until its numbers are counted for good."""
    dimensions: dict[str, tuple[str, ...]]
    """Each dimension's kinds."""
    breakdowns: tuple[Breakdown, ...] = Field(min_length=1)
    measures: tuple[Measure, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [breakdown.name for breakdown in self.breakdowns]
        if len(set(names)) < len(names):
            raise ValueError("two breakdowns have one name")
        for breakdown in self.breakdowns:
            if breakdown.dimension not in self.dimensions:
                raise ValueError(f"{breakdown.name}: there is no dimension {breakdown.dimension}")
        for measure in self.measures:
            if measure.breakdown and measure.breakdown not in names:
                raise ValueError(f"{measure.code}: there is no breakdown {measure.breakdown}")
            try:
                for path in (*measure.of, *measure.among):
                    self.breakdown(measure.breakdown).find(tuple(path.split("/")))
            except LookupError as error:
                raise ValueError(f"{measure.code}: {error}") from error
        return self

    def breakdown(self, name: str) -> Breakdown:
        """Raises LookupError where there is none."""
        found = next((breakdown for breakdown in self.breakdowns if breakdown.name == name), None)
        if found is None:
            raise LookupError(f"{self.code} has no breakdown {name}")
        return found


def paths(breakdown: Breakdown) -> Iterator[tuple[str, ...]]:
    """Of every group, parents before their parts."""

    def below(level: tuple[Group, ...], before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for group in level:
            yield (*before, group.name)
            yield from below(group.groups, (*before, group.name))

    return below(breakdown.groups, ())


def _quantity(of: Quantity, a: int, b: int) -> int:
    if of.startswith("bit"):
        return int(bool(a & int(of[3:])))
    return {"a": a, "b": b, "a-b": a - b, "a-2b": a - 2 * b}[of]
