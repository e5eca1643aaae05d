"""Facts that the assessments service publishes: scores, never single answers."""

from typing import ClassVar, Literal
from uuid import UUID

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Programme


class AssessmentCompleted(ClientEvent):
    """`total` is absent where the answers did not allow one (`total_method` says why)."""

    type: ClassVar[str] = "assessments.assessment_completed.v1"
    response_id: UUID
    programme: Programme
    instrument: Literal["phq-9", "gad-7"]
    total: int | None
    total_method: Literal["complete", "prorated", "invalid"]
    severity: str | None
    answered: int


class SatisfactionAnswered(ClientEvent):
    """A4: how likely to recommend, 0 to 10."""

    type: ClassVar[str] = "assessments.satisfaction_answered.v1"
    response_id: UUID
    programme: Programme
    score: int
