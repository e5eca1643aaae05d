"""When a deadline is due, and which step comes next: its rungs in their order, and the breach where it falls among them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.deadlines.calendars import (
    DAY,
    WorkCalendar,
    after_business_time,
    business_time_between,
    end_of_business_day,
    end_of_calendar_day,
    zone_of,
)
from common.deadlines.deadline import Deadline, State
from common.deadlines.policies import BREACH, Policy, Rung
from common.problems import Problem


@dataclass(frozen=True, slots=True)
class Step:
    """A rung, or the breach; `at` is when it is to happen."""

    key: str
    action: str | None
    at: datetime
    max_lateness: timedelta | None = None

    @property
    def is_breach(self) -> bool:
        return self.key == BREACH

    def expired(self, now: datetime) -> bool:
        return self.max_lateness is not None and now - self.at > self.max_lateness


def due_at(deadline: Deadline, policy: Policy, calendar: WorkCalendar | None) -> datetime:
    """A pause moves an elapsed budget on by its length. Of a budget in days, the paused time on days that count is added up by the wall
    clock, and every full 24 hours of it is one day more: a pause over a weekend gains nothing, and none loses a whole day."""
    anchor, zone = deadline.anchor_at, zone_of(deadline.zone)
    match policy.unit:
        case "elapsed_hours":
            return anchor + timedelta(hours=policy.budget) + deadline.stood
        case "business_hours":
            amount = timedelta(hours=policy.budget) + _stood(deadline, _known(calendar))
            return after_business_time(anchor, amount, zone, _known(calendar))
        case "business_days":
            return _end_of_business_day(deadline, policy.budget, calendar)
        case "calendar_days":
            return end_of_calendar_day(anchor, policy.budget + _stood(deadline, None) // DAY, zone)


def next_step(deadline: Deadline, policy: Policy, calendar: WorkCalendar | None) -> Step | None:
    """None where nothing is left to do, or the clock does not run."""
    if deadline.due_at is None or deadline.closed_at is not None:
        return None
    breach = Step(BREACH, policy.on_breach, deadline.due_at) if deadline.state is State.OPEN else None
    if deadline.next_rung >= len(policy.rungs):
        return breach
    rung = policy.rungs[deadline.next_rung]
    # Never before the rungs below it, also where hours and days are mixed.
    at = max(_rung_at(deadline, below, deadline.due_at, calendar) for below in policy.rungs[: deadline.next_rung + 1])
    if breach and breach.at < at:
        return breach
    lateness = None if rung.max_lateness_hours is None else timedelta(hours=rung.max_lateness_hours)
    return Step(rung.key, rung.action, at, lateness)


def with_next_step(deadline: Deadline, policy: Policy, calendar: WorkCalendar | None) -> Deadline:
    step = next_step(deadline, policy, calendar)
    return replace(deadline, next_fire_at=step.at if step else None)


def projected(deadline: Deadline, policy: Policy, calendar: WorkCalendar | None) -> Deadline:
    """Of a clock that runs: due and next step, as the policy and the calendar say."""
    due = replace(deadline, due_at=due_at(deadline, policy, calendar), calendar_version=calendar.version if calendar else None)
    return with_next_step(due, policy, calendar)


def _rung_at(deadline: Deadline, rung: Rung, due: datetime, calendar: WorkCalendar | None) -> datetime:
    if rung.hours_after_anchor is not None:
        return deadline.anchor_at + timedelta(hours=rung.hours_after_anchor) + deadline.stood
    if rung.hours_before_due is not None:
        return due - timedelta(hours=rung.hours_before_due)
    assert rung.business_days_after_anchor is not None
    return _end_of_business_day(deadline, rung.business_days_after_anchor, calendar)


def _end_of_business_day(deadline: Deadline, days: int, calendar: WorkCalendar | None) -> datetime:
    paused = _stood(deadline, _known(calendar)) // DAY
    return end_of_business_day(deadline.anchor_at, days + paused, zone_of(deadline.zone), _known(calendar))


def _stood(deadline: Deadline, calendar: WorkCalendar | None) -> timedelta:
    zone = zone_of(deadline.zone)
    return sum((business_time_between(begin, until, zone, calendar) for begin, until in deadline.spells), timedelta(0))


def _known(calendar: WorkCalendar | None) -> WorkCalendar:
    if calendar is None:
        raise Problem("unknown_calendar", "There is no such working calendar.", field="calendar")
    return calendar
