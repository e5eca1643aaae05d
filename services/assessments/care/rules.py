"""What this service knows of a client's care: episodes and their visits, as scheduling tells them. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from common.contracts.vocabulary import Programme

VisitState = Literal["scheduled", "held", "cancelled", "missed"]


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment: a consultation is a short first call, a session a full-length one."""

    visit_id: UUID
    provider_id: UUID
    kind: Literal["consultation", "session"]
    state: VisitState
    booked_at: datetime
    starts_at: datetime
    held_on: date | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One course of care, from seeking it on. Visits in the order of their start."""

    episode_id: UUID
    client_id: UUID
    programme: Programme
    visits: tuple[Visit, ...]

    @property
    def first_session_on(self) -> date | None:
        """The client's local day."""
        return min((v.held_on for v in self.visits if v.kind == "session" and v.state == "held" and v.held_on), default=None)

    @property
    def sessions_held(self) -> int:
        return sum(v.kind == "session" and v.state == "held" for v in self.visits)
