"""Every measure of the catalogue against a slow count over the people themselves, one by one."""

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Breakdown, Family, Measure
from reporting.measures.statistics import value_of
from reporting.measures.values import Value
from tests.reporting.measures.people import THRESHOLD, Person, crowd, release

MEASURES = [(family, measure) for family in FAMILIES.values() for measure in family.measures if measure.breakdown]
NAMED = pytest.mark.parametrize(("family", "measure"), MEASURES, ids=[measure.code for _, measure in MEASURES])
SIZES = st.sampled_from((0, 10, 11, 22, 25, 29, 30, 60, 150, 400, 900))
SEEDS = st.integers(0, 10**6)


def inside(breakdown: Breakdown, groups: Sequence[str], people: Sequence[Person]) -> list[Person]:
    if not groups:
        return list(people)
    return [one for one in people if any("/".join(breakdown.leaf(*one)).startswith(group) for group in groups)]


def decimal(value: Fraction | float, places: str = "0.1") -> float:
    exact = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else Decimal(value)
    return float(exact.quantize(Decimal(places), ROUND_HALF_UP))


def check_count(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
    assert value.value == len(of) >= THRESHOLD


def check_share(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
    assert (value.n, value.of) == (len(of), len(among))
    assert len(of) >= THRESHOLD and len(among) - len(of) >= THRESHOLD
    assert (value.shown == "shown") == (len(among) >= 30)
    if value.value is not None:
        interval = binomtest(len(of), len(among)).proportion_ci(method="wilson")
        assert value.value == decimal(Fraction(100 * len(of), len(among)))
        assert (value.low, value.high) == (pytest.approx(100 * interval.low, abs=0.051), pytest.approx(100 * interval.high, abs=0.051))


def check_survival(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
    reached = sum(kind == "reached" and b <= 5 for kind, _, b in among)
    withdrew = sum(kind == "withdrawn" and b <= 5 for kind, _, b in among)
    assert value.of == len(among)
    if value.value is not None and value.words == "at least":
        assert value.value == decimal(Fraction(100 * reached, len(among)))
    elif value.value is not None:
        assert value.value == decimal(Fraction(200 * reached, 2 * len(among) - withdrew))


def check_net_promoter(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
    points = [1 if a >= 9 else 0 if a >= 7 else -1 for _, a, _ in of]
    assert value.of == len(of) >= 22
    assert (value.shown == "shown") == (len(of) >= 30)
    if value.value is not None and value.low is not None:
        mean = Fraction(sum(points), len(points))
        assert value.value == decimal(100 * mean)
        spread = sum((point - mean) ** 2 for point in points) / len(points)
        assert value.value - value.low >= min(196 * sqrt(spread / len(points)), 100 + value.value) - 0.11


def check_mean(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
    assert value.of == len(of) >= THRESHOLD
    if value.value is not None:
        mean = Fraction(sum(a - b for _, a, b in of), len(of))
        assert value.value == (decimal(mean) if mean >= 0 else -decimal(-mean))


def check_quantile(q: Fraction, least: int) -> Callable[[Value, list[Person], list[Person], Measure], None]:
    """Enough people; in words, whoever it is about took longer than they say. The figures have a test of their own."""

    def check(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
        assert value.of == len(among) >= least
        if value.value is None:
            unit = 24 if measure.breakdown.endswith("elapsed") else 1
            took = sorted((a if unit == 24 else b - 1) if kind == "reached" else 10**6 for kind, a, b in among)
            assert took[ceil(q * len(took)) - 1] >= float(value.words.split()[2]) * unit

    return check


def check_parts(value: Value, of: list[Person], among: list[Person], measure: Measure) -> None:
    assert value.parts
    shown = [part.n for part in value.parts if part.n is not None]
    assert (value.shown == "shown") == bool(shown)
    if measure.statistic == "distribution" and len(shown) == len(value.parts) and value.of:
        assert sum(shown) == len(among)


CHECKS: dict[str, Callable[[Value, list[Person], list[Person], Measure], None]] = {
    "count": check_count,
    "share": check_share,
    "survival": check_survival,
    "median": check_quantile(Fraction(1, 2), 22),
    "p90": check_quantile(Fraction(9, 10), 110),
    "net_promoter": check_net_promoter,
    "mean_change": check_mean,
    "distribution": check_parts,
    "flow": check_parts,
}


def checked(family: Family, measure: Measure, people: Sequence[Person], value: Value) -> None:
    breakdown = family.breakdown(measure.breakdown)
    if value.shown == "withheld":
        assert (value.value, value.low, value.high, value.n, value.of, value.words) == (None, None, None, None, None, "")
    else:
        CHECKS[measure.statistic](value, inside(breakdown, measure.of, people), inside(breakdown, measure.among, people), measure)


@NAMED
@settings(max_examples=12, deadline=None)
@given(size=SIZES, seed=SEEDS)
def test_R1_every_figure_is_what_a_slow_count_over_the_people_gives(family: Family, measure: Measure, size: int, seed: int) -> None:
    breakdown = family.breakdown(measure.breakdown)
    people = crowd(family, breakdown.dimension, size, seed)
    checked(family, measure, people, value_of(family, measure, release(breakdown, people)))


@NAMED
@settings(max_examples=12, deadline=None)
@given(size=SIZES, seed=SEEDS, hidden=st.integers(0, 2**16))
def test_D5_whatever_else_is_withheld_a_figure_stays_right(family: Family, measure: Measure, size: int, seed: int, hidden: int) -> None:
    breakdown = family.breakdown(measure.breakdown)
    people = crowd(family, breakdown.dimension, size, seed)
    counts = release(breakdown, people, lambda name: not name or hash_of(name) & hidden != 0)
    checked(family, measure, people, value_of(family, measure, counts))


def hash_of(name: str) -> int:
    return 1 << (sum(map(ord, name)) % 16)


ENDS = {
    "elapsed": {"within": 5, "week_1": 7, "week_2": 14, "month_1": 30, **{f"day_{day}": day for day in range(1, 6)}},
    "business_days": {"within": 5, "day_10": 10, "day_20": 20, **{f"day_{day}": day for day in range(1, 6)}},
}
"""Of the catalogue's ranges, in days or business days; the others have none."""


@pytest.mark.parametrize("unit", ["elapsed", "business_days"])
@settings(max_examples=60, deadline=None)
@given(size=SIZES, seed=SEEDS, q=st.sampled_from(("median", "p90")))
def test_D11_a_quantile_is_the_straight_line_between_the_ends_of_released_ranges(unit: str, size: int, seed: int, q: str) -> None:
    family = FAMILIES["care_sought"]
    breakdown = family.breakdown(f"time_to_consultation.{unit}")
    measure = next(one for one in family.measures if one.breakdown == breakdown.name and one.statistic == q)
    people = crowd(family, breakdown.dimension, size, seed)
    counts = release(breakdown, people)
    value = value_of(family, measure, counts)
    if value.value is None:
        return
    ends = sorted({ENDS[unit][last] for name in counts if (last := name.replace("+", "/").split("/")[-1]) in ENDS[unit]})
    by_then = [(0, 0)]
    for end in ends:
        got = sum(kind == "reached" and (a < 24 * end if unit == "elapsed" else b <= end) for kind, a, b in people)
        by_then.append((end, got))
    wanted = Fraction(len(people)) * (Fraction(1, 2) if q == "median" else Fraction(9, 10))
    (start, before), (end, after) = next((one, two) for one, two in pairwise(by_then) if two[1] >= wanted)
    assert value.value == decimal(start + (end - start) * (wanted - before) / (after - before))


def every_value() -> Iterator[Value]:
    for family, measure in MEASURES:
        breakdown = family.breakdown(measure.breakdown)
        for size in (400, 900):
            yield value_of(family, measure, release(breakdown, crowd(family, breakdown.dimension, size, 7)))


def test_R1_with_hundreds_of_people_hardly_anything_is_withheld() -> None:
    """Else the tests above would be about nothing."""
    shown = [value.shown for value in every_value()]
    assert shown.count("withheld") <= len(shown) // 10
