"""Our outcome measures and rounding against NHS England's NHS Talking Therapies annual report, 2017-18 to 2024-25.

Data: Open Government Licence v3.0, Copyright NHS England. Of the outcome measures the report prints the counts and the percentages.
"""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from reporting.measures.families import Family
from reporting.measures.statistics import value_of
from reporting.release_ledger.cells import Policy
from reporting.release_ledger.rounding import NHS_TALKING_THERAPIES

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "nhs_tt"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published NHS tables are not there (../shared/data/nhs_tt)")

CASE = {"breakdown": "caseness", "of": ["case/recovered"], "among": ["case"]}
TEXTS = {"version": 1, "title": "x", "definition": "x", "denominator": "x", "statistic": "share"}
COURSES = Family.model_validate(
    {
        **{"code": "finished_course", "version": 1, "title": "Finished courses of treatment", "definition": "x", "cohort": "x"},
        **{"closes_after_days": 1, "dimensions": {"outcome": ["finished"]}},
        "breakdowns": [
            {
                **{"name": name, "title": "x", "dimension": "outcome"},
                "groups": [
                    {"name": "not_case", "title": "x"},
                    {"name": "case", "title": "x", "groups": [{"name": "recovered", "title": "x"}, {"name": "other", "title": "x"}]},
                ],
            }
            for name in ("caseness", "reliable_caseness")
        ]
        + [
            {"name": name, "title": "x", "dimension": "outcome", "groups": [{"name": "so", "title": "x"}, {"name": "other", "title": "x"}]}
            for name in ("improvement", "deterioration", "no_reliable_change")
        ],
        "measures": [
            {"code": "recovery", **TEXTS, **CASE},
            {"code": "reliable_recovery", **TEXTS, **CASE, "breakdown": "reliable_caseness"},
            *({"code": name, **TEXTS, "breakdown": name, "of": ["so"]} for name in ("improvement", "deterioration", "no_reliable_change")),
        ],
    }
)
"""The report's five outcomes as measures: recovery and reliable recovery of those at caseness, the others of all who finished."""
EVERYTHING = Policy(threshold=0, interval_from=0)
"""The national table is not suppressed."""
Row = Mapping[tuple[str, str], str]
"""By measure name and statistic."""


@cache
def table(name: str, *of: str) -> Mapping[tuple[str, ...], Row]:
    found: dict[tuple[str, ...], dict[tuple[str, str], str]] = defaultdict(dict)
    with gzip.open(DATA / f"{name}.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            key = tuple(row[column] for column in (*of, "variable_type", "variable_a", "variable_b"))
            found[key][row["measure_name"], row["measure_statistic"]] = row["value"]
    return found


def england() -> Mapping[tuple[str, ...], Row]:
    return table("measures_england_2017_2025", "reporting_period")


@cache
def organisations() -> Mapping[tuple[str, ...], Row]:
    every = table("measures_all_orgs_2024_25", "org_type", "org_code")
    return {key: row for key, row in every.items() if key[0] != "England"}


def counts(rows: Mapping[tuple[str, ...], Row]) -> list[str]:
    return [value for row in rows.values() for (_, statistic), value in row.items() if statistic == "count"]


def ours(row: Row, code: str, policy: Policy = EVERYTHING) -> float | None:
    """From the published counts, as from released groups."""
    finished, not_case, so = ((int(row[name, "count"]), None) for name in ("finished_course_treatment", "not_at_caseness", code))
    released = {"": finished, "not_case": not_case, "case/recovered": so} if "recovery" in code else {"": finished, "so": so}
    return value_of(COURSES, next(one for one in COURSES.measures if one.code == code), released, policy).value


def printed(rows: Mapping[tuple[str, ...], Row]) -> Iterator[tuple[Row, str, float]]:
    for row in rows.values():
        yield from ((row, code, float(value)) for (code, statistic), value in row.items() if statistic == "percentage")


def test_R1_the_outcome_measures_give_the_printed_percentages_of_england_2024_25() -> None:
    total = england()["2024-25", "Total", "", ""]
    assert {code: ours(total, code) for code in ("recovery", "reliable_recovery", "improvement", "deterioration")} == {
        "recovery": 50.5,
        "reliable_recovery": 47.5,
        "improvement": 67.5,
        "deterioration": 5.8,
    }


def test_R1_they_give_all_3935_percentages_printed_for_england_in_eight_years() -> None:
    rows = list(printed(england()))
    assert len(rows) == 3935
    assert [(row, code, value) for row, code, value in rows if ours(row, code) != value] == []


def test_D3_with_our_threshold_a_few_of_them_would_be_withheld_and_the_others_stay_the_same() -> None:
    values = [(ours(row, code, Policy()), value) for row, code, value in printed(england())]
    assert Counter(our is None for our, _ in values)[True] == 94
    assert all(our in (None, value) for our, value in values)


def test_D14_the_policy_of_the_report_leaves_each_of_its_201960_counts_as_it_is() -> None:
    published = counts(organisations())
    assert len(published) == 201_960
    assert Counter(value == "*" for value in published) == {False: 133_293, True: 68_667}
    assert min(int(value) for value in published if value != "*") == 5
    for value in set(published):
        assert {NHS_TALKING_THERAPIES.publish(n) for n in NHS_TALKING_THERAPIES.read(value)} == {value}


def test_D14_what_the_policy_makes_of_the_national_counts_has_the_form_of_the_published_ones() -> None:
    """Nationally nothing is rounded: the policy is for organisations."""
    exact = [int(value) for value in counts(table("measures_all_orgs_2024_25", "org_type", "org_code")) if value != "*" and int(value) % 5]
    assert len(exact) == 791
    assert {int(NHS_TALKING_THERAPIES.publish(n)) % 5 for n in exact if n >= 5} == {0}


def test_D1_the_report_shows_no_zero_below_the_national_level() -> None:
    every = table("measures_all_orgs_2024_25", "org_type", "org_code")
    nobody = [
        (key[2:], name)
        for key, row in every.items()
        if key[0] == "England"
        for (name, statistic), value in row.items()
        if statistic == "count" and value == "0"
    ]
    there = [row[name, "count"] for key, row in organisations().items() for of, name in nobody if key[2:] == of]
    assert len(nobody) > 0 and there and set(there) == {"*"}


def test_D5_rounding_alone_is_not_enough_one_hidden_gender_beside_the_others_and_a_total() -> None:
    """Of 147 providers 45 show how many were referred, and of all genders but one. In 8 of them this narrows down the hidden number."""
    providers = sorted({key[1] for key in organisations() if key[0] == "Provider"})
    alone = [code for code in providers if [*genders(code)].count("*") == 1]
    assert (len(alone), len(providers)) == (45, 147)
    assert sum(len(hidden(code)) < NHS_TALKING_THERAPIES.least for code in alone) == 8


@cache
def genders(provider: str) -> list[str]:
    names = {key[3:] for key in organisations() if key[2] == "Gender"}
    return [organisations()["Provider", provider, "Gender", *name]["referrals_received", "count"] for name in names]


def hidden(provider: str) -> set[int]:
    """What the one hidden number may be: what the total leaves over beside the shown ones."""
    total = NHS_TALKING_THERAPIES.read(organisations()["Provider", provider, "Total", "", ""]["referrals_received", "count"])
    shown = [NHS_TALKING_THERAPIES.read(value) for value in genders(provider) if value != "*"]
    least, most = total[0] - sum(some[-1] for some in shown), total[-1] - sum(some[0] for some in shown)
    return {n for n in NHS_TALKING_THERAPIES.read("*") if least <= n <= most}


def test_D14_percentages_of_the_exact_parts_say_what_the_rounding_hides() -> None:
    """Each printed whole percentage fits the policy's reading of the rounded parts; many a count under 11 follows from it exactly."""
    exact = 0
    for row, code, percentage in printed_by_organisations():
        fitting = numerators(row, code, percentage)
        assert fitting
        exact += len(fitting) == 1 and fitting < set(range(11))
    assert exact == 3933


def printed_by_organisations() -> Iterator[tuple[Row, str, int]]:
    """Of all who finished: of those at caseness the denominator is a difference of rounded counts."""
    for row in organisations().values():
        for code in ("improvement", "deterioration", "no_reliable_change"):
            if (value := row.get((code, "percentage"), "*")) != "*":
                yield row, code, int(value)


def numerators(row: Row, code: str, percentage: int) -> set[int]:
    """Which counts give the percentage with some denominator, by what is published."""
    of = NHS_TALKING_THERAPIES.read(row["finished_course_treatment", "count"])
    return {x for x in NHS_TALKING_THERAPIES.read(row[code, "count"]) if any(abs(100 * x / n - percentage) <= 0.5 for n in of if n >= x)}
