"""Facts that the assessments service publishes: scores, never single answers."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Programme

AnsweredBy = Literal["client", "provider"]
"""Who filled it in: the client, or the provider on the client's behalf."""


class _OfAssignment(ClientEvent):
    assignment_id: UUID
    episode_id: UUID
    programme: Programme
    schedule: str
    instruments: tuple[str, ...]


class AssessmentSent(_OfAssignment):
    """A1, A3, A4: the client was sent these instruments. Once for each assignment; reminders are not told."""

    type: ClassVar[str] = "assessments.assessment_sent.v1"
    schedule_version: int
    closes_at: AwareDatetime


class AssessmentExpired(_OfAssignment):
    """It was sent, and can no longer be answered. Answering is the client's choice (A2); response rates need to know."""

    type: ClassVar[str] = "assessments.assessment_expired.v1"


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
    instrument_version: str = "1"
    assignment_id: UUID | None = None
    """Absent where it was answered unasked."""
    episode_id: UUID | None = None
    answered_by: AnsweredBy = "client"


class BaselineElevated(ClientEvent):
    """A3: the client gets the follow-up. Which score, by which rule set."""

    type: ClassVar[str] = "assessments.baseline_elevated.v1"
    episode_id: UUID
    response_id: UUID
    programme: Programme
    instrument: Literal["phq-9", "gad-7"]
    rule_set: str
    rule_set_version: int


class SatisfactionAnswered(ClientEvent):
    """A4: how likely to recommend, 0 to 10."""

    type: ClassVar[str] = "assessments.satisfaction_answered.v1"
    response_id: UUID
    programme: Programme
    score: int
    assignment_id: UUID | None = None
    episode_id: UUID | None = None


class SafetyFlagRaised(ClientEvent):
    """An answer asks for a clinician's look. Not which answer it was; the item is its LOINC code."""

    type: ClassVar[str] = "assessments.safety_flag_raised.v1"
    flag_id: UUID
    response_id: UUID
    programme: Programme
    instrument: Literal["phq-9", "gad-7"]
    item: str
    provider_id: UUID | None
    """Whom it was told to; absent where the client has no provider yet, and the clinical team was told."""


class SafetyFlagEscalated(ClientEvent):
    """Nobody has acknowledged it in time: the clinical team was told."""

    type: ClassVar[str] = "assessments.safety_flag_escalated.v1"
    flag_id: UUID
    raised_at: AwareDatetime


class SafetyFlagAcknowledged(ClientEvent):
    type: ClassVar[str] = "assessments.safety_flag_acknowledged.v1"
    flag_id: UUID
    by: Literal["provider", "clinical_team"]
    raised_at: AwareDatetime


class Measured(BaseModel):
    """One measure of a rule set. `value` is absent where it cannot be measured, and `reason` says why."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    measure: str
    value: bool | None
    reason: str = ""


class OutcomeMeasured(ClientEvent):
    """What a rule set says of an episode, as far as is known. A later one about the same episode and rule set replaces it."""

    type: ClassVar[str] = "assessments.outcome_measured.v1"
    episode_id: UUID
    programme: Programme
    rule_set: str
    rule_set_version: int
    measures: tuple[Measured, ...]
    baseline_response_ids: tuple[UUID, ...]
    follow_up_response_ids: tuple[UUID, ...]
    baseline_severity: str | None = None
