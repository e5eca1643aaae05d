"""Where everything of a score chart stands. Pure: data in, geometry out.

Across it is per cent of the width and down it is pixels, so that letters keep their size on every screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from assessments.instruments.rules import Band

LEFT, RIGHT = 36.0, 95.0
"""Between them time passes, from the first to the last moment that is shown. The names of the bands stand left of it."""
UNIT = 11.0
"""Pixels that a score is high."""
ABOVE, BELOW, LINE = 12.0, 30.0, 18.0
"""Pixels: room over the highest band and under the lowest, and for each line of writing."""
APART = 8.0
"""Per cent that must lie between two points whose scores are both written beside them."""
THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Scored:
    """One total. Not `complete`: it was prorated."""

    at: datetime
    total: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Stripe:
    """A band's background."""

    band: Band
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Point:
    """`label_y`: where its score is written, if it is."""

    scored: Scored
    x: float
    y: float
    label_y: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: a line from top to bottom, its name beside it, on the side that has room."""

    at: datetime
    x: float
    label_y: float
    leftwards: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A date below. `minor` ones are left out where the screen is small."""

    at: datetime
    x: float
    anchor: str
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    height: float
    top: float
    bottom: float
    stripes: Sequence[Stripe]
    points: Sequence[Point]
    marks: Sequence[Mark]
    ticks: Sequence[Tick]

    @property
    def steps(self) -> Sequence[tuple[Point, Point]]:
        """From each point to the next."""
        return list(pairwise(self.points))


def draw(bands: Sequence[Band], scores: Sequence[Scored], happened: Sequence[datetime] = ()) -> Chart:
    """At least one score. Bands without gaps, the lowest first, and every total in one of them, as the instruments' loader sees to."""
    top = ABOVE + LINE * len(happened)
    highest, lowest = bands[-1].high, bands[0].low
    bottom = top + (highest - lowest + 1) * UNIT
    moments = sorted([*(score.at for score in scores), *happened])
    first, last = moments[0], moments[-1]
    marks = [_mark(at, _across(at, first, last), row) for row, at in enumerate(sorted(happened))]
    return Chart(
        height=bottom + BELOW,
        top=top,
        bottom=bottom,
        stripes=[Stripe(b, top + (highest - b.high) * UNIT, (b.high - b.low + 1) * UNIT) for b in reversed(bands)],
        points=_points(scores, highest, top, first, last),
        marks=marks,
        ticks=_ticks(first, last),
    )


def _across(at: datetime, first: datetime, last: datetime) -> float:
    """In the middle where there is one moment only."""
    if last == first:
        return (LEFT + RIGHT) / 2
    return LEFT + (RIGHT - LEFT) * ((at - first) / (last - first))


def _points(scores: Sequence[Scored], highest: int, top: float, first: datetime, last: datetime) -> Sequence[Point]:
    points: list[Point] = []
    labelled = -APART
    for score in sorted(scores, key=lambda score: score.at):
        x, y = _across(score.at, first, last), top + (highest - score.total + 0.5) * UNIT
        written = x - labelled >= APART
        labelled = x if written else labelled
        points.append(Point(score, x, y, _beside(y, top) if written else None))
    return points


def _beside(y: float, top: float) -> float:
    """Over the point; under it where it is at the top."""
    return y - UNIT if y - UNIT > top + UNIT else y + 2 * UNIT


def _mark(at: datetime, x: float, row: int) -> Mark:
    return Mark(at, x, ABOVE + LINE * row, leftwards=x > (LEFT + RIGHT) / 2)


def _ticks(first: datetime, last: datetime) -> Sequence[Tick]:
    """One date for one day; else the first and the last, and where there is room those between."""
    if first.date() == last.date():
        return [Tick(first, (LEFT + RIGHT) / 2, "middle")]
    ends = [Tick(first, LEFT, "start"), Tick(last, RIGHT, "end")]
    if last - first < timedelta(days=3):
        return ends
    between = [first + (last - first) * part for part in THIRDS]
    return [ends[0], *(Tick(at, _across(at, first, last), "middle", minor=True) for at in between), ends[1]]
