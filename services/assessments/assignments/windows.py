"""When something is to be sent to a client, by one schedule and what is known of the client's care. Pure.

The same function plans a sending, moves it when the care changes, and is asked once more at the moment of sending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from assessments.care.rules import Episode, Visit
from assessments.outcomes.rules import elevated_baseline
from assessments.responses.rules import AssessmentResponse
from assessments.schedules.rules import AfterSession, BeforeVisit, Schedule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HISTORY = 7 * DAY


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a client."""

    client_id: UUID
    zone: str
    in_care: bool
    episodes: Sequence[Episode] = ()
    responses: Sequence[AssessmentResponse] = ()
    """Completed ones, oldest first."""


@dataclass(frozen=True, slots=True)
class Window:
    """`last_at`: after it nothing is sent any more. `due_at`: by when the rule wants it sent, never later than that."""

    send_at: datetime
    due_at: datetime
    last_at: datetime
    closes_at: datetime
    visit_id: UUID | None = None


def window_of(schedule: Schedule, episode: Episode, facts: Facts, now: datetime) -> Window | None:
    """None where nothing is to be sent, as far as is known by now."""
    if episode.programme not in schedule.programmes:
        return None
    if schedule.before_visit:
        return _before_visit(schedule.before_visit, episode, now)
    assert schedule.after_session is not None
    first = episode.first_session_on
    if first is None:
        return None
    baseline_on = _baseline_on(episode, facts) if schedule.condition == "elevated_baseline" else None
    if schedule.condition == "elevated_baseline" and baseline_on is None:
        return None
    window = _after_session(schedule.after_session, first, baseline_on, facts.zone)
    if window and schedule.condition == "in_care" and window.send_at <= now and not facts.in_care:
        return None  # before the time has come nobody knows
    return window


def is_answered(schedule: Schedule, facts: Facts, at: datetime) -> bool:
    """All of it, of the client's own accord, so short a time ago that asking again is no use."""
    since = at - schedule.unless_answered_days * DAY
    answered = {response.instrument for response in facts.responses if since < response.completed_at <= at}
    return set(schedule.instruments) <= answered


def first_visit(episode: Episode, now: datetime) -> Visit | None:
    """The next one that stands, for as long as no session was held."""
    if episode.first_session_on is not None:
        return None
    return min(_ahead(episode, now), key=lambda visit: visit.starts_at, default=None)


def missed_window(schedule: Schedule, episode: Episode, facts: Facts, now: datetime) -> Window | None:
    """Of a visit that had begun before anything was known of it. What is older than that is history, and nobody's exception."""
    terms, visits = schedule.before_visit, _begun(episode, now)
    if terms is None or episode.programme not in schedule.programmes:
        return None
    visit = min(visits, key=lambda visit: visit.starts_at, default=None)
    if visit is None or visit.starts_at < now - HISTORY or is_answered(schedule, facts, visit.starts_at):
        return None
    at, closes_at = visit.starts_at, visit.starts_at + terms.answer_hours * HOUR
    return Window(visit.booked_at, _due_at(terms, visits), at, closes_at, visit.visit_id)


def _before_visit(terms: BeforeVisit, episode: Episode, now: datetime) -> Window | None:
    """What was due before a visit that has begun by now stays due by then: it is sent before the next one, late."""
    visit = first_visit(episode, now)
    if visit is None:
        return None
    ahead, begun = _ahead(episode, now), _begun(episode, now)
    booked_at, starts_at = min(v.booked_at for v in ahead), visit.starts_at
    send_at = booked_at if begun else max(booked_at, min(booked_at + terms.after_hours * HOUR, starts_at - terms.before_hours * HOUR))
    closes_at = starts_at + terms.answer_hours * HOUR
    return Window(send_at, _due_at(terms, [*ahead, *begun]), starts_at, closes_at, visit.visit_id)


def _due_at(terms: BeforeVisit, visits: Sequence[Visit]) -> datetime:
    return min(min(visit.booked_at + terms.due_after_hours * HOUR, visit.starts_at) for visit in visits)


def _ahead(episode: Episode, now: datetime) -> list[Visit]:
    return [visit for visit in episode.visits if visit.state == "scheduled" and max(now, visit.booked_at) < visit.starts_at]


def _begun(episode: Episode, now: datetime) -> list[Visit]:
    """Those that stood when they began, up to the first session. One that was recorded after the fact was never ahead."""
    first = min((v.starts_at for v in episode.visits if v.kind == "session" and v.state == "held"), default=now)
    return [v for v in episode.visits if v.state != "cancelled" and v.booked_at < v.starts_at <= min(now, first)]


def _after_session(terms: AfterSession, first: date, baseline_on: date | None, zone: str) -> Window | None:
    sent_on = first + terms.send_day * DAY
    if baseline_on is not None:
        sent_on = max(sent_on, baseline_on + terms.after_baseline_days * DAY)
    due_at = _local(first + (terms.due_day + 1) * DAY, 0, zone)
    send_at = _local(sent_on, terms.local_hour, zone)
    if send_at >= due_at:
        return None  # the instruments ask about two weeks that the baseline has asked about
    return Window(send_at, due_at, due_at, _local(first + (terms.answer_day + 1) * DAY, 0, zone))


def _local(day: date, hour: int, zone: str) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


def _baseline_on(episode: Episode, facts: Facts) -> date | None:
    """The client's day of the baseline that is elevated; None where none is."""
    found = elevated_baseline(episode, facts.responses, facts.zone, facts.episodes)
    return found.response.completed_at.astimezone(ZoneInfo(facts.zone)).date() if found else None
