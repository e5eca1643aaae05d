"""All that is known of one client, as the tables of facts have it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Client:
    client_id: UUID
    plan_id: UUID
    employer_id: UUID
    programme: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Episode:
    """Each moment is absent until it came. `_seconds` and `_days` (business days) are counted from `sought_at`."""

    episode_id: UUID
    employer_id: UUID
    programme: str
    sought_at: datetime | None = None
    served: bool | None = None
    scheduled_seconds: int | None = None
    scheduled_days: int | None = None
    consulted_seconds: int | None = None
    consulted_days: int | None = None
    first_session_seconds: int | None = None
    first_session_days: int | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    request_id: UUID
    episode_id: UUID | None
    provider_id: UUID
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session, or a consultation, that was held."""

    appointment_id: UUID
    request_id: UUID
    provider_id: UUID
    kind: str
    held_on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """None: not measurable."""

    episode_id: UUID
    elevated: bool | None
    improved: bool | None
    deteriorated: bool | None
    recovered: bool | None
    baseline_ids: Sequence[UUID]
    follow_up_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Score:
    response_id: UUID
    instrument: str
    total: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """How likely to recommend (A4). Without `asked_at` it was answered unasked, without `answered_at` not answered."""

    asked_id: UUID
    episode_id: UUID | None
    programme: str
    asked_at: datetime | None
    answered_at: datetime | None
    score: int | None


@dataclass(frozen=True, slots=True)
class Known:
    client: Client
    episodes: Sequence[Episode] = ()
    requests: Sequence[Request] = ()
    sessions: Sequence[Session] = ()
    outcomes: Sequence[Outcome] = ()
    scores: Sequence[Score] = ()
    asked: Sequence[Asked] = ()
