"""PHQ-9 and GAD-7: definitions and scoring, against an oracle written independently of the code."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.instruments.definitions import GAD_7, INSTRUMENTS, PHQ_9
from assessments.instruments.rules import Instrument, prorate, read_answers, score, severity_of
from common.problems import Problem

CODES = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
ALL = list(INSTRUMENTS.values())


def scored(instrument: Instrument) -> list[str]:
    return [item.link_id for item in instrument.items if item.scored]


def some_answers(instrument: Instrument) -> st.SearchStrategy[list[int | None]]:
    count = len(scored(instrument))
    return st.lists(st.none() | st.integers(0, 3), min_size=count, max_size=count)


def check_digit(code: str) -> bool:
    """LOINC's mod 10, https://loinc.org/kb/faq/structure: the digits from the right, every other one doubled."""
    number, digit = code.split("-")
    doubled, others = number[::-1][::2], number[::-1][1::2]
    total = sum(map(int, str(int(doubled[::-1]) * 2))) + sum(map(int, others))
    return (10 - total % 10) % 10 == int(digit)


@pytest.mark.parametrize("instrument", ALL, ids=lambda i: i.name)
def test_every_LOINC_code_has_its_check_digit(instrument: Instrument) -> None:
    codes = [instrument.panel, instrument.total, *(item.link_id for item in instrument.items)]
    assert [code for code in codes if not check_digit(code)] == []
    assert len(set(codes)) == len(codes)


def test_the_check_digit_finds_the_code_that_is_often_miswritten() -> None:
    assert not check_digit("44254-2")


@pytest.mark.parametrize("instrument", ALL, ids=lambda i: i.name)
def test_the_bands_cover_every_total_once(instrument: Instrument) -> None:
    highest = 3 * len(scored(instrument))
    covered = [total for band in instrument.bands for total in range(band.low, band.high + 1)]
    assert covered == list(range(highest + 1))


KROENKE_2001 = {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "moderately_severe": (15, 19), "severe": (20, 27)}


@pytest.mark.parametrize("severity", KROENKE_2001)
def test_PHQ_9_bands_are_those_of_Kroenke_2001(severity: str) -> None:
    low, high = KROENKE_2001[severity]
    assert [total for total in range(28) if severity_of(PHQ_9, total) == severity] == list(range(low, high + 1))


@given(some_answers(PHQ_9))
def test_PHQ_9_follows_CMS_edit_3587(values: list[int | None]) -> None:
    found = score(PHQ_9, read_answers(PHQ_9, dict(zip(scored(PHQ_9), values, strict=True))))
    present = [value for value in values if value is not None]
    assert (found.answered, found.raw_sum) == (len(present), sum(present))
    if len(present) < 7:
        assert (found.total, found.total_method, found.severity) == (None, "invalid", None)
        return
    exact = Decimal(sum(present)) * 9 / len(present)
    assert found.total == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert found.total_method == ("complete" if len(present) == 9 else "prorated")
    assert found.severity == severity_of(PHQ_9, found.total)


def test_a_half_is_rounded_up_and_not_to_even() -> None:
    assert prorate(4, 8, 9) == 5  # 4.5
    assert prorate(12, 8, 9) == 14  # 13.5
    assert prorate(20, 8, 9) == 23  # 22.5


@given(some_answers(GAD_7))
def test_GAD_7_has_a_total_only_when_complete(values: list[int | None]) -> None:
    found = score(GAD_7, read_answers(GAD_7, dict(zip(scored(GAD_7), values, strict=True))))
    complete = None not in values
    assert found.total == (sum(value or 0 for value in values) if complete else None)
    assert found.total_method == ("complete" if complete else "invalid")


@pytest.mark.parametrize("instrument", ALL, ids=lambda i: i.name)
@pytest.mark.parametrize("difficulty", ["LA6572-7", "LA6573-5", "LA6575-0", "LA6574-3", None])
def test_the_difficulty_item_is_never_scored(instrument: Instrument, difficulty: str | None) -> None:
    answers = dict.fromkeys(scored(instrument), 1)
    found = score(instrument, read_answers(instrument, {**answers, "69722-7": difficulty}))
    assert found == score(instrument, read_answers(instrument, answers))


@given(st.sampled_from(ALL), st.integers(0, 3))
def test_a_score_and_its_answer_code_mean_the_same(instrument: Instrument, value: int) -> None:
    by_score = read_answers(instrument, dict.fromkeys(scored(instrument), value))
    assert by_score == read_answers(instrument, dict.fromkeys(scored(instrument), CODES[value]))


def test_the_other_code_for_more_days_than_not_is_taken_where_LOINC_has_it() -> None:
    assert read_answers(GAD_7, {"68509-9": "LA18938-3"}) == {"68509-9": "LA6570-1"}
    with pytest.raises(Problem):
        read_answers(GAD_7, {"69725-0": "LA18938-3"})


@pytest.mark.parametrize(
    "answers", [{"44254-2": 1}, {"44250-9": 4}, {"44250-9": -1}, {"44250-9": "LA6572-7"}, {"69722-7": 1}, {"69725-0": 1}, {"": None}]
)
def test_an_item_or_answer_that_the_instrument_does_not_have_is_refused(answers: dict[str, str | int | None]) -> None:
    with pytest.raises(Problem) as refused:
        read_answers(PHQ_9, answers)
    assert refused.value.code == "unknown_answer"
    assert refused.value.extra["field"].startswith("answers.")


def test_a_missing_answer_never_counts_as_no_risk() -> None:
    """Item 9 missing and the rest 0: prorated from eight answers, and the item itself stays absent."""
    given_answers = read_answers(PHQ_9, {**dict.fromkeys(scored(PHQ_9), 0), "44260-8": None})
    assert "44260-8" not in given_answers
    assert score(PHQ_9, given_answers).total_method == "prorated"
