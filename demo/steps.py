"""What people do in the sample programme, a step at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.contracts.scheduling import AppointmentKind
from common.contracts.vocabulary import Category, Choice


@dataclass(frozen=True, slots=True)
class Sharing:
    """The explicit choice of C2. Categories are named by whoever opts in."""

    choice: Choice
    categories: Sequence[Category] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A consultation request; the client's first one carries the choice."""

    at: datetime
    provider_id: UUID
    sharing: Sharing | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The provider accepts or declines the request before."""

    at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """An appointment of the request that was accepted."""

    at: datetime
    kind: AppointmentKind
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """The appointment scheduled last took place."""

    at: datetime
    held_on: date


@dataclass(frozen=True, slots=True)
class FillIn:
    """Answers of 0 to 3 in the instrument's order; None where one was left out."""

    at: datetime
    instrument: str
    scores: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Recommend:
    """How likely to recommend, 0 to 10 (A4)."""

    at: datetime
    score: int


Step = Ask | Answer | Schedule | Hold | FillIn | Recommend
