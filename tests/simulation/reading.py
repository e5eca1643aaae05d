"""What is known of a client's care after so many of scheduling's events: this run's own reading of the rules, for the checker.

It shares nothing with the service but the shipped schedules' numbers.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from common.contracts import scheduling as facts
from common.contracts.event import ClientEvent

SHIPPED = Path(__file__).parents[2] / "services/assessments/schedules/shipped"
NUMBERS: dict[str, dict[str, Any]] = {found["code"]: found for found in (json.loads(f.read_text()) for f in SHIPPED.glob("*.v1.json"))}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Meeting:
    episode: UUID
    kind: str
    booked: datetime
    starts: datetime
    state: str = "stands"
    held_on: date | None = None


@dataclass(slots=True)
class Known:
    """Of one client."""

    meetings: dict[UUID, Meeting] = field(default_factory=dict)
    episodes: dict[UUID, UUID] = field(default_factory=dict)
    """By request."""
    care: dict[UUID, bool] = field(default_factory=dict)
    """By request: whether it is in care."""

    def after(self, event: ClientEvent) -> "Known":
        known = Known(dict(self.meetings), dict(self.episodes), dict(self.care))
        match event:
            case facts.ConsultationRequested():
                known.episodes[event.request_id] = event.episode_id or event.request_id
            case facts.RequestAccepted():
                known.care[event.request_id] = True
            case facts.RequestDeclined() | facts.CareEnded():
                known.care[event.request_id] = False
            case facts.AppointmentScheduled():
                known.care[event.request_id] = True
                meeting = Meeting(self.episodes[event.request_id], event.kind, event.occurred_at, event.starts_at)
                known.meetings[event.appointment_id] = meeting
            case facts.AppointmentMoved():
                known._change(event.appointment_id, starts=event.starts_at, state="stands")
            case facts.AppointmentCancelled() | facts.AppointmentMissed():
                known._change(event.appointment_id, state="off")
            case facts.AppointmentHeld():
                known._change(event.appointment_id, state="held", held_on=event.held_on)
        return known

    def _change(self, appointment: UUID, **changes: Any) -> None:
        self.meetings[appointment] = replace(self.meetings[appointment], **changes)

    @property
    def in_care(self) -> bool:
        return any(self.care.values())

    def of(self, episode: UUID) -> list[Meeting]:
        return [meeting for meeting in self.meetings.values() if meeting.episode == episode]

    def first_session(self, episode: UUID) -> Meeting | None:
        held = [meeting for meeting in self.of(episode) if meeting.kind == "session" and meeting.held_on]
        return min(held, key=lambda meeting: meeting.held_on or date.max, default=None)

    def ahead(self, episode: UUID, at: datetime) -> list[Meeting]:
        """What stands and has not begun, where no session was held yet. What is told after the fact was never ahead."""
        if self.first_session(episode):
            return []
        return [meeting for meeting in self.of(episode) if meeting.state == "stands" and max(at, meeting.booked) < meeting.starts]


@dataclass(frozen=True, slots=True)
class Span:
    """From when it may be sent, and until when it is of any use; `due`: by when the rule wants it."""

    opens: datetime
    due: datetime
    ends: datetime


def first_span(known: Known, episode: UUID, at: datetime) -> Span | None:
    """A1: within 48 hours of booking, and before the first visit."""
    ahead, terms = known.ahead(episode, at), NUMBERS["first_assessments"]["before_visit"]
    if not ahead:
        return None
    booked, starts = min(meeting.booked for meeting in ahead), min(meeting.starts for meeting in ahead)
    opens = max(booked, min(booked + terms["after_hours"] * HOUR, starts - terms["before_hours"] * HOUR))
    return Span(opens, min(booked + terms["due_after_hours"] * HOUR, starts), starts)


def days_span(schedule: str, first: date, zone: str, baseline_on: date | None = None) -> Span | None:
    """A3, A4: days of the client's after the first session; not too soon after the baseline."""
    terms = NUMBERS[schedule]["after_session"]
    sent_on = first + timedelta(days=terms["send_day"])
    if baseline_on:
        sent_on = max(sent_on, baseline_on + timedelta(days=terms.get("after_baseline_days", 0)))
    ends = local(first + timedelta(days=terms["due_day"] + 1), 0, zone)
    opens = local(sent_on, terms["local_hour"], zone)
    return Span(opens, ends, ends) if opens < ends else None


def local(day: date, hour: int, zone: str) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Score:
    """A completed response, as assessments has told it."""

    at: datetime
    instrument: str
    episode: UUID | None
    assignment: UUID | None
    total: int | None
    complete: bool


def baseline(known: Known, episode: UUID, scores: Iterable[Score], zone: str) -> Score | None:
    """A3: what is elevated on either, of the last complete scores up to the day of the first session or 24 hours after its start;
    where there is none that is complete, of the last prorated one."""
    session = known.first_session(episode)
    own = [score for score in scores if score.total is not None and _episode_of(score, known) == episode]
    if session:
        until = max(local((session.held_on or date.min) + DAY, 0, zone) - timedelta.resolution, session.starts + 24 * HOUR)
        own = [score for score in own if score.at <= until]
    for instrument in ("phq-9", "gad-7"):
        on_it = sorted((s for s in own if s.instrument == instrument), key=lambda score: (score.complete, score.at))
        if on_it and (on_it[-1].total or 0) >= 10:
            return on_it[-1]
    return None


def _episode_of(score: Score, known: Known) -> UUID | None:
    if score.episode:
        return score.episode
    began: dict[UUID, datetime] = {}
    for meeting in known.meetings.values():
        began[meeting.episode] = min(meeting.booked, began.get(meeting.episode, meeting.booked))
    ordered = sorted(began, key=lambda episode: began[episode])
    return ([episode for episode in ordered if began[episode] <= score.at] or ordered[:1] or [None])[-1]


def answered_shortly_before(schedule: str, scores: Sequence[Score], at: datetime) -> bool:
    since = at - timedelta(days=NUMBERS[schedule]["unless_answered_days"])
    return set(NUMBERS[schedule]["instruments"]) <= {score.instrument for score in scores if since < score.at <= at}


def states(events: Sequence[ClientEvent]) -> list[Known]:
    """After none of them, after the first, and so on."""
    found = [Known()]
    for event in events:
        found.append(found[-1].after(event))
    return found
