"""What can happen to a deadline: pure, a deadline in and what it became out. None where nothing is to be changed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from common.deadlines.calendars import WorkCalendar, zone_of
from common.deadlines.deadline import Deadline, State
from common.deadlines.ladder import Step, projected, with_next_step
from common.deadlines.policies import BREACH, Policy

__all__ = ["Anchor", "Deadline", "Outcome", "State"]

Kind = Literal["met", "missed", "retracted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a deadline was judged. `retracted`: the breach that was told is none, it was met in time."""

    deadline: Deadline
    kind: Kind
    announced: bool = False
    """Of `missed`: the sweep has told the breach already, this only ends it."""

    @property
    def event_id(self) -> UUID:
        """For the event that tells it. Of a breach it is the one that the sweep would use."""
        return self.deadline.event_id(BREACH if self.kind == "missed" else self.kind)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a clock starts from."""

    subject: UUID
    about: UUID
    at: datetime
    zone: str


def arm(policy: Policy, anchor: Anchor, calendar: WorkCalendar | None) -> Deadline:
    """The first generation. Raises Problem for an unknown zone, and beyond the calendar's horizon."""
    zone_of(anchor.zone)
    fresh = Deadline(
        deadline_id=uuid4(),
        policy_code=policy.code,
        policy_version=policy.version,
        subject=anchor.subject,
        about=anchor.about,
        calendar_code=calendar.code if calendar else None,
        calendar_version=calendar.version if calendar else None,
        zone=anchor.zone,
        generation=1,
        anchor_at=anchor.at,
        due_at=None,
        next_fire_at=None,
        next_rung=0,
        pauses=(),
        state=State.OPEN,
        closed_at=None,
        missed_at=None,
    )
    return projected(fresh, policy, calendar)


def follow(old: Deadline, new: Deadline, policy: Policy, calendar: WorkCalendar | None, passed: Collection[str]) -> Deadline:
    """`new` as what takes the place of `old`: the pauses stay, also one under way, so that another policy for the same anchor gives
    nothing back and takes nothing; rungs that were fired are not fired again."""
    followed = replace(new, pauses=old.pauses, next_rung=_first_left(policy, passed))
    if old.state is State.PAUSED:
        return replace(followed, state=State.PAUSED, due_at=None, next_fire_at=None)
    return projected(followed, policy, calendar)


def supersede(old: Deadline, now: datetime) -> Deadline:
    """A breach that was told stays one."""
    state = old.state if old.state is State.MISSED else State.SUPERSEDED
    return replace(old, state=state, closed_at=now, next_fire_at=None)


def pause(deadline: Deadline, at: datetime) -> Deadline | None:
    """The clock stands from `at` on. It does not save what was due by then; for a breach told too early, see `retract`."""
    if deadline.state is not State.OPEN or _too_late(deadline, at):
        return None
    return replace(deadline, state=State.PAUSED, pauses=(*deadline.pauses, at), due_at=None, next_fire_at=None)


def retract(deadline: Deadline, at: datetime, now: datetime) -> tuple[Deadline, Deadline] | None:
    """A pause that began before the breach and comes after it: the breach is none. A new generation takes over, so that what it
    may fire later is told apart from what was fired."""
    if deadline.state is not State.MISSED or deadline.closed_at is not None or _too_late(deadline, at):
        return None
    paused = pause(replace(deadline, deadline_id=uuid4(), generation=deadline.generation + 1, state=State.OPEN, missed_at=None), at)
    assert paused is not None
    return replace(deadline, state=State.SUPERSEDED, closed_at=now, missed_at=None, next_fire_at=None), paused


def resume(deadline: Deadline, policy: Policy, calendar: WorkCalendar | None, at: datetime) -> Deadline | None:
    if deadline.state is not State.PAUSED or at < deadline.pauses[-1]:
        return None
    return projected(replace(deadline, state=State.OPEN, pauses=(*deadline.pauses, at)), policy, calendar)


def stop(deadline: Deadline, occurred_at: datetime) -> Outcome | None:
    """Judged by when it occurred, whenever that is heard of. While the clock stands nothing can be late."""
    closed = replace(deadline, closed_at=occurred_at, next_fire_at=None)
    in_time = deadline.due_at is None or occurred_at <= deadline.due_at
    match deadline.state:
        case State.OPEN | State.PAUSED if in_time:
            return Outcome(replace(closed, state=State.MET), "met")
        case State.OPEN:
            return Outcome(replace(closed, state=State.MISSED, missed_at=deadline.due_at), "missed")
        case State.MISSED if in_time:
            return Outcome(replace(closed, state=State.MET, missed_at=None), "retracted")
        case State.MISSED if deadline.closed_at is None:
            return Outcome(closed, "missed", announced=True)
    return None


def cancel(deadline: Deadline, now: datetime) -> Deadline | None:
    """A breach that was told stays one; nothing more comes of it."""
    if deadline.closed_at is not None:
        return None
    state = State.MISSED if deadline.state is State.MISSED else State.CANCELLED
    return replace(deadline, state=state, closed_at=now, next_fire_at=None)


def reproject(deadline: Deadline, policy: Policy, calendar: WorkCalendar) -> Deadline:
    """Under another version of its calendar. What is judged keeps the version that it was judged by."""
    return projected(deadline, policy, calendar) if deadline.state is State.OPEN else deadline


def advance(deadline: Deadline, step: Step, policy: Policy, calendar: WorkCalendar | None) -> Deadline:
    """After the step."""
    if step.is_breach:
        passed = replace(deadline, state=State.MISSED, missed_at=deadline.due_at)
    else:
        passed = replace(deadline, next_rung=deadline.next_rung + 1)
    return with_next_step(passed, policy, calendar)


def inherited(policy: Policy, passed: Collection[str]) -> list[str]:
    """Of the rungs that were fired: those that a new generation does not fire again."""
    return [rung.key for rung in policy.rungs if rung.key in passed and not rung.again]


def _first_left(policy: Policy, passed: Collection[str]) -> int:
    done = inherited(policy, passed)
    return next((n for n, rung in enumerate(policy.rungs) if rung.key not in done), len(policy.rungs))


def _too_late(deadline: Deadline, at: datetime) -> bool:
    """At its end, or before what happened last."""
    assert deadline.due_at is not None
    return at >= deadline.due_at or any(at < past for past in deadline.pauses[-1:])
