"""A deadline as it is recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID, uuid5

NAMESPACE = UUID("5f0c6f43-6d0e-5c1f-9a38-6a1d3b1d7d5a")


class State(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One generation of one clock. A moved anchor is a new generation with an id of its own."""

    deadline_id: UUID
    policy_code: str
    policy_version: int
    subject: UUID
    """What it is about: a request, an appointment, an episode."""
    about: UUID
    """Whom it is about: the client, the subject of its events."""
    calendar_code: str | None
    """None where the policy counts no business days."""
    calendar_version: int | None
    zone: str
    generation: int
    anchor_at: datetime
    due_at: datetime | None
    """None while it is paused."""
    next_fire_at: datetime | None
    """When the sweep has something to do: the next rung, or the breach."""
    next_rung: int
    pauses: tuple[datetime, ...]
    """Paused, resumed, paused, …: an odd number while it is paused. What was consumed follows from them, in whichever unit."""
    state: State
    closed_at: datetime | None
    missed_at: datetime | None

    @property
    def spells(self) -> list[tuple[datetime, datetime]]:
        """The pauses that are over. A clock that has not begun to run cannot stand still, so nothing before the anchor counts."""
        moments = [max(at, self.anchor_at) for at in self.pauses]
        return [spell for n, spell in enumerate(pairwise(moments)) if n % 2 == 0]

    @property
    def stood(self) -> timedelta:
        return sum((until - begin for begin, until in self.spells), timedelta(0))

    @property
    def running_since(self) -> datetime | None:
        """The anchor or the last resumption; None while it is paused."""
        return None if len(self.pauses) % 2 else max((self.anchor_at, *self.pauses[-1:]))

    @property
    def consumed(self) -> timedelta:
        """Of the budget, in real time, up to the last pause or resumption."""
        return max((self.anchor_at, *self.pauses[-1:])) - self.anchor_at - self.stood

    def event_id(self, key: str) -> UUID:
        """The same whoever fires it, and however often it is tried."""
        return uuid5(NAMESPACE, f"{self.deadline_id} {self.generation} {key}")
