"""Answering, over HTTP: a whole form in one go, or what was sent, item by item, until it is handed in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, StrictInt

from assessments.instruments.catalogue import NAMES, newest
from assessments.instruments.rules import read_answers
from assessments.responses import usecases
from assessments.responses.rules import Answered, AssessmentResponse, Progress, SingleAnswers, Submission
from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.never_kept import FreeText, StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem

router = APIRouter(prefix="/v1", tags=["assessments"])
Caller = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
InCare = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER))]
"""Single answers are shown to nobody else."""
LinkId = Annotated[StructuredText, Field(max_length=20)]
AnswerCode = Annotated[StructuredText, Strict(), Field(max_length=20)]
InstrumentName = Annotated[StructuredText, Path(max_length=40)]
ItemName = Annotated[StructuredText, Path(max_length=20)]
Language = Annotated[StructuredText, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$", max_length=35)]
"""A BCP 47 tag; a language that there is no form in falls back to English."""


class ResponseIn(BaseModel):
    """Answers by item (its LOINC code): an answer code, a score, or null. An item that is left out was not answered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "client_id": "3d0f2b7a-52a5-4e3e-9a51-0b8a2f1c9d44",
                "instrument": "phq-9",
                "answers": {
                    "44250-9": "LA6569-3",
                    "44255-8": "LA6570-1",
                    "44259-0": 3,
                    "44254-1": 2,
                    "44251-7": 0,
                    "44258-2": 1,
                    "44252-5": None,
                    "44253-3": 0,
                    "44260-8": "LA6568-5",
                    "69722-7": "LA6573-5",
                },
            }
        },
    )

    client_id: UUID
    instrument: StructuredText = Field(max_length=40)
    answers: dict[LinkId, AnswerCode | StrictInt | None] = Field(max_length=50)
    language: Language = "en"
    """Of the wording that was answered."""


class AnswerIn(BaseModel):
    """An answer code, a score, a text where the item asks for one, or null: the answer is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"answer": "LA6569-3", "language": "es"}})

    answer: Annotated[FreeText, Strict(), Field(max_length=2000)] | StrictInt | None
    language: Language = "en"
    """Of the wording that is answered."""


class FormOut(BaseModel):
    """`instrument_version` and `language`: which wording the answers were given to."""

    instrument: str
    instrument_version: str
    language: str
    answers: dict[str, str]
    submitted: bool


class ProgressOut(BaseModel):
    """How far it is answered. The questions themselves: `GET /v1/instruments`."""

    assignment_id: UUID
    client_id: UUID
    state: str
    closes_at: AwareDatetime
    forms: list[FormOut]


def progress_out(found: Progress) -> ProgressOut:
    asked = found.assignment
    forms = [
        FormOut(
            instrument=form.instrument.name,
            instrument_version=form.instrument.version,
            language=form.instrument.language,
            answers=dict(form.answers),
            submitted=form.submitted,
        )
        for form in found.forms
    ]
    return ProgressOut(
        assignment_id=asked.assignment_id, client_id=asked.client_id, state=asked.state, closes_at=asked.closes_at, forms=forms
    )


@router.post(
    "/assessment-responses",
    status_code=201,
    operation_id="answerAssessment",
    responses=problems("not_found", "unknown_client", "unknown_instrument", "unknown_answer", "idempotency_key_reused"),
)
async def answer_assessment(db: Db, journal: TheJournal, caller: Caller, key: Key, body: ResponseIn, now: Now) -> AssessmentResponse:
    """A whole form, asked for or not. The answer is the score; `total_method` says whether it is complete, prorated or invalid. Where the
    client was sent the instrument and has not answered it, this is the answer to that. A provider answers on their client's behalf."""
    caller.own(Role.CLIENT, body.client_id)
    if body.instrument not in NAMES:
        raise Problem("unknown_instrument", "There is no such instrument.", field="instrument")
    instrument = newest(body.instrument, body.language)
    answered = Answered(body.client_id, instrument, read_answers(instrument, body.answers))
    return await usecases.answer_whole(db, journal, caller, key, answered, now)


@router.get("/assessment-responses", operation_id="listAssessmentResponses", responses=problems("not_found"))
async def list_assessment_responses(
    db: Db, caller: Caller, client_id: UUID, cursor: Cursor = None, limit: Limit = 100
) -> Page[AssessmentResponse]:
    """Scores of what is completed. Providers see those of the clients in their care, without satisfaction."""
    found = await usecases.list_responses(db, caller, client_id, after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.response_id)


@router.get("/assessment-responses/{response_id}", operation_id="readAssessmentResponse", responses=problems("not_found"))
async def read_assessment_response(db: Db, caller: InCare, response_id: UUID) -> SingleAnswers:
    """With its single answers, for the client and the provider in care."""
    return await usecases.read_response(db, caller, response_id)


@router.get("/assignments/{assignment_id}/answers", operation_id="readAnswers", responses=problems("not_found"))
async def read_answers_so_far(db: Db, caller: InCare, assignment_id: UUID, now: Now) -> ProgressOut:
    """What was saved so far, to go on with."""
    return progress_out(await usecases.progress_for(db, caller, assignment_id, now))


@router.put(
    "/assignments/{assignment_id}/answers/{instrument}/{link_id}",
    operation_id="saveAnswer",
    responses=problems("not_found", "unknown_answer", "assessment_closed", "already_submitted"),
)
async def save_answer(
    *,
    db: Db,
    journal: TheJournal,
    caller: InCare,
    assignment_id: UUID,
    instrument: InstrumentName,
    link_id: ItemName,
    body: AnswerIn,
    now: Now,
) -> ProgressOut:
    """Kept at once, and corrected or taken back until the form is handed in. A provider answers on their client's behalf."""
    by = usecases.answerer(caller)
    saved = await usecases.save_answer(db, journal, by, assignment_id, instrument, link_id, body.answer, body.language, now)
    return progress_out(usecases.as_seen_by(caller, saved))


@router.post(
    "/assignments/{assignment_id}/submission",
    status_code=201,
    operation_id="submitAnswers",
    responses=problems("not_found", "nothing_answered", "assessment_closed", "already_submitted", "idempotency_key_reused"),
)
async def submit_answers(db: Db, journal: TheJournal, caller: InCare, key: Key, assignment_id: UUID, now: Now) -> Submission:
    """Hands in all that was answered. What was left out stays unanswered: answering is the client's choice (A2)."""
    return await usecases.submit_once(db, journal, caller, key, assignment_id, now)
