"""Where everything of a report's charts stands. Pure: data in, geometry out.

Across it is per cent of the width and down it is pixels, so that letters keep their size on every screen. Every axis has fixed ends,
whatever the numbers are: no end tells of a number that is not shown (D13).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

LINE = 18.0
"""Pixels of a line of writing."""
LETTERS = 38
"""That fit beside each other on the smallest screen."""
BAR, GAP = 16.0, 12.0
WIDEST = 60.0
"""Per cent of the width that 100 % take; right of it stands the number."""
INDENT = 3.0
QUARTERS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Bar:
    """`share`: per cent, or None where there is none to show. `kind`: which pattern it is filled with."""

    title: str
    said: str
    share: float | None
    kind: str = "plain"
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    bar: Bar
    lines: Sequence[tuple[str, float]]
    """Each line of the title, and its baseline."""
    x: float
    y: float
    width: float
    said_x: float


@dataclass(frozen=True, slots=True)
class Bars:
    """`promise_y`: the line between what kept the promise and what did not."""

    height: float
    rows: Sequence[Row]
    ticks: Sequence[tuple[int, float]]
    promise_y: float | None


def bars(given: Sequence[Bar], promise: str = "") -> Bars:
    """Bars one below the other, each under its title. The promise's line follows the last bar of the kind `within`."""
    rows: list[Row] = []
    promise_y, y = None, 0.0
    for bar, following in zip(given, [*given[1:], None], strict=True):
        row = _row(bar, y)
        rows.append(row)
        y = row.y + BAR + GAP
        if promise and bar.kind == "within" and (following is None or following.kind != "within"):
            promise_y = y + LINE
            y += LINE + GAP
    return Bars(y + LINE, rows, [(tick, WIDEST * tick / 100) for tick in QUARTERS], promise_y)


def _row(bar: Bar, top: float) -> Row:
    x = INDENT * bar.depth
    lines = wrap(bar.title, LETTERS - 2 * bar.depth) or [""]
    y = top + LINE * len(lines) + 4
    width = 0.0 if bar.share is None else WIDEST * bar.share / 100
    return Row(bar, [(line, top + LINE * (n + 1) - 4) for n, line in enumerate(lines)], x, y, width, width + 1.5 if bar.share else 0.0)


@dataclass(frozen=True, slots=True)
class Axis:
    low: int
    high: int
    ticks: Sequence[int]


PERCENT = Axis(0, 100, QUARTERS)
SCORE = Axis(-100, 100, (-100, -50, 0, 50, 100))
LEFT, RIGHT = 12.0, 95.0
ABOVE, TALL, BELOW = 16.0, 168.0, 44.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one period. None where it is not shown."""

    period: str
    value: float | None
    low: float | None = None
    high: float | None = None
    norm: float | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    seen: Seen
    x: float
    y: float | None
    low_y: float | None
    high_y: float | None
    norm_y: float | None
    minor: bool


@dataclass(frozen=True, slots=True)
class Trend:
    height: float
    bottom: float
    spots: Sequence[Spot]
    ticks: Sequence[tuple[int, float]]

    @property
    def steps(self) -> Sequence[tuple[float, float, float, float]]:
        """From each number to the next: never across a period that is not shown."""
        return [(a.x, a.y, b.x, b.y) for a, b in pairwise(self.spots) if a.y is not None and b.y is not None]

    @property
    def norm_steps(self) -> Sequence[tuple[float, float, float, float]]:
        return [(a.x, a.norm_y, b.x, b.norm_y) for a, b in pairwise(self.spots) if a.norm_y is not None and b.norm_y is not None]


def trend(axis: Axis, seen: Sequence[Seen]) -> Trend:
    """Periods at even distances, the oldest first."""

    def down(value: float | None) -> float | None:
        return None if value is None else ABOVE + TALL * (axis.high - value) / (axis.high - axis.low)

    step = (RIGHT - LEFT) / max(len(seen), 1)
    spots = [
        Spot(
            one, LEFT + step * (n + 0.5), down(one.value), down(one.low), down(one.high), down(one.norm), minor=(len(seen) - 1 - n) % 3 > 0
        )
        for n, one in enumerate(seen)
    ]
    ticks = [(tick, ABOVE + TALL * (axis.high - tick) / (axis.high - axis.low)) for tick in axis.ticks]
    return Trend(ABOVE + TALL + BELOW, ABOVE + TALL, spots, ticks)


@dataclass(frozen=True, slots=True)
class Beside:
    """A measure, and the same of all employers."""

    title: str
    said: str
    """What stands there instead of a figure."""
    value: float | None
    low: float | None
    high: float | None
    norm: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    beside: Beside
    lines: Sequence[tuple[str, float]]
    y: float
    x: float | None
    low_x: float | None
    high_x: float | None
    norm_x: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    height: float
    rows: Sequence[Compared]
    ticks: Sequence[tuple[int, float]]


def comparison(axis: Axis, given: Sequence[Beside]) -> Comparison:
    """One below the other, each under its title."""

    def across(value: float | None) -> float | None:
        return None if value is None else 6 + 88 * (value - axis.low) / (axis.high - axis.low)

    rows, y = [], 0.0
    for one in given:
        lines = wrap(f"{one.title}: {one.said}" if one.said else one.title, LETTERS)
        written = [(line, y + LINE * (n + 1) - 4) for n, line in enumerate(lines)]
        y += LINE * len(lines) + 12
        rows.append(Compared(one, written, y, across(one.value), across(one.low), across(one.high), across(one.norm)))
        y += 20
    return Comparison(y + LINE, rows, [(tick, across(tick) or 0.0) for tick in axis.ticks])
