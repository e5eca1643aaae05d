"""What one transaction fires: the rungs' rows as claims, the effects, the new states, the journal."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.event import Event
from common.deadlines.calendar_versions import chosen_versions
from common.deadlines.calendars import WorkCalendar
from common.deadlines.deadline import Deadline
from common.deadlines.ladder import Step, next_step, with_next_step
from common.deadlines.policies import Policies, Policy
from common.deadlines.rules import Kind, advance
from common.deadlines.statements import Note, claim_rungs, release_rungs, save
from common.journal import Journal


@dataclass(frozen=True, slots=True)
class Firing:
    """What an action is given."""

    deadline: Deadline
    rung_key: str
    action: str
    due_at: datetime
    """Of the deadline."""
    fired_for: datetime
    """When this was to happen; it happens later by `late_by`."""
    late_by: timedelta

    @property
    def event_id(self) -> UUID:
        """For the event that tells it: the same at every try."""
        return self.deadline.event_id(self.rung_key)


@dataclass(frozen=True, slots=True)
class Fired:
    """What an action did. Deadlines in `not_now` are left as they are until the next sweep."""

    events: Sequence[Event] = ()
    not_now: Collection[UUID] = ()


Action = Callable[[AsyncConnection, Sequence[Firing], datetime], Awaitable[Fired]]
"""Gets all firings of a batch at once. It waits for no lock: it locks with SKIP LOCKED, and gives back what it could not lock."""

OutcomeEvents = Callable[[Deadline, Kind, datetime], Sequence[Event]]
"""The events of a breach: the deadline, "missed", when it was due."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What firing leads to, in one service."""

    journal: Journal
    policies: Policies
    actions: Mapping[str, Action]
    outcome_events: OutcomeEvents


Terms = tuple[Policy, WorkCalendar | None]
"""What a deadline goes by: its own version of its policy, and of its calendar where it needs one."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One step of one deadline, and what the deadline is after it."""

    before: Deadline
    after: Deadline
    step: Step
    kind: Literal["fired", "expired", "breached"]

    @property
    def deadline_id(self) -> UUID:
        return self.before.deadline_id

    @property
    def note(self) -> Note:
        return Note(self.kind, self.before, self.after, self.step.at, self.step.key)

    @property
    def claim(self) -> tuple[Deadline, str, str, datetime]:
        return self.before, self.step.key, "expired" if self.kind == "expired" else "fired", self.step.at


async def fire(tx: AsyncConnection, effects: Effects, claimed: Sequence[Deadline], now: datetime) -> tuple[list[Shot], Collection[UUID]]:
    """One step of each, and whose turn is later. Their rows are locked by this transaction."""
    terms = await _terms(tx, effects.policies, claimed)
    shots = [shot for deadline, its in zip(claimed, terms, strict=True) if (shot := _aimed(deadline, its, now))]
    fresh = await claim_rungs(tx, [shot.claim for shot in shots], now)
    # A claim that was there before was inherited: its deadline only goes on.
    mine = [shot for shot in shots if shot.deadline_id in fresh]
    aimed = {shot.deadline_id for shot in shots}
    # Claimed with nothing due: its next moment was not what its policy says.
    astray = [with_next_step(deadline, *its) for deadline, its in zip(claimed, terms, strict=True) if deadline.deadline_id not in aimed]
    # Before the actions: one may stop or pause the very deadline that set it off.
    await save(tx, [*(shot.after for shot in shots), *astray], [], now)
    events, not_now = await _act(tx, effects.actions, mine, now)
    if not_now:
        await release_rungs(tx, [(shot.before, shot.step.key) for shot in mine if shot.deadline_id in not_now])
    taken = [shot for shot in mine if shot.deadline_id not in not_now]
    await save(tx, [shot.before for shot in mine if shot.deadline_id in not_now], [shot.note for shot in taken], now)
    for shot in taken:
        if shot.kind == "breached":
            events.extend(effects.outcome_events(shot.after, "missed", shot.step.at))
    await effects.journal.append_all(tx, events)
    return taken, not_now


def _aimed(deadline: Deadline, terms: Terms, now: datetime) -> Shot | None:
    step = next_step(deadline, *terms)
    if step is None or step.at > now:
        return None
    kind: Literal["fired", "expired", "breached"] = "breached" if step.is_breach else "expired" if step.expired(now) else "fired"
    return Shot(deadline, advance(deadline, step, *terms), step, kind)


async def _terms(tx: AsyncConnection, policies: Policies, claimed: Sequence[Deadline]) -> list[Terms]:
    """Raises KeyError for a version of a policy that this process does not have."""
    own = [policies[deadline.policy_code, deadline.policy_version] for deadline in claimed]
    needed = [(d.calendar_code, d.calendar_version) for d, policy in zip(claimed, own, strict=True) if policy.needs_calendar]
    calendars = await chosen_versions(tx, {(code, version) for code, version in needed if code and version})
    keys = [(deadline.calendar_code or "", deadline.calendar_version or 0) for deadline in claimed]
    return [(policy, calendars.get(key)) for policy, key in zip(own, keys, strict=True)]


async def _act(
    tx: AsyncConnection, actions: Mapping[str, Action], shots: Sequence[Shot], now: datetime
) -> tuple[list[Event], Collection[UUID]]:
    """Each action once, with all its firings."""
    firings = [_firing(shot, shot.step.action, now) for shot in shots if shot.step.action and shot.kind != "expired"]
    events, not_now = list[Event](), set[UUID]()
    for name, group in groupby(sorted(firings, key=lambda firing: firing.action), key=lambda firing: firing.action):
        fired = await actions[name](tx, list(group), now)
        events.extend(fired.events)
        not_now.update(fired.not_now)
    return events, not_now


def _firing(shot: Shot, action: str, now: datetime) -> Firing:
    due_at = shot.before.due_at
    assert due_at is not None
    return Firing(shot.before, shot.step.key, action, due_at, shot.step.at, now - shot.step.at)
