"""Which scores a rule set compares: the baseline and the follow-up of each scale, or why there is none. Pure."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from assessments.care.rules import Episode, Visit
from assessments.outcomes.definitions import FollowUp, RuleSet, Scale, Window
from assessments.responses.rules import AssessmentResponse

Reason = Literal[
    "no_baseline",
    "baseline_incomplete",
    "not_elevated",
    "not_finished",
    "no_session_yet",
    "no_follow_up_yet",
    "follow_up_incomplete",
    "window_not_open",
    "window_passed_without",
]
"""Why a measure has no value. Stable: reporting counts by them."""
REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class Course:
    """An episode, and what the client answered in it, oldest first. Days are days in the client's `zone`."""

    episode: Episode
    responses: tuple[AssessmentResponse, ...]
    zone: ZoneInfo

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    @property
    def first_session(self) -> Visit | None:
        held = (v for v in self.episode.visits if v.kind == "session" and v.state == "held" and v.held_on)
        return min(held, key=lambda visit: visit.held_on or date.max, default=None)

    def on_scale(self, scale: Scale) -> list[AssessmentResponse]:
        return [response for response in self.responses if response.instrument == scale]


@dataclass(frozen=True, slots=True)
class Pick:
    """A complete score, or the reason that there is none. `in_window` and `closed` are about follow-ups of rule sets with a window."""

    response: AssessmentResponse | None = None
    reason: Reason | None = None
    in_window: bool | None = None
    closed: bool = False
    """The window has passed."""


def courses(episodes: Sequence[Episode], responses: Sequence[AssessmentResponse], zone: str) -> list[Course]:
    """A client's responses by episode: the one that it was asked in; unasked, the last one that had been booked by then, else the first."""
    ordered = sorted(episodes, key=_began)
    held: dict[object, list[AssessmentResponse]] = {episode.episode_id: [] for episode in ordered}
    for response in sorted(responses, key=lambda r: (r.completed_at, r.response_id)):
        if response.episode_id is not None:
            held.get(response.episode_id, []).append(response)
        elif ordered:
            running = [episode for episode in ordered if _began(episode) <= response.completed_at]
            held[(running or ordered[:1])[-1].episode_id].append(response)
    return [Course(episode, tuple(held[episode.episode_id]), ZoneInfo(zone)) for episode in ordered]


def _began(episode: Episode) -> datetime:
    return min(visit.booked_at for visit in episode.visits)


def is_complete(response: AssessmentResponse) -> bool:
    """Prorated totals are for clinicians' eyes; no measure counts them."""
    return response.total_method == "complete"


def baseline_of(rule_set: RuleSet, course: Course, scale: Scale) -> Pick:
    given = course.on_scale(scale)
    if rule_set.baseline.pick == "last_before_treatment":
        given = [response for response in given if _before_treatment(rule_set, course, response)]
    complete = [response for response in given if is_complete(response)]
    if not complete:
        return Pick(reason="baseline_incomplete" if given else "no_baseline")
    if rule_set.baseline.pick == "last_before_treatment":
        return Pick(complete[-1])
    elevated = [response for response in complete if total(response) >= rule_set.scales[scale].elevated_from]
    return Pick((elevated or complete)[0])


def baseline_for_clinicians(rule_set: RuleSet, course: Course, scale: Scale) -> AssessmentResponse | None:
    """The baseline that measures count; without one the last before treatment that was prorated, which is an estimate, yet tells who needs
    to be asked again (A3)."""
    counted = baseline_of(rule_set, course, scale).response
    if counted is not None:
        return counted
    prorated = [r for r in course.on_scale(scale) if r.total_method == "prorated" and _before_treatment(rule_set, course, r)]
    return prorated[-1] if prorated else None


def _before_treatment(rule_set: RuleSet, course: Course, response: AssessmentResponse) -> bool:
    """Without a session all is before it."""
    session = course.first_session
    if session is None or session.held_on is None:
        return True
    late = session.starts_at + timedelta(hours=rule_set.baseline.late_hours)
    return course.day(response.completed_at) <= session.held_on or response.completed_at <= late


def follow_up_of(rule_set: RuleSet, course: Course, baseline: AssessmentResponse, now: datetime) -> Pick:
    rule, earliest = rule_set.follow_up, course.day(baseline.completed_at) + timedelta(days=rule_set.follow_up.days_after_baseline)
    later = [r for r in course.responses if r.instrument == baseline.instrument and r.completed_at > baseline.completed_at]
    later = [response for response in later if course.day(response.completed_at) >= earliest]
    if rule.window is None:
        return _last(later) or Pick(reason="no_follow_up_yet")
    days = window_of(rule.window, course, baseline)
    if days is None:
        return Pick(reason="no_session_yet")
    return _in_window(rule, course, later, days, course.day(now))


def _in_window(rule: FollowUp, course: Course, later: Sequence[AssessmentResponse], days: tuple[date, date], today: date) -> Pick:
    opens, closes = days
    closed = today > closes
    within = [response for response in later if opens <= course.day(response.completed_at) <= closes]
    complete = [response for response in within if is_complete(response)]
    otherwise = rule.pick == "first_in_window_else_most_recent"
    if complete:
        return Pick(complete[0] if otherwise else complete[-1], in_window=True, closed=closed)
    if otherwise and (found := _last(later)):
        return Pick(found.response, found.reason, in_window=False, closed=closed)
    if within:
        return Pick(reason="follow_up_incomplete", closed=closed)
    if today < opens:
        return Pick(reason="window_not_open")
    return Pick(reason="window_passed_without" if closed else "no_follow_up_yet", closed=closed)


def _last(later: Sequence[AssessmentResponse]) -> Pick | None:
    complete = [response for response in later if is_complete(response)]
    if complete:
        return Pick(complete[-1])
    return Pick(reason="follow_up_incomplete") if later else None


def window_of(window: Window, course: Course, baseline: AssessmentResponse) -> tuple[date, date] | None:
    """Its first and its last day; None while there is no first session to count from."""
    session = course.first_session
    first = session.held_on if session else None
    anchor = first if window.anchor == "first_session" else course.day(baseline.completed_at)
    if anchor is None:
        return None
    anchor = _plus_months(anchor, window.months)
    return anchor + timedelta(days=window.first_day), anchor + timedelta(days=window.last_day)


def _plus_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def total(response: AssessmentResponse) -> int:
    assert response.total is not None, "an invalid one was left out before"
    return response.total
