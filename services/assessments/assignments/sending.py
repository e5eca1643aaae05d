"""What the deadlines set off: an assignment is sent, its client reminded, and it is closed. For a whole batch at once.

Whether it is still to be sent is asked at that very moment, of what is known by then. It waits for no lock: what somebody is answering or
planning right now has its turn at the next sweep.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments import tables
from assessments.assignments.facts import facts_of
from assessments.assignments.marking import mark_again
from assessments.assignments.rules import Assignment, AssignmentState
from assessments.assignments.telling import Told, expired, notice_of, sent
from assessments.assignments.windows import Facts, is_answered, window_of
from assessments.care.rules import Episode
from assessments.schedules.rules import CLOSE, REMIND, SEND, Schedule
from assessments.schedules.versions import Versions
from common.deadlines.firing import Action, Fired, Firing
from common.notices.usecases import tell

Batch = Mapping[UUID, Assignment]
Step = Callable[[AsyncConnection, Batch, Sequence[Firing], datetime], Awaitable[Fired]]


def actions(versions: Versions, told: Told) -> Mapping[str, Action]:
    async def send(tx: AsyncConnection, batch: Batch, firings: Sequence[Firing], now: datetime) -> Fired:
        due = [a for a in batch.values() if a.state is AssignmentState.QUEUED and a.send_at <= now]
        facts = await facts_of(tx, {assignment.client_id for assignment in due})
        judged = [_judged(a, facts[a.client_id], versions.newest[a.schedule], now) for a in due]
        changed = [a for a in judged if a is not None]
        await tables.save(tx, changed)
        # Whoever is not sent anything is planned anew: it was called off, or moved, or its time is over. The step is not taken by that:
        # a deadline that takes this one's place would never send.
        unsent = {before.assignment_id: before.client_id for before, after in zip(due, judged, strict=True) if after is None}
        await mark_again(tx, set(unsent.values()))
        mailed = [a for a in changed if a.state is AssignmentState.SENT]
        await tell(tx, [notice_of(a, versions.newest[a.schedule], told, "sent") for a in mailed], now)
        not_now = [firing.deadline.deadline_id for firing in firings if firing.deadline.subject in unsent]
        return Fired([sent(assignment, now) for assignment in mailed], not_now)

    async def remind(tx: AsyncConnection, batch: Batch, firings: Sequence[Firing], now: datetime) -> Fired:
        rungs = {firing.deadline.subject: firing.rung_key for firing in firings}
        open_ones = [a for a in batch.values() if a.state is AssignmentState.SENT and now < a.closes_at]
        facts = await facts_of(tx, {assignment.client_id for assignment in open_ones})
        wanted = [a for a in open_ones if _still_of_use(a, facts[a.client_id], versions.newest[a.schedule], now)]
        await tell(tx, [notice_of(a, versions.newest[a.schedule], told, rungs[a.assignment_id]) for a in wanted], now)
        return Fired()

    return {SEND: _locked(send), REMIND: _locked(remind), CLOSE: _locked(_close)}


def _locked(step: Step) -> Action:
    async def act(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        batch = await tables.lock_idle(tx, [firing.deadline.subject for firing in firings])
        busy = [firing.deadline.deadline_id for firing in firings if firing.deadline.subject not in batch]
        fired = await step(tx, batch, firings, now)
        return Fired(fired.events, [*busy, *fired.not_now])

    return act


async def _close(tx: AsyncConnection, batch: Batch, _firings: Sequence[Firing], now: datetime) -> Fired:
    over = [a for a in batch.values() if a.closes_at <= now]
    unanswered = [a for a in over if a.state is AssignmentState.SENT]
    await tables.save(tx, [a.model_copy(update={"state": AssignmentState.EXPIRED, "closed_at": now}) for a in unanswered])
    await mark_again(tx, {a.client_id for a in over if a.state is AssignmentState.QUEUED})
    return Fired([expired(a, now) for a in unanswered])


def _judged(queued: Assignment, facts: Facts, schedule: Schedule, now: datetime) -> Assignment | None:
    """As it is from now on; None where it is not to be sent now."""
    window = window_of(schedule, _episode(queued, facts), facts, now)
    if window is None or not window.send_at <= now < window.last_at:
        return None
    if is_answered(schedule, facts, now):
        return queued.model_copy(update={"state": AssignmentState.COMPLETED, "closed_at": now})
    return queued.model_copy(update={"state": AssignmentState.SENT, "sent_at": now})


def _still_of_use(assignment: Assignment, facts: Facts, schedule: Schedule, now: datetime) -> bool:
    """What asks about the time before a visit is of no use once that has begun, or was called off."""
    return schedule.before_visit is None or window_of(schedule, _episode(assignment, facts), facts, now) is not None


def _episode(assignment: Assignment, facts: Facts) -> Episode:
    return next(episode for episode in facts.episodes if episode.episode_id == assignment.episode_id)
