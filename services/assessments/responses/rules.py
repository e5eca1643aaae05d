"""A response to an instrument: the answers, and the score that follows from them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from assessments.instruments.rules import Instrument, Score, TotalMethod
from common.contracts.assessments import AssessmentCompleted
from common.contracts.vocabulary import Programme


class AssessmentResponse(BaseModel):
    """What is shown of a response: its score. The answers are kept and neither shown here nor published."""

    model_config = ConfigDict(frozen=True)

    response_id: UUID
    client_id: UUID
    instrument: Literal["phq-9", "gad-7"]
    answered: int
    raw_sum: int
    total: int | None
    total_method: TotalMethod
    severity: str | None
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers as they came in, read by the instrument: answer code by item."""

    response_id: UUID
    client_id: UUID
    instrument: Instrument
    answers: dict[str, str]


def complete(answered: Answered, score: Score, now: datetime) -> AssessmentResponse:
    return AssessmentResponse(
        response_id=answered.response_id,
        client_id=answered.client_id,
        instrument=answered.instrument.name,
        answered=score.answered,
        raw_sum=score.raw_sum,
        total=score.total,
        total_method=score.total_method,
        severity=score.severity,
        completed_at=now,
    )


def completed(response: AssessmentResponse, programme: Programme) -> AssessmentCompleted:
    """The score goes on the bus; single answers never do."""
    return AssessmentCompleted(
        occurred_at=response.completed_at,
        client_id=response.client_id,
        response_id=response.response_id,
        programme=programme,
        instrument=response.instrument,
        total=response.total,
        total_method=response.total_method,
        severity=response.severity,
        answered=response.answered,
    )
