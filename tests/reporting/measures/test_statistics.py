"""What is shown, said in words or withheld, at the limits."""

from itertools import pairwise

import pytest

from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Family, Measure
from reporting.measures.precision import half_up, in_words
from reporting.measures.statistics import share, value_of
from reporting.measures.values import Value
from reporting.release_ledger.cells import Policy
from reporting.release_ledger.rounding import rounded_counts

CAREFUL = Policy()
Counts = dict[str, tuple[int, int | None]]


def of(code: str, counts: Counts, policy: Policy = CAREFUL) -> Value:
    family, measure = find(code)
    return value_of(family, measure, counts, policy)


def find(code: str) -> tuple[Family, Measure]:
    return next((family, measure) for family in FAMILIES.values() for measure in family.measures if measure.code == code)


def people(**counts: int) -> Counts:
    return {name.replace("__", "/").removeprefix("everybody"): (n, None) for name, n in counts.items()}


WITHHELD = Value(shown="withheld")


def test_D1_a_cell_of_ten_is_withheld_and_one_of_eleven_is_not() -> None:
    assert of("clients_seeking_care", people(everybody=10)) == WITHHELD
    assert of("clients_seeking_care", people(everybody=11)).value == 11


def test_D1_zeros_are_withheld_unless_a_contract_shows_them() -> None:
    assert of("clients_seeking_care", people(everybody=0)) == WITHHELD
    assert of("clients_seeking_care", people(everybody=0), Policy(zeros_shown=True)).value == 0


@pytest.mark.parametrize("measure", [measure for family in FAMILIES.values() for measure in family.measures], ids=lambda one: one.code)
def test_D2_where_nothing_is_released_every_measure_has_the_one_mark(measure: Measure) -> None:
    value = of(measure.code, {})
    assert value.model_copy(update={"parts": ()}) == WITHHELD
    assert all(part.n is None and part.share is None for part in value.parts)


@pytest.mark.parametrize(
    ("x", "n", "shown"), [(10, 40, False), (11, 40, True), (29, 40, True), (30, 40, False), (0, 40, False), (40, 40, False)]
)
def test_D3_a_share_needs_eleven_on_both_sides(x: int, n: int, shown: bool) -> None:
    assert (share(CAREFUL, x, n).shown == "shown") is shown


def test_D3_a_share_of_fewer_than_thirty_is_in_words() -> None:
    assert share(CAREFUL, 15, 29) == Value(shown="words", words="about half", n=15, of=29)
    assert share(CAREFUL, 15, 30) == Value(shown="shown", value=50.0, low=33.2, high=66.8, n=15, of=30)


def test_a_share_follows_from_a_total_and_what_it_leaves_out() -> None:
    assert of("satisfaction_response_rate", people(everybody=100, unanswered=40)).n == 60
    assert of("satisfaction_response_rate", people(everybody=100)) == WITHHELD


def test_T7_from_words_nobody_reads_off_a_number_below_eleven() -> None:
    for n in range(22, 30):
        for x in range(11, n - 10):
            said = share(CAREFUL, x, n)
            fitting = [y for y in range(n + 1) if in_words(y / n) == said.words]
            assert said.shown == "words"
            assert x in fitting and len(fitting) >= 3 and max(fitting) >= 11


def test_T7_from_a_figure_and_a_denominator_nobody_pins_the_numerator_to_one_to_ten() -> None:
    for n in range(11, 150):
        for x in range(n + 1):
            value = share(CAREFUL, x, n)
            if value.value is not None:
                fitting = {y for y in (x - 1, x, x + 1) if half_up(100 * y / n, 1) == value.value}
                assert not fitting & {*range(11), *range(n - 10, n + 1)}
            assert value.shown != "withheld" or x < 11 or n - x < 11


def test_T7_a_net_promoter_score_tells_of_no_group_below_eleven() -> None:
    """Whoever knows n and the sum of points goes through all promoters, passives and detractors that fit."""
    for n in range(11, 60):
        for total in range(-n, n + 1):
            if of("net_promoter_score", {"answered": (n, total)}).shown != "withheld":
                detractors = [d for d in range(n + 1) if d + total >= 0 and 2 * d + total <= n]
                others = {n - (d + total) for d in detractors} | {n - d for d in detractors}
                assert len(detractors) >= 6 and max(others) >= 11


@pytest.mark.parametrize(("part", "fine", "telling"), [("promoters", 30, 25), ("passives", 14, 10), ("detractors", 15, 10)])
def test_T7_with_one_part_released_a_net_promoter_score_gives_the_other_two(part: str, fine: int, telling: int) -> None:
    """15 more promoters than detractors, of 50 and of 60 answers."""
    assert of("net_promoter_score", {"answered": (50, 15), f"answered/{part}": (telling, None)}) == WITHHELD
    assert of("net_promoter_score", {"answered": (60, 15), f"answered/{part}": (fine, None)}).value == 25.0


def test_D11_a_net_promoter_score_needs_22_answers_and_30_for_a_figure() -> None:
    assert of("net_promoter_score", {"answered": (21, 5)}) == WITHHELD
    assert of("net_promoter_score", {"answered": (29, 9)}).words == "more promoters than detractors"
    assert of("net_promoter_score", {"answered": (30, 9)}).value == 30.0
    assert of("net_promoter_score", {"answered": (60, None)}) == WITHHELD


def test_the_interval_of_a_score_is_the_widest_there_can_be_where_the_parts_are_hidden() -> None:
    hidden = of("net_promoter_score", {"answered": (100, 20)})
    known = of("net_promoter_score", {"answered": (100, 20), "answered/promoters": (40, None)})
    assert (hidden.low, hidden.high) == (0.8, 39.2)
    assert (known.low, known.high) == (5.3, 34.7)


CLOCK = {"everybody": 200, "within": 140, "not_within": 60, "not_within__not_reached": 30}


def test_D11_a_median_needs_22_people_and_a_90th_percentile_110() -> None:
    few = people(everybody=21, within=21)
    assert of("time_to_consultation_median_business_days", few) == WITHHELD
    assert of("time_to_consultation_median_business_days", people(everybody=22, within=22)).value == 2.5
    assert of("time_to_consultation_p90_business_days", people(everybody=109, within=109)) == WITHHELD
    assert of("time_to_consultation_p90_business_days", people(everybody=110, within=110)).value == 4.5


def test_D11_a_quantile_in_a_range_without_an_end_is_in_words() -> None:
    assert of("time_to_consultation_p90_business_days", people(**CLOCK)).words == "more than 5 business days"
    assert of("time_to_consultation_median_business_days", people(**CLOCK)).value == 3.6
    assert of("time_to_consultation_p90_days", people(everybody=200, not_within__beyond=50)).words == "more than 30 days"


def test_who_never_got_there_counts_as_longer_than_everybody() -> None:
    assert of("time_to_consultation_median_business_days", people(everybody=100, within=49)).words == "more than 5 business days"


def test_R1_kaplan_meier_counts_who_withdrew_for_half_of_the_time() -> None:
    counts = people(**CLOCK, not_within__not_reached__withdrawn=20, not_within__not_reached__withdrawn__early=20)
    assert of("time_to_consultation_survival_5", counts).value == half_up(100 * 140 / 190, 1)


def test_R1_kaplan_meier_says_at_least_where_it_is_hidden_who_withdrew() -> None:
    value = of("time_to_consultation_survival_5", people(**CLOCK))
    assert (value.words, value.value) == ("at least", 70.0)
    assert of("time_to_consultation_survival_5", people(everybody=28, within=14)).words == "at least about half"


@pytest.mark.parametrize(
    ("n", "total", "words"), [(20, 70, "lower on average"), (20, 5, "hardly changed on average"), (20, -70, "higher on average")]
)
def test_a_mean_of_fewer_than_thirty_is_in_words(n: int, total: int, words: str) -> None:
    assert of("phq_9_mean_change", {"paired": (n, total)}).words == words
    assert of("phq_9_mean_change", {"paired": (n + 10, total)}).value == half_up(total / (n + 10), 1)


def test_D13_a_withheld_distribution_has_a_row_for_each_group() -> None:
    groups = [part.group for part in of("phq_9_baseline", {}).parts]
    assert groups == [f"answered/{band}" for band in ("minimal", "mild", "moderate", "moderately_severe", "severe")]


def test_D13_merged_neighbours_are_one_row_and_what_is_hidden_keeps_its_own() -> None:
    counts = people(everybody=90, answered=80, answered__minimal=20, answered__severe=25)
    counts["answered/mild+moderate"] = (22, None)
    parts = of("phq_9_baseline", counts).parts
    assert [(part.group, part.n) for part in parts] == [
        ("answered/minimal", 20),
        ("answered/mild+moderate", 22),
        ("answered/moderately_severe", None),
        ("answered/severe", 25),
    ]
    assert parts[1].title == "Mild (5 to 9); moderate (10 to 14)"


def test_D13_a_distribution_of_waiting_times_says_what_is_within_the_target() -> None:
    parts = of("time_to_consultation_distribution", people(**CLOCK, not_within__later=30)).parts
    assert [(part.group, part.within_target) for part in parts] == [
        ("within", True),
        ("not_within/later", False),
        ("not_within/not_reached", False),
    ]


def test_D14_rounded_percentages_are_whole_and_of_the_rounded_parts() -> None:
    policy = Policy(rounded_to=5)
    counts = rounded_counts(people(everybody=103, answered=62, unanswered=41), policy.rounded_to)
    assert counts == people(everybody=105, answered=60, unanswered=40)
    value = of("satisfaction_response_rate", dict(counts), policy)
    assert (value.value, value.n, value.of) == (57.0, 60, 105)


def test_words_go_up_with_the_share() -> None:
    said = [in_words(x / 1000) for x in range(1001)]
    assert len({*said}) == 7
    assert len([1 for one, two in pairwise(said) if one != two]) == 6


def test_half_up_rounds_as_published_tables_do() -> None:
    assert [half_up(value, 1) for value in (31.25, -31.25, 0.04, -0.04)] == [31.3, -31.3, 0.0, 0.0]
    assert str(half_up(-0.04, 1)) == "0.0"
