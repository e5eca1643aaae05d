"""The questions of a form, one a page, in their order. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assessments.instruments.rules import Instrument, Item
from assessments.responses.rules import Form

SECONDS = 15
"""What a question takes, roughly."""


@dataclass(frozen=True, slots=True)
class Question:
    """`answer`: a code, or a text. None: not answered."""

    number: int
    instrument: Instrument
    item: Item
    answer: str | None

    @property
    def place(self) -> str:
        """In the path: it stays the same question whatever is published meanwhile."""
        return f"{self.instrument.name}/{self.item.link_id}"

    @property
    def said(self) -> str | None:
        """The answer as people read it."""
        return next((choice.text for choice in self.item.choices if choice.code == self.answer), self.answer)


def questions_of(forms: Sequence[Form], wording: Callable[[Instrument], Instrument]) -> tuple[Question, ...]:
    """Those of what is not submitted yet, in the words of the page's language."""
    asked = [(form, wording(form.instrument)) for form in forms if not form.submitted]
    every = [(form, instrument, item) for form, instrument in asked for item in instrument.items]
    return tuple(
        Question(number, instrument, item, form.answers.get(item.link_id)) for number, (form, instrument, item) in enumerate(every, start=1)
    )


def first_open(questions: Sequence[Question]) -> Question | None:
    return next((question for question in questions if question.answer is None), None)


def answered(questions: Sequence[Question]) -> int:
    return sum(question.answer is not None for question in questions)


def minutes(questions: Sequence[Question]) -> int:
    """Rounded up: who has less time than that is told so before, not after."""
    return -(-len(questions) * SECONDS // 60)
