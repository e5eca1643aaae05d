"""What follows from a decision besides the new state: facts to publish, deadlines that run or stop, people to tell. Pure.

A rule answers `Consequences`; one function (`service_levels.usecases.carry_out`) makes them true, in the transaction of the decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.contracts.event import Event
from scheduling.notifications.rules import Notice

PROVIDER_RESPONSE = "provider_response"
ALTERNATIVES_OFFERED = "alternatives_offered"
CONSULTATION_SCHEDULED = "consultation_scheduled"
PROPOSAL_ANSWERED = "proposal_answered"
FIRST_SESSION = "first_session"
APPOINTMENT_OUTCOME = "appointment_outcome"

RULES: Mapping[str, str] = {
    PROVIDER_RESPONSE: "S7",
    ALTERNATIVES_OFFERED: "S11",
    CONSULTATION_SCHEDULED: "S8",
    PROPOSAL_ANSWERED: "S8",
    FIRST_SESSION: "S9",
    APPOINTMENT_OUTCOME: "S6",
}
"""Which rule of the programme a policy keeps."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A deadline runs from now on. One that runs already moves to the new anchor."""

    policy: str
    subject: UUID
    anchor_at: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """What the deadline waits for has happened; whether in time is judged by when."""

    policy: str
    subject: UUID
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Cancel:
    """There is nothing to wait for any more. No policy named: all of the subject's."""

    subject: UUID
    reason: str
    policies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    policy: str
    subject: UUID
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    policy: str
    subject: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """Whose deadlines they are, and by which days they are counted."""

    client_id: UUID
    zone: str
    calendar: str


@dataclass(frozen=True, slots=True)
class Consequences:
    """In their order."""

    events: tuple[Event, ...] = ()
    deadlines: tuple[Arm | Stop | Cancel | Pause | Resume, ...] = ()
    notices: tuple[Notice, ...] = ()

    def __add__(self, other: "Consequences") -> "Consequences":
        return Consequences(self.events + other.events, self.deadlines + other.deadlines, self.notices + other.notices)
