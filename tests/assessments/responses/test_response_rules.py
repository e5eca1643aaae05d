"""What a response is made of: the last word on each item, whose it is, and what its total is by us."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.instruments.catalogue import newest
from assessments.instruments.rules import score
from assessments.responses import rules
from assessments.responses.rules import Draft, Imported
from assessments.responses.telling import events_of
from common.contracts.vocabulary import Programme
from common.problems import Problem
from tests.assessments.responses.people import CLIENT, CODES, HERSELF, ITEM_9, NOON, ON_BEHALF, PROVIDER, assignment

PHQ_9, GAD_7, SATISFACTION = (newest(name) for name in ("phq-9", "gad-7", "satisfaction"))
ITEMS = [item.link_id for item in PHQ_9.items if item.scored]
saves = st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from(CODES) | st.none(), st.sampled_from([HERSELF, ON_BEHALF])))


def begun(instrument: str = "phq-9") -> Draft:
    return rules.start(rules.asked_in(assignment()), newest(instrument), HERSELF, "form", NOON)


def imported(total: float | None = None, **more: object) -> Imported:
    made = Imported(CLIENT, PHQ_9, dict.fromkeys(ITEMS, CODES[1]), NOON - timedelta(days=3), "client", "their-id", total)
    return replace(made, **more)


@given(saves)
def test_the_last_answer_to_an_item_is_the_one_that_counts_and_none_takes_it_back(given_one_by_one: list[tuple]) -> None:
    draft, wanted = begun(), dict[str, str]()
    for link_id, code, by in given_one_by_one:
        draft = rules.save(draft, PHQ_9, link_id, code, by, "form", NOON)
        wanted.pop(link_id, None) if code is None else wanted.update({link_id: code})
    assert draft.answers == wanted


@given(saves)
def test_what_a_provider_had_a_part_in_stays_recorded_as_theirs(given_one_by_one: list[tuple]) -> None:
    draft = begun()
    for link_id, code, by in given_one_by_one:
        draft = rules.save(draft, PHQ_9, link_id, code, by, "form", NOON)
    helped = any(by is ON_BEHALF for _, _, by in given_one_by_one)
    assert (draft.answered_by, draft.answered_by_id) == (("provider", PROVIDER) if helped else ("client", CLIENT))


def test_A2_nothing_at_all_is_no_submission_and_what_is_left_out_stays_unanswered() -> None:
    empty, answered = begun(), rules.save(begun("gad-7"), GAD_7, "69725-0", CODES[0], HERSELF, "form", NOON)
    for nothing in ([], [empty]):
        with pytest.raises(Problem, match="nothing_answered"):
            rules.handed_in(nothing, HERSELF, "form")
    assert rules.handed_in([empty, answered], HERSELF, "form") == [answered]
    before = rules.complete(answered, NOON)
    assert rules.handed_in([empty, before], HERSELF, "form") == [], "who leaves the rest out has nothing more to hand in, and is done"


def test_a_provider_hands_in_no_satisfaction_of_the_clients() -> None:
    words = rules.save(begun("satisfaction"), SATISFACTION, "recommend", "3", HERSELF, "form", NOON)
    scores = rules.save(begun(), PHQ_9, ITEMS[0], CODES[0], HERSELF, "form", NOON)
    assert rules.handed_in([words, scores], ON_BEHALF, "portal") == [replace(scores, source="portal")]
    with pytest.raises(Problem, match="nothing_answered"):
        rules.handed_in([words], ON_BEHALF, "portal")


@given(st.dictionaries(st.sampled_from(ITEMS), st.sampled_from(CODES)))
def test_item_9_above_0_asks_for_a_look_and_a_missing_one_says_nothing(answers: dict[str, str]) -> None:
    assert rules.flagged(PHQ_9, answers) == (ITEM_9 if answers.get(ITEM_9) in CODES[1:] else None)


@pytest.mark.parametrize(("stated", "differs"), [(9.0, False), (None, False), (8.0, True), (9.5, True)])
def test_a_stated_total_is_kept_beside_ours_and_never_trusted(stated: float | None, *, differs: bool) -> None:
    draft = rules.imported_as(imported(stated), Programme.CARE_CONNECT, uuid4(), NOON)
    shown = rules.shown(draft, score(PHQ_9, draft.answers))
    assert (shown.total, shown.stated_total, shown.stated_total_differs) == (9, stated, differs)


def test_a_total_stated_where_ours_is_invalid_differs() -> None:
    draft = rules.imported_as(imported(0.0, answers={}), Programme.CARE_CONNECT, uuid4(), NOON)
    assert rules.shown(draft, score(PHQ_9, {})).stated_total_differs


def test_nothing_is_imported_that_was_authored_in_the_future() -> None:
    with pytest.raises(Problem, match="fhir_refused"):
        rules.imported_as(imported(authored_at=NOON + timedelta(seconds=1)), Programme.CARE_CONNECT, uuid4(), NOON)
    draft = rules.imported_as(imported(authored_at=NOON), Programme.CARE_CONNECT, uuid4(), NOON)
    assert (draft.completed_at, draft.source) == (NOON, "fhir")


def test_what_was_imported_says_something_about_now_for_the_two_weeks_that_it_asks_about() -> None:
    assert rules.is_recent(imported(authored_at=NOON - timedelta(days=14)), NOON)
    assert not rules.is_recent(imported(authored_at=NOON - timedelta(days=14, seconds=1)), NOON)


def test_C13_an_event_holds_no_single_answer_and_no_comment() -> None:
    draft = rules.save(begun("satisfaction"), SATISFACTION, "recommend", "3", HERSELF, "form", NOON)
    draft = rules.save(draft, SATISFACTION, "comment", "Dr. Reed was late", HERSELF, "form", NOON)
    [told] = events_of(rules.shown(rules.complete(draft, NOON), score(SATISFACTION, draft.answers)))
    assert "Reed" not in told.to_json()
    whole = rules.given(begun(), PHQ_9, dict.fromkeys(ITEMS, CODES[3]), HERSELF, "form", NOON)
    [told] = events_of(rules.shown(rules.complete(whole, NOON), score(PHQ_9, whole.answers)))
    assert not any(code in told.to_json() for code in (*CODES, *ITEMS))


def test_C13_a_comment_is_masked_whatever_way_it_comes_in() -> None:
    assert rules.read(SATISFACTION, "comment", " My SSN is 219-09-9999. ") == "My SSN is ***-**-****."
    assert rules.read(SATISFACTION, "comment", "  ") is None, "blanks are no answer"
    assert rules.read(SATISFACTION, "recommend", 10) == "10"
    for link_id, answer in (("recommend", 11), ("recommend", "219-09-9999"), ("other", 1)):
        with pytest.raises(Problem, match="unknown_answer"):
            rules.read(SATISFACTION, link_id, answer)


def test_A4_a_comment_without_a_score_counts_nowhere() -> None:
    draft = rules.save(begun("satisfaction"), SATISFACTION, "comment", "Nothing to say", HERSELF, "form", NOON)
    assert events_of(rules.shown(rules.complete(draft, NOON), score(SATISFACTION, draft.answers))) == []
