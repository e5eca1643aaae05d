"""Real answers, scored: Malaysian students (both instruments) and NHANES (PHQ-9), against what was published or counted of them.

Data: surveys/ is MIT; NHANES is of CDC/NCHS, public domain. NCHS asks: statistical use only, no re-identification, no linkage.
Published: NCHS Data Brief 303; MMWR QuickStats 67(9):287.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import pytest

from assessments.instruments.catalogue import newest
from assessments.instruments.rules import Instrument, Score, flags_of, flags_on_saving, read_answers, score

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
STUDENTS = DATA / "surveys" / "ukm_students_phq9_gad7.csv"
NHANES = DATA / "nhanes" / "nhanes_phq9_2005_2020.csv.gz"
REFERENCE = DATA / "nhanes" / "published_reference.csv"
PHQ_9, GAD_7 = newest("phq-9"), newest("gad-7")
ITEM_9, DIFFICULTY = "44260-8", "69722-7"
QUESTIONS = [f"DPQ{number:03}" for number in range(10, 100, 10)]
DIFFICULTIES = dict(zip("0123", ["LA6572-7", "LA6573-5", "LA6575-0", "LA6574-3"], strict=True))

students_are_there = pytest.mark.skipif(
    not STUDENTS.exists(), reason="the public survey is not beside this checkout (README: what is skipped)"
)
nhanes_is_there = pytest.mark.skipif(
    not NHANES.exists(), reason="the public NHANES extract is not beside this checkout (README: what is skipped)"
)


class Person(NamedTuple):
    row: dict[str, str]
    answers: dict[str, str]
    score: Score


def scored(instrument: Instrument) -> list[str]:
    return [item.link_id for item in instrument.items if item.scored]


@students_are_there
@pytest.mark.parametrize(
    ("instrument", "column", "average", "elevated"), [(PHQ_9, "phq9_", 8.825, 35.9), (GAD_7, "gad7_", 5.749, 19.7)], ids=["phq-9", "gad-7"]
)
def test_the_students_of_UKM_have_the_published_means(instrument: Instrument, column: str, average: float, elevated: float) -> None:
    with STUDENTS.open() as file:
        rows = list(csv.DictReader(file))
    given = [{item: int(row[f"{column}{n}"]) for n, item in enumerate(scored(instrument), start=1)} for row in rows]
    scores = [score(instrument, read_answers(instrument, each)) for each in given]
    totals = [each.total for each in scores if each.total is not None]
    assert len(totals) == 223
    assert round(mean(totals), 3) == average
    assert round(100 * mean("elevated" in flags_of(instrument, each) for each in scores), 1) == elevated


@cache
def people() -> list[Person]:
    """Refused (7), don't know (9) and empty are no answer."""
    return list(_people())


def _people() -> Iterator[Person]:
    items = dict(zip(scored(PHQ_9), QUESTIONS, strict=True))
    with gzip.open(NHANES, "rt") as file:
        for row in csv.DictReader(file):
            given = {item: int(row[question]) if row[question] in DIFFICULTIES else None for item, question in items.items()}
            answers = read_answers(PHQ_9, {**given, DIFFICULTY: DIFFICULTIES.get(row["DPQ100"])})
            yield Person(row, answers, score(PHQ_9, answers))


@nhanes_is_there
def test_NHANES_has_as_many_people_with_item_9_above_0_as_were_counted() -> None:
    flagged = [person for person in people() if ITEM_9 in person.answers and flags_on_saving(PHQ_9, ITEM_9, person.answers[ITEM_9])]
    assert len(flagged) == 1510
    beside = Counter(person.score.total_method for person in flagged)
    assert beside["invalid"] > 0, "the flag does not wait for a total"


@nhanes_is_there
def test_NHANES_has_as_many_people_with_missing_answers_as_were_counted() -> None:
    """Refused or don't know: 202; not one answer: 4,243; answered only in part: 26, ten of whom refused something too."""
    assert len(people()) == 43_928
    incomplete = [person for person in people() if person.score.total_method != "complete"]
    asked = [[person.row[question] for question in QUESTIONS] for person in incomplete]
    assert sum(bool({"7", "9"} & set(values)) for values in asked) == 202
    assert sum(not any(values) for values in asked) == 4_243
    assert sum(any(values) and "" in values for values in asked) == 26
    assert len(incomplete) == 202 + 4_243 + 26 - 10


@nhanes_is_there
def test_NHANES_totals_are_complete_prorated_or_invalid_by_the_number_of_answers_alone() -> None:
    expected = {9: "complete", 8: "prorated", 7: "prorated"}
    for person in people():
        valid = [int(person.row[question]) for question in QUESTIONS if person.row[question] in DIFFICULTIES]
        found = person.score
        assert (found.answered, found.raw_sum, found.total_method) == (len(valid), sum(valid), expected.get(len(valid), "invalid"))


def adults() -> list[Person]:
    """Of 20 and older in 2013-2016 with all nine answers, as the tables count."""
    cycles = ("2013-2014", "2015-2016")
    return [p for p in people() if p.row["cycle"] in cycles and int(p.row["RIDAGEYR"]) >= 20 and p.score.total_method == "complete"]


Test = Callable[[Person], bool]


def income(low: float, high: float) -> Test:
    return lambda person: person.row["INDFMPIR"] != "" and low <= float(person.row["INDFMPIR"]) < high


def total(low: int, high: int) -> Test:
    return lambda person: person.score.total is not None and low <= person.score.total <= high


GROUPS: dict[str, Test] = {
    "adults": lambda person: True,
    "men": lambda person: person.row["RIAGENDR"] == "1",
    "women": lambda person: person.row["RIAGENDR"] == "2",
    "non-Hispanic Asian": lambda person: person.row["RIDRETH3"] == "6",
    "income <100% FPL": income(0, 1),
    "income 100-199% FPL": income(1, 2),
    "income 200-399% FPL": income(2, 4),
    "income >=400% FPL": income(4, 6),
    "depressed adults": lambda person: "elevated" in flags_of(PHQ_9, person.score) and DIFFICULTY in person.answers,
}
STATISTICS: dict[str, Test] = {
    "PHQ-9>=10": lambda person: "elevated" in flags_of(PHQ_9, person.score),
    "some difficulty (DPQ100>=1)": lambda person: person.answers[DIFFICULTY] != "LA6572-7",
    "PHQ-9 0-4": total(0, 4),
    "PHQ-9 5-9": total(5, 9),
    "PHQ-9 10-14": total(10, 14),
    "PHQ-9 15-27": total(15, 27),
}


@nhanes_is_there
def test_NHANES_shares_are_the_21_published_ones() -> None:
    """Weighted, complete answers only. One tenth of a per cent is what the tables print."""
    sample = adults()
    assert len(sample) == 9_942
    with REFERENCE.open() as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == 21
    for cell in cells:
        group = [person for person in sample if GROUPS[cell["group"].split(" 20+")[0].removesuffix(" 2013-2016")](person)]
        weights = {id(person): float(person.row["WTMEC2YR"]) for person in group}
        having = sum(weights[id(person)] for person in group if STATISTICS[cell["statistic"]](person))
        share = 100 * having / sum(weights.values())
        assert share == pytest.approx(float(cell["recomputed_percent"]), abs=0.006), cell
        assert abs(share - float(cell["published_percent"])) <= (0.5 if "about" in cell["source"] else 0.06), cell
