"""The questions in their order, and what a form's pages are proved by: pure."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from assessments.instruments.catalogue import NAMES, find, newest
from assessments.instruments.rules import Instrument
from assessments.pages.proofs import browser_proof, form_proof, holds
from assessments.pages.questions import answered, first_open, minutes, questions_of
from assessments.responses.rules import Form

KEY = "a key of the tests"


def spanish(instrument: Instrument) -> Instrument:
    return find(instrument.name, instrument.version, "es")


@st.composite
def forms(draw: st.DrawFn) -> Sequence[Form]:
    """Answered in part, and some of them submitted."""
    made = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        items = newest(name).items
        choices = {item.link_id: st.sampled_from([choice.code for choice in item.choices] or ["Well."]) for item in items}
        made.append(Form(newest(name), draw(st.fixed_dictionaries({}, optional=choices)), draw(st.booleans())))
    return made


@given(forms())
def test_every_question_that_is_not_submitted_is_asked_once_in_order(asked: Sequence[Form]) -> None:
    questions = questions_of(asked, spanish)
    assert [question.number for question in questions] == list(range(1, len(questions) + 1))
    wanted = [f"{form.instrument.name}/{item.link_id}" for form in asked if not form.submitted for item in form.instrument.items]
    assert [question.place for question in questions] == wanted
    assert {question.instrument.language for question in questions} <= {"es"}


@given(forms())
def test_who_comes_back_goes_on_at_the_first_question_without_an_answer(asked: Sequence[Form]) -> None:
    questions = questions_of(asked, spanish)
    assert answered(questions) == sum(len(form.answers) for form in asked if not form.submitted)
    found = first_open(questions)
    before = questions if found is None else questions[: found.number - 1]
    assert all(question.answer is not None for question in before)
    assert found is None or found.answer is None


@given(forms())
def test_answers_are_said_in_the_words_of_the_page(asked: Sequence[Form]) -> None:
    for question in questions_of(asked, spanish):
        texts = {choice.code: choice.text for choice in spanish(question.instrument).items[0].choices}
        if question.answer in texts:
            assert question.said == texts[question.answer]
        assert (question.said is None) == (question.answer is None)


def test_the_time_it_takes_is_rounded_up() -> None:
    questions = questions_of([Form(newest("phq-9"), {}, False), Form(newest("gad-7"), {}, False)], spanish)
    assert [minutes(questions[:length]) for length in (1, 4, 5, 18)] == [1, 1, 2, 5]


@given(st.uuids(), st.uuids())
def test_a_proof_proves_one_thing_of_one_form(one: UUID, other: UUID) -> None:
    assert holds(form_proof(KEY, one), form_proof(KEY, one))
    assert not holds(form_proof(KEY, one), browser_proof(KEY, one))
    assert not holds(form_proof(KEY, one), form_proof("another key", one))
    assert not holds(browser_proof(KEY, one), "é")
    if one != other:
        assert not holds(browser_proof(KEY, one), browser_proof(KEY, other))
