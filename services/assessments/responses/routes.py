"""Answering an instrument, over HTTP."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, Strict, StrictInt

from assessments.instruments.definitions import INSTRUMENTS
from assessments.instruments.rules import read_answers
from assessments.responses import usecases
from assessments.responses.rules import Answered, AssessmentResponse
from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem

router = APIRouter(prefix="/v1/assessment-responses", tags=["assessments"])
Caller = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]
LinkId = Annotated[StructuredText, Field(max_length=20)]
AnswerCode = Annotated[StructuredText, Strict(), Field(max_length=20)]


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


@router.post(
    "",
    status_code=201,
    operation_id="answerAssessment",
    responses=problems("not_found", "unknown_client", "unknown_instrument", "unknown_answer", "idempotency_key_reused"),
)
async def answer_assessment(db: Db, journal: TheJournal, caller: Caller, key: Key, body: ResponseIn, now: Now) -> AssessmentResponse:
    """The answer is the score; `total_method` says whether it is complete, prorated or invalid."""
    caller.own(Role.CLIENT, body.client_id)
    instrument = INSTRUMENTS.get(body.instrument)
    if instrument is None:
        raise Problem("unknown_instrument", "There is no such instrument.", field="instrument")
    answered = Answered(uuid4(), body.client_id, instrument, read_answers(instrument, body.answers))
    return await usecases.answer_assessment(db, journal, caller, key, answered, now)


@router.get("", operation_id="listAssessmentResponses", responses=problems("not_found"))
async def list_assessment_responses(
    db: Db, caller: Caller, client_id: UUID, cursor: Cursor = None, limit: Limit = 100
) -> Page[AssessmentResponse]:
    """Scores; single answers are part of an access request (C10)."""
    caller.own(Role.CLIENT, client_id)
    found = await usecases.list_responses(db, client_id, after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.response_id)
