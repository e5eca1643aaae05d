"""The form that a link opens: one question a page, saved at each answer, left and gone on with at will (A2). It needs no script.

Looking changes nothing: mail scanners follow links. What is posted must come from a page of the same link.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from assessments.assignments.rules import AssignmentState
from assessments.instruments.rules import flags_on_saving, read_answer
from assessments.pages.opened import Opened
from assessments.pages.opening import PROOF, Answering, AsItStands, Name, ToAnswer
from assessments.pages.questions import Question, answered, first_open, minutes
from assessments.pages.site import FORMS
from assessments.responses import usecases
from assessments.responses.rules import SATISFACTION
from common.auth import anyone
from common.edge import TheJournal
from common.journal import Journal
from common.never_kept import FreeText, StructuredText
from common.pages.errors import PageRoute
from common.pages.language import LANGUAGES
from common.problems import Problem

router = APIRouter(prefix=f"{FORMS}/{{token}}", route_class=PageRoute, include_in_schema=False, dependencies=[anyone])
SAFETY = "safety"
LONGEST = 8000
"""Characters of what is posted; the instrument says how long a text may be."""


class AnswerIn(BaseModel):
    """One answer: the code of a choice, or a text."""

    model_config = ConfigDict(extra="forbid")

    answer: Annotated[FreeText, Field(max_length=LONGEST)] = ""
    take_back: Literal["yes"] | None = None
    form_proof: StructuredText = Field(max_length=64)


class SubmitIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    form_proof: StructuredText = Field(max_length=64)


assert PROOF in AnswerIn.model_fields, "checked before the form is read"


@router.get("")
async def introduce(opened: ToAnswer) -> Response:
    """In the client's language, where the link names none."""
    known = opened.client.language
    if "lang" not in opened.request.query_params and known in LANGUAGES and known != opened.t.language:
        return opened.to(f"{opened.home}?lang={known}")
    names = {question.instrument.name for question in opened.questions}
    return opened.page(
        "intro.html",
        titles=list(dict.fromkeys(question.instrument.title for question in opened.questions)),
        clinical=_is_clinical(names),
        satisfaction=SATISFACTION in names,
        minutes=minutes(opened.questions),
        answered=answered(opened.questions),
        go_on=opened.url_of(first_open(opened.questions)),
    )


@router.get("/questions/{instrument}/{link_id}")
async def ask(opened: ToAnswer, instrument: Name, link_id: Name) -> Response:
    return _question(opened, opened.question(instrument, link_id))


@router.post("/questions/{instrument}/{link_id}")
async def answer(opened: Answering, journal: TheJournal, instrument: Name, link_id: Name, form: Annotated[AnswerIn, Form()]) -> Response:
    """Saved at once. The first browser that answers is the one that sees the answers."""
    question, given = opened.question(instrument, link_id), form.answer.strip() or None
    if given is None and not _takes_back(opened, question, form):
        return opened.to(opened.behind(question))
    try:
        await _save(opened, journal, question, given)
    except Problem as problem:
        if problem.code != "invalid_request":
            raise
        return _question(opened, question, "error.text_too_long", problem.status, text=form.answer)
    response = opened.to(opened.url_with("help", question) if _worries(question, given) else opened.behind(question))
    return opened.remember(response) if given and opened.untouched else response


def _takes_back(opened: Opened, question: Question, form: AnswerIn) -> bool:
    """An empty text takes back one that was shown; of one that was not shown it says nothing."""
    cleared = question.item.kind == "text" and opened.sees_answers
    return question.answer is not None and (form.take_back is not None or cleared)


async def _save(opened: Opened, journal: Journal, question: Question, given: str | None) -> None:
    name, item, assignment_id = question.instrument.name, question.item.link_id, opened.assignment.assignment_id
    language, now = opened.t.language, opened.now
    await usecases.save_answer(opened.db, journal, opened.by, assignment_id, name, item, given, language, now, "form")


def _worries(question: Question, given: str | None) -> bool:
    if given is None:
        return False
    return SAFETY in flags_on_saving(question.instrument, question.item.link_id, read_answer(question.item, given))


@router.get("/help/{instrument}/{link_id}")
async def offer_help(opened: ToAnswer, instrument: Name, link_id: Name) -> Response:
    """After an answer that worries. It says nothing of the answer, and its address no more than it must."""
    return opened.page("help.html", go_on=opened.behind(opened.question(instrument, link_id)))


@router.get("/review")
async def review(opened: ToAnswer) -> Response:
    return _review(opened)


@router.post("/review")
async def submit(opened: Answering, journal: TheJournal, _form: Annotated[SubmitIn, Form()]) -> Response:
    try:
        await usecases.submit(opened.db, journal, opened.by, opened.assignment.assignment_id, opened.t.language, opened.now, "form")
    except Problem as problem:
        if problem.code != "nothing_answered":
            raise
        return _review(opened, "error.nothing_answered", problem.status)
    return opened.to(opened.url("thanks"))


@router.get("/thanks")
async def thank(opened: AsItStands) -> Response:
    """Says no more than that it was sent."""
    if opened.assignment.state is not AssignmentState.COMPLETED:
        return opened.to(opened.url())
    return opened.page("thanks.html", clinical=_is_clinical(opened.assignment.instruments))


def _is_clinical(instruments: Iterable[str]) -> bool:
    return any(name != SATISFACTION for name in instruments)


def _question(opened: Opened, question: Question, message: str | None = None, status: int = 200, text: str | None = None) -> Response:
    shown = question.answer if opened.sees_answers else None
    return opened.page(
        "question.html",
        status,
        question=question,
        shown=shown,
        text=text if text is not None else shown or "",
        message=message,
        back=opened.before(question),
        skip=opened.behind(question),
    )


def _review(opened: Opened, message: str | None = None, status: int = 200) -> Response:
    return opened.page("review.html", status, answered=answered(opened.questions), message=message)
