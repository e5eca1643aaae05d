"""An assignment: instruments that a client is asked to answer, once. Pure."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import Programme


class AssignmentState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    COMPLETED = "completed"
    EXPIRED = "expired"
    """Sent, and not answered in time."""
    CANCELLED = "cancelled"
    """Not sent: what it was for is no more. It is queued again where that comes back."""
    NOT_SENT = "not_sent"
    """Due, and not sent in its window. Each of these is an exception."""


class Assignment(BaseModel):
    """One sending of one schedule to one client. `closes_at`: until when it can be answered."""

    model_config = ConfigDict(frozen=True)

    assignment_id: UUID
    client_id: UUID
    episode_id: UUID
    programme: Programme
    schedule: str
    schedule_version: int
    instruments: tuple[str, ...]
    visit_id: UUID | None
    """The appointment that it is to be sent before."""
    state: AssignmentState
    send_at: datetime
    due_at: datetime
    """By when it must have been sent: the rule's own limit."""
    closes_at: datetime
    sent_at: datetime | None = None
    closed_at: datetime | None = None
    """When it was completed, expired, or called off."""

    @property
    def is_open(self) -> bool:
        return self.state is AssignmentState.SENT
