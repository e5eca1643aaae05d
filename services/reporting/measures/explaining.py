"""Why a number may be hidden, for the people who get the report. Pure.

The same for a measure wherever it stands, hidden or not: which of the rules it was would itself say something (D2, D13).
"""

from reporting.measures.families import Family, Measure, Statistic
from reporting.release_ledger.cells import Policy

FLOOR = Policy()

ALWAYS = (
    f"A number is shown only where it is about at least {FLOOR.threshold} people, and where those it leaves out are at least "
    f"{FLOOR.threshold} too. Nobody at all is not shown either.",
    "It is also hidden where somebody could calculate a smaller number from it and any other report, earlier ones and those of other "
    "organisations included, and where it is nearly all about one provider's clients or one or two employers' people.",
)
LAST = "There is one mark for all of these causes. It does not say which one it is, nor that there are few people."

SHARE = (
    f"A share has at least {FLOOR.threshold} people on both sides: those it counts and those it does not. With {FLOOR.interval_from} "
    "people or more it is a figure with its 95 % interval, with fewer it is said in words."
)
RANGES = "It is read off the ranges that are shown, and no more exactly than these allow. In a range without an end it is said in words."
TOGETHER = "Neighbouring groups are put together until each of them is large enough."

OF: dict[Statistic, tuple[str, ...]] = {
    "count": (),
    "share": (SHARE,),
    "survival": (SHARE,),
    "median": (f"A median needs at least {FLOOR.median_from} people. {RANGES}",),
    "p90": (
        f"A 90th percentile needs at least {FLOOR.p90_from} people, so that the slowest tenth are at least {FLOOR.threshold}. {RANGES}",
    ),
    "net_promoter": (
        f"A net promoter score needs at least {FLOOR.median_from} answers, and is hidden where it would tell of fewer than "
        f"{FLOOR.threshold} promoters, passives or detractors. With {FLOOR.interval_from} answers or more it is a figure with its 95 % "
        "interval, with fewer it is said in words.",
    ),
    "mean_change": (f"A mean is a figure with {FLOOR.interval_from} people or more, with fewer it is said in words.",),
    "distribution": (TOGETHER,),
    "flow": (f"{TOGETHER} The parts of a group are shown only where the group is.",),
}


def why_hidden(family: Family, measure: Measure) -> list[str]:
    """Sentences. Raises LookupError for a measure that the family does not have."""
    if measure not in family.measures:
        raise LookupError(f"{family.code} has no measure {measure.code}")
    return [*ALWAYS, *OF[measure.statistic], LAST]
