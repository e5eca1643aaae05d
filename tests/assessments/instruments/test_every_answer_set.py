"""Every possible complete answer set of PHQ-9 and GAD-7, scored, against sums and bands that are written down here a second time."""

from collections import Counter
from itertools import product

import pytest

from assessments.instruments.catalogue import newest
from assessments.instruments.rules import flags_of, score

CODES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
BANDS = {
    "phq-9": ["minimal"] * 5 + ["mild"] * 5 + ["moderate"] * 5 + ["moderately_severe"] * 5 + ["severe"] * 8,
    "gad-7": ["minimal"] * 5 + ["mild"] * 5 + ["moderate"] * 5 + ["severe"] * 7,
}
"""By total. Kroenke, Spitzer, Williams 2001; Spitzer, Kroenke, Williams, Löwe 2006."""
ITEMS = {
    "phq-9": ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"),
    "gad-7": ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
}


def counts_of_totals(items: int) -> Counter[int]:
    """How many answer sets come to each total: the coefficients of (1 + x + x² + x³) to the power of the items."""
    ways = Counter({0: 1})
    for _ in range(items):
        ways = Counter({total: sum(ways[total - value] for value in range(4)) for total in range(max(ways) + 4)})
    return ways


@pytest.mark.parametrize("name", ["phq-9", "gad-7"])
def test_every_answer_set_is_scored_as_written_down_here(name: str) -> None:
    instrument, items, bands = newest(name), ITEMS[name], BANDS[name]
    seen: Counter[int] = Counter()
    for values in product(range(4), repeat=len(items)):
        found = score(instrument, {item: CODES[value] for item, value in zip(items, values, strict=True)})
        total = sum(values)
        if (found.total, found.severity, found.total_method, found.raw_sum) != (total, bands[total], "complete", total):
            pytest.fail(f"{values}: {found}")
        seen[total] += 1
    assert seen == counts_of_totals(len(items))
    assert sum(seen.values()) == 4 ** len(items)


@pytest.mark.parametrize("name", ["phq-9", "gad-7"])
def test_A3_every_complete_total_from_10_up_is_elevated(name: str) -> None:
    instrument = newest(name)
    totals = {}
    for total in range(len(BANDS[name])):
        values = [min(3, max(0, total - 3 * place)) for place in range(len(ITEMS[name]))]
        found = score(instrument, {item: CODES[value] for item, value in zip(ITEMS[name], values, strict=True)})
        assert found.total == total
        totals[total] = flags_of(instrument, found)
    assert [total for total, flags in totals.items() if flags == {"elevated"}] == list(range(10, len(totals)))
    assert {flags for total, flags in totals.items() if total < 10} == {frozenset()}
