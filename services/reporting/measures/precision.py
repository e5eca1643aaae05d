"""How exactly a number is said: intervals, and words where there are too few people for a figure. Pure."""

from fractions import Fraction
from math import copysign, floor, sqrt

Z = 1.959963984540054
"""Of the 95 % interval."""

SHARES = (
    (1 / 6, "fewer than one in six"),
    (7 / 24, "about one in four"),
    (5 / 12, "about one in three"),
    (7 / 12, "about half"),
    (17 / 24, "about two in three"),
    (5 / 6, "about three in four"),
)
"""Up to which share it is said so. Fixed and coarse: from the words and the number of people nobody reads off how many it were (T7)."""


def half_up(value: float | Fraction, digits: int) -> float:
    """To so many decimals, from the middle on away from zero, as published tables do it."""
    return copysign(floor(abs(Fraction(value)) * 10**digits + Fraction(1, 2)) / 10**digits, value) + 0.0


def in_words(share: float) -> str:
    """`share`: 0 to 1."""
    return next((words for up_to, words in SHARES if share < up_to), "more than five in six")


def wilson(x: float, n: float) -> tuple[float, float]:
    """The 95 % interval of x out of n, 0 to 1 (Wilson 1927). Neither needs to be whole."""
    middle = (x + Z**2 / 2) / (n + Z**2)
    half = Z / (n + Z**2) * sqrt(x * (n - x) / n + Z**2 / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def net_promoter_interval(total: int, n: int, extremes: int) -> tuple[float, float]:
    """The 95 % interval of 100 (promoters - detractors) / n. `extremes`: promoters and detractors together.

    Variance of one answer: p + d - (p - d)^2.
    """
    score = total / n
    half = Z * sqrt((extremes / n - score**2) / n)
    return 100 * max(-1.0, score - half), 100 * min(1.0, score + half)
