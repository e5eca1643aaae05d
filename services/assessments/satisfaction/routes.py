"""Satisfaction over HTTP (A4)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from assessments.instruments.catalogue import newest
from assessments.instruments.rules import read_answers
from assessments.responses.rules import SATISFACTION, Answered
from assessments.satisfaction import usecases
from assessments.satisfaction.rules import SatisfactionResponse, answers
from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.never_kept import FreeText

router = APIRouter(prefix="/v1/satisfaction-responses", tags=["satisfaction"])
Caller = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]


class SatisfactionIn(BaseModel):
    """How likely are you to recommend the network's services to a friend or colleague?"""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"client_id": "3d0f2b7a-52a5-4e3e-9a51-0b8a2f1c9d44", "score": 9}}
    )

    client_id: UUID
    score: int = Field(ge=0, le=10, strict=True)
    comment: FreeText | None = Field(default=None, max_length=2000)


@router.post(
    "",
    status_code=201,
    operation_id="answerSatisfaction",
    responses=problems("not_found", "unknown_client", "idempotency_key_reused"),
)
async def answer_satisfaction(
    db: Db, journal: TheJournal, caller: Caller, key: Key, body: SatisfactionIn, now: Now
) -> SatisfactionResponse:
    caller.own(Role.CLIENT, body.client_id)
    instrument = newest(SATISFACTION)
    answered = Answered(body.client_id, instrument, read_answers(instrument, answers(body.score, body.comment)))
    return await usecases.answer_satisfaction(db, journal, caller, key, answered, body.score, now)
