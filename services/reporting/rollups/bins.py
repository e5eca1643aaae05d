"""What is counted of a unit: a kind and two whole numbers a dimension, as the family's file defines them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from common.deadlines.calendars import WorkCalendar, parse_calendar, shipped_calendars
from reporting.rollups.known import Asked, Client, Episode, Outcome, Score, Session

Bin = tuple[str, int, int]
"""Kind, a, b."""
Bins = Mapping[str, Bin]

CLOCKS = {"time_to_schedule": "scheduled", "time_to_consultation": "consulted", "time_to_first_session": "first_session"}
SCALES = {"phq_9": "phq-9", "gad_7": "gad-7"}
HOURS_CAP, DAYS_CAP = 1440, 45
NONE = -1
ELEVATED, IMPROVED, DETERIORATED, RECOVERED = 1, 2, 4, 8
FOLLOWED = timedelta(days=42)
"""From the first session until the follow-up of A3 should have been answered."""
SESSION = "session"


def clock_bins(client: Client, episode: Episode) -> Bins:
    """R1: the three clocks. Where the network does not operate somebody waits (S12), whether or not they also withdrew."""
    return {dimension: _clock_bin(client, episode, column) for dimension, column in CLOCKS.items()}


def _clock_bin(client: Client, episode: Episode, column: str) -> Bin:
    seconds, days = getattr(episode, f"{column}_seconds"), getattr(episode, f"{column}_days")
    if seconds is not None and days is not None:
        return "reached", _hours(seconds), min(max(days, 0), DAYS_CAP)
    if episode.served is False:
        return "waitlisted", NONE, NONE
    if episode.withdrawn_at and episode.sought_at:
        took = int((episode.withdrawn_at - episode.sought_at).total_seconds())
        return "withdrawn", _hours(took), business_days(episode.sought_at, episode.withdrawn_at, ZoneInfo(client.time_zone))
    return "open", NONE, NONE


def _hours(seconds: int) -> int:
    return min(max(seconds, 0) // 3600, HOURS_CAP)


@cache
def federal() -> WorkCalendar:
    return parse_calendar(shipped_calendars()["us-federal"])


def business_days(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Of the federal calendar, up to the cap. Beyond its horizon Monday to Friday count: a number for the long tail, not a promise."""
    day, last, number = start.astimezone(zone).date(), end.astimezone(zone).date(), 0
    while day < last and number < DAYS_CAP:
        day += timedelta(days=1)
        number += day.weekday() < 5 and day not in federal().closed
    return number


def asked_bins(asked: Asked) -> Bins:
    """A4. `a` is the score."""
    if asked.answered_at is None or asked.score is None:
        return {"recommendation": ("unanswered", NONE, 0)}
    return {"recommendation": ("unasked" if asked.asked_at is None else "answered", asked.score, 0)}


def treatment_bins(first: Session, sessions: Sequence[Session], outcome: Outcome | None, scores: Mapping[UUID, Score]) -> Bins:
    scales = {dimension: _scale_bin(instrument, outcome, scores) for dimension, instrument in SCALES.items()}
    return {"outcome": _outcome_bin(outcome), **scales, "engagement": ("sessions", _band(first, sessions), 0)}


def _outcome_bin(outcome: Outcome | None) -> Bin:
    """Paired is who answered both scales before and after."""
    if outcome is None or not outcome.baseline_ids:
        return "no_baseline", 0, 0
    bits = ELEVATED * bool(outcome.elevated)
    if outcome.improved is None:
        return "no_follow_up", bits, 0
    bits += IMPROVED * outcome.improved + DETERIORATED * bool(outcome.deteriorated) + RECOVERED * bool(outcome.recovered)
    return "paired", bits, 0


def _scale_bin(instrument: str, outcome: Outcome | None, scores: Mapping[UUID, Score]) -> Bin:
    before = _total(instrument, outcome.baseline_ids if outcome else (), scores)
    if before is None:
        return "no_baseline", NONE, NONE
    after = _total(instrument, outcome.follow_up_ids if outcome else (), scores)
    return ("no_follow_up", before, NONE) if after is None else ("paired", before, after)


def _total(instrument: str, ids: Sequence[UUID], scores: Mapping[UUID, Score]) -> int | None:
    found = [score.total for id in ids if (score := scores.get(id)) and score.instrument == instrument and score.total is not None]
    return min(found, default=None)


def _band(first: Session, sessions: Sequence[Session]) -> int:
    """C16: one session, two or three, four or more; how many exactly is kept nowhere."""
    held = sum(s.kind == SESSION and first.held_on <= s.held_on <= first.held_on + FOLLOWED for s in sessions)
    return 0 if held <= 1 else 1 if held <= 3 else 2
