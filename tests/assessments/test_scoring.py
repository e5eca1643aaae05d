"""Scoring of PHQ-9, GAD-7 and satisfaction, with missing answers, against an oracle written independently of the code."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.instruments.catalogue import newest, published
from assessments.instruments.rules import Instrument, flags_of, flags_on_saving, prorate, read_answer, read_answers, score, severity_of
from common.problems import Problem

CODES = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
PHQ_9, GAD_7, SATISFACTION = newest("phq-9"), newest("gad-7"), newest("satisfaction")
SYMPTOMS = [PHQ_9, GAD_7]
ITEM_9 = "44260-8"


def scored(instrument: Instrument) -> list[str]:
    return [item.link_id for item in instrument.items if item.scored]


def some_answers(instrument: Instrument) -> st.SearchStrategy[list[int | None]]:
    count = len(scored(instrument))
    return st.lists(st.none() | st.integers(0, 3), min_size=count, max_size=count)


def answered(instrument: Instrument, values: list[int | None]) -> dict[str, str]:
    return read_answers(instrument, dict(zip(scored(instrument), values, strict=True)))


@given(some_answers(PHQ_9))
def test_PHQ_9_follows_CMS_edit_3587(values: list[int | None]) -> None:
    found = score(PHQ_9, answered(PHQ_9, values))
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
    found = score(GAD_7, answered(GAD_7, values))
    complete = None not in values
    assert found.total == (sum(value or 0 for value in values) if complete else None)
    assert found.total_method == ("complete" if complete else "invalid")


@pytest.mark.parametrize("instrument", SYMPTOMS, ids=lambda i: i.name)
@pytest.mark.parametrize("difficulty", ["LA6572-7", "LA6573-5", "LA6575-0", "LA6574-3", None])
def test_the_difficulty_item_is_never_scored(instrument: Instrument, difficulty: str | None) -> None:
    answers = dict.fromkeys(scored(instrument), 1)
    found = score(instrument, read_answers(instrument, {**answers, "69722-7": difficulty}))
    assert found == score(instrument, read_answers(instrument, answers))


@pytest.mark.parametrize("instrument", SYMPTOMS, ids=lambda i: i.name)
def test_the_difficulty_item_reads_in_order_of_severity_which_its_codes_are_not(instrument: Instrument) -> None:
    difficulty = instrument.items[-1]
    assert difficulty.link_id == "69722-7"
    assert [(choice.code, choice.text) for choice in difficulty.choices] == [
        ("LA6572-7", "Not difficult at all"),
        ("LA6573-5", "Somewhat difficult"),
        ("LA6575-0", "Very difficult"),
        ("LA6574-3", "Extremely difficult"),
    ]


@given(st.sampled_from(SYMPTOMS), st.integers(0, 3))
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
    given_answers = read_answers(PHQ_9, {**dict.fromkeys(scored(PHQ_9), 0), ITEM_9: None})
    assert ITEM_9 not in given_answers
    assert score(PHQ_9, given_answers).total_method == "prorated"


@pytest.mark.parametrize(("code", "raised"), [(CODES[0], set()), *((code, {"safety"}) for code in CODES[1:])])
@pytest.mark.parametrize("language", ["en", "es"])
def test_item_9_above_0_is_a_safety_flag_when_it_is_saved_and_no_other_item_is(language: str, code: str, raised: set[str]) -> None:
    form = newest("phq-9", language)
    assert flags_on_saving(form, ITEM_9, code) == raised
    assert {flags_on_saving(form, other, CODES[3]) for other in scored(form) if other != ITEM_9} == {frozenset()}
    assert flags_on_saving(form, "69722-7", "LA6574-3") == frozenset()


@given(st.sampled_from(SYMPTOMS), st.data())
def test_A3_a_total_of_10_or_more_is_elevated_also_a_prorated_one_and_never_an_invalid_one(
    instrument: Instrument, data: st.DataObject
) -> None:
    found = score(instrument, answered(instrument, data.draw(some_answers(instrument))))
    expected = {"elevated"} if found.total_method != "invalid" and found.total is not None and found.total >= 10 else set()
    assert flags_of(instrument, found) == expected


def test_A3_a_prorated_total_that_reaches_10_is_elevated_although_the_sum_does_not() -> None:
    found = score(PHQ_9, answered(PHQ_9, [None, 3, 3, 3, 0, 0, 0, 0, 0]))
    assert (found.raw_sum, found.total, found.total_method) == (9, 10, "prorated")
    assert flags_of(PHQ_9, found) == {"elevated"}


def test_A3_an_invalid_total_is_not_elevated_however_high_the_sum() -> None:
    assert flags_of(GAD_7, score(GAD_7, answered(GAD_7, [None, *[3] * 6]))) == frozenset()


@pytest.mark.parametrize("rating", range(11))
@pytest.mark.parametrize("language", ["en", "es"])
def test_A4_a_rating_is_of_a_detractor_to_6_a_promoter_from_9_and_raises_no_flag(language: str, rating: int) -> None:
    form = newest("satisfaction", language)
    found = score(form, read_answers(form, {"recommend": rating}))
    expected = "detractor" if rating <= 6 else "passive" if rating <= 8 else "promoter"
    assert (found.total, found.total_method, found.severity) == (rating, "complete", expected)
    assert flags_of(form, found) == flags_on_saving(form, "recommend", str(rating)) == frozenset()


@pytest.mark.parametrize("rating", [-1, 11, "11", "07", "", "ten"])
def test_A4_a_rating_is_0_to_10(rating: int | str) -> None:
    with pytest.raises(Problem) as refused:
        read_answers(SATISFACTION, {"recommend": rating})
    assert refused.value.code == "unknown_answer"


def test_A4_a_comment_is_optional_and_never_scored() -> None:
    alone = score(SATISFACTION, read_answers(SATISFACTION, {"comment": "Very kind."}))
    assert (alone.answered, alone.total, alone.total_method) == (0, None, "invalid")
    assert flags_on_saving(SATISFACTION, "comment", "Very kind.") == frozenset()
    both = read_answers(SATISFACTION, {"recommend": 9, "comment": "Very kind."})
    assert score(SATISFACTION, both) == score(SATISFACTION, read_answers(SATISFACTION, {"recommend": 9}))


def test_A4_a_comment_of_blanks_is_none_and_a_line_end_counts_once_as_browsers_count_it() -> None:
    comment = SATISFACTION.items[1]
    assert read_answers(SATISFACTION, {"comment": " \r\n "}) == {}
    assert read_answer(comment, "a\r\nb") == "a\nb"
    assert len(read_answer(comment, "x\r\n" * 999 + "xx")) == 2000


@pytest.mark.parametrize("comment", ["x" * 2001, 7])
def test_A4_a_comment_is_a_text_of_at_most_2000_characters(comment: str | int) -> None:
    with pytest.raises(Problem) as refused:
        read_answers(SATISFACTION, {"comment": comment})
    assert refused.value.extra["field"] == "answers.comment"


def test_every_published_instrument_names_the_range_that_its_bands_cover() -> None:
    for instrument in published():
        covered = [total for band in instrument.bands for total in range(band.low, band.high + 1)]
        assert covered == list(range(instrument.low, instrument.high + 1))
