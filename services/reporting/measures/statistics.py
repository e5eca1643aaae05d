"""What a measure comes to, computed from released counts and from nothing else. Pure.

Whatever does not follow from them is withheld, with one mark for every cause (D2). From `Policy.interval_from` people on there is a figure
with its 95 % interval, below it there are words (NCHS Series 2 No. 175).
"""

from collections.abc import Callable
from fractions import Fraction

from reporting.measures import parts
from reporting.measures.counting import Counts, Leaves, Released, released
from reporting.measures.families import Breakdown, Family, Group, Measure, Statistic
from reporting.measures.precision import half_up, in_words, net_promoter_interval, wilson
from reporting.measures.values import Value
from reporting.release_ledger.cells import Policy

CAREFUL = Policy()
WITHHELD = Value(shown="withheld")


def value_of(family: Family, measure: Measure, counts: Counts, policy: Policy = CAREFUL) -> Value:
    """`counts`: of the released groups of the measure's breakdown and of everybody (""), of one scope and period. What is missing in it
    is withheld. With `Policy.rounded_to` they are rounded already, and percentages are whole (D14)."""
    # Everybody can be counted by any breakdown.
    breakdown = family.breakdown(measure.breakdown) if measure.breakdown else family.breakdowns[0]
    return STATISTICS[measure.statistic](policy, released(breakdown, counts), measure)


def _count(policy: Policy, known: Released, measure: Measure) -> Value:
    n = known.count_of(measure.of)
    if n is None or not (n >= policy.threshold or (n == 0 and policy.zeros_shown)):
        return WITHHELD
    return Value(shown="shown", value=n, n=n, of=n)


def _share(policy: Policy, known: Released, measure: Measure) -> Value:
    x = known.count_of(measure.of)
    n = known.count_of(measure.among)
    return WITHHELD if x is None or n is None else share(policy, x, n)


def share(policy: Policy, x: int, n: int) -> Value:
    """D3: of x people out of n, where they and the others are enough."""
    return _out_of(policy, x, n, n)


def _out_of(policy: Policy, x: int, n: int, counted: float) -> Value:
    """`counted`: n, less what of it was not there to the end (see `_survival`)."""
    if x < policy.threshold or counted - x < policy.threshold:
        return WITHHELD
    if n < policy.interval_from:
        return Value(shown="words", words=in_words(x / counted), n=x, of=n)
    low, high = wilson(x, counted)
    digits = _digits(policy)
    return Value(
        shown="shown",
        value=half_up(100 * x / Fraction(counted), digits),
        low=half_up(100 * low, digits),
        high=half_up(100 * high, digits),
        n=x,
        of=n,
    )


def _survival(policy: Policy, known: Released, measure: Measure) -> Value:
    """Kaplan-Meier with one step (life table): whoever withdrew up to `at` was there for half of the time on average. Where it is not
    released how many these are, they count as still waiting: the true share is that or more."""
    at = measure.at or 0
    reached = known.count(_by(known.breakdown, "reached", at))
    n = known.count_of(measure.among)
    if reached is None or n is None:
        return WITHHELD
    withdrawn = known.count(_by(known.breakdown, "withdrawn", at))
    value = _out_of(policy, reached, n, n - (withdrawn or 0) / 2)
    if withdrawn is None and value.shown != "withheld":
        return value.model_copy(update={"words": f"at least {value.words}".strip() if value.words else "at least"})
    return value


def _by(breakdown: Breakdown, kind: str, at: int) -> Leaves:
    ends = [(place, _high(group)) for place, group in enumerate(breakdown.leaves.values()) if group.kinds == (kind,)]
    return frozenset(place for place, end in ends if end is not None and end <= at)


def _median(policy: Policy, known: Released, measure: Measure) -> Value:
    return _quantile(policy.median_from, Fraction(1, 2), known, measure)


def _p90(policy: Policy, known: Released, measure: Measure) -> Value:
    return _quantile(policy.p90_from, Fraction(9, 10), known, measure)


def _quantile(at_least: int, q: Fraction, known: Released, measure: Measure) -> Value:
    """D11: in released ranges only, interpolated in a straight line within one; words where it lies in one that has no end."""
    n = known.count_of(measure.among)
    if n is None or n < at_least:
        return WITHHELD
    ends = [_end(group) for group in known.breakdown.leaves.values()]
    start, before = Fraction(0), 0
    for held, people in _ranges(known):
        last = ends[max(held)]
        if before + people >= q * n:
            if last is None:
                return Value(shown="words", words=f"more than {float(start):g} {measure.unit}", of=n)
            return Value(shown="shown", value=half_up(start + (last - start) * (q * n - before) / people, 1), of=n)
        start, before = last or start, before + people
    return WITHHELD


def _ranges(known: Released) -> list[tuple[Leaves, int]]:
    """The pieces; those that lie around others, put together with them."""
    found: list[tuple[Leaves, int]] = []
    for held, people in known.pieces:
        while found and max(found[-1][0]) > min(held):
            around, more = found.pop()
            held, people = held | around, people + more
        found.append((held, people))
    return found


def _high(group: Group) -> int | None:
    return next((part.high for part in group.where if part.of in ("a", "b")), None)


def _end(group: Group) -> Fraction | None:
    """Up to when these got there: in days by the clock (`a` is whole hours gone by), or at the end of which business day (`b`)."""
    high = _high(group)
    if high is None or group.kinds != ("reached",):
        return None
    return Fraction(high + 1, 24) if group.where[0].of == "a" else Fraction(high)


def _net_promoter(policy: Policy, known: Released, measure: Measure) -> Value:
    n, total = known.counts.get(measure.of[0], (0, None))
    if total is None or n < policy.median_from:
        return WITHHELD
    extremes = _extremes(policy, known, measure.of[0])
    if extremes is None:
        return WITHHELD
    if n < policy.interval_from:
        return Value(shown="words", words=_balance(total / n), of=n)
    digits = _digits(policy)
    low, high = net_promoter_interval(total, n, extremes)
    return Value(shown="shown", value=half_up(Fraction(100 * total, n), digits), low=half_up(low, digits), high=half_up(high, digits), of=n)


def _extremes(policy: Policy, known: Released, answered: str) -> int | None:
    """Promoters and detractors together, or everybody where no part is released: the widest interval there can be.

    None where the score would tell of a group that is too small: with one part released the score gives the other two, and without one
    a score near 100 says that hardly anybody is anything but a promoter (D3, T7).
    """
    n, total = known.counts[answered]
    if total is None:
        return None
    promoters, passives, detractors = (known.count_of([f"{answered}/{part}"]) for part in ("promoters", "passives", "detractors"))
    if promoters is not None:
        extremes = 2 * promoters - total
    elif detractors is not None:
        extremes = 2 * detractors + total
    elif passives is not None:
        extremes = n - passives
    else:
        return n if n - abs(total) >= policy.threshold else None
    groups = ((extremes + total) // 2, n - extremes, (extremes - total) // 2)
    return extremes if min(groups) >= policy.threshold else None


def _balance(score: float) -> str:
    if abs(score) < 0.2:
        return "about as many promoters as detractors"
    return "more promoters than detractors" if score > 0 else "more detractors than promoters"


def _mean_change(policy: Policy, known: Released, measure: Measure) -> Value:
    """Nothing says how much the changes differ, so there is no interval."""
    n, total = known.counts.get(measure.of[0], (0, None))
    if total is None or n < policy.threshold:
        return WITHHELD
    mean = total / n
    if n < policy.interval_from:
        words = "hardly changed on average" if abs(mean) < 1 else "lower on average" if mean > 0 else "higher on average"
        return Value(shown="words", words=words, of=n)
    return Value(shown="shown", value=half_up(Fraction(total, n), 1), of=n)


def _digits(policy: Policy) -> int:
    return 0 if policy.rounded_to > 1 else 1


STATISTICS: dict[Statistic, Callable[[Policy, Released, Measure], Value]] = {
    "count": _count,
    "share": _share,
    "median": _median,
    "p90": _p90,
    "survival": _survival,
    "net_promoter": _net_promoter,
    "mean_change": _mean_change,
    "distribution": parts.distribution,
    "flow": parts.flow,
}
