"""Times as people read and write them: in a zone, and what is left until then. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from common.problems import Problem

LOCAL = r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})?$"
"""What a browser sends of a `datetime-local` field."""


@dataclass(frozen=True, slots=True)
class Left:
    """Whole days, hours and minutes; of an overdue one, since then."""

    days: int
    hours: int
    minutes: int
    overdue: bool


def left(due_at: datetime, now: datetime) -> Left:
    seconds = int((due_at - now).total_seconds())
    minutes = abs(seconds) // 60
    return Left(minutes // 1440, minutes // 60 % 24, minutes % 60, seconds < 0)


def moment_in(zone: str, said: str) -> datetime:
    """Raises Problem for what is no time, and for a local time that the clocks skip. Of one that comes twice it is the first."""
    try:
        local = datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise Problem("invalid_request", "A time is written as YYYY-MM-DDTHH:MM.", field="time") from error
    moment = local.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Problem("invalid_request", "On that day the clocks skip this time.", field="skipped_time")
    return moment


def last_minute(due_at: datetime, zone: str) -> datetime:
    """As people say it: what is due by midnight is due on the day before."""
    local = due_at.astimezone(ZoneInfo(zone))
    return due_at - timedelta(minutes=1) if (local.hour, local.minute) == (0, 0) else due_at


def local_text(at: datetime, zone: str) -> str:
    """As a `datetime-local` field takes it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def next_minute(now: datetime) -> datetime:
    """The earliest that a field offers."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
