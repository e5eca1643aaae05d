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
from assessments.notices.rules import Notice
from assessments.notices.usecases import tell
from assessments.schedules.rules import CLOSE, REMIND, SEND, Schedule
from assessments.schedules.versions import Versions
from common.deadlines.firing import Action, Fired, Firing

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
        noted = [_notice(a, facts[a.client_id], versions, told, "sent", now) for a in mailed]
        await tell(tx, [notice for notice in noted if notice], now)
        not_now = [firing.deadline.deadline_id for firing in firings if firing.deadline.subject in unsent]
        return Fired([sent(assignment, now) for assignment in mailed], not_now)

    async def remind(tx: AsyncConnection, batch: Batch, firings: Sequence[Firing], now: datetime) -> Fired:
        rungs = {firing.deadline.subject: firing.rung_key for firing in firings}
        open_ones = [a for a in batch.values() if a.state is AssignmentState.SENT and now < a.closes_at]
        facts = await facts_of(tx, {assignment.client_id for assignment in open_ones})
        noted = [_notice(a, facts[a.client_id], versions, told, rungs[a.assignment_id], now) for a in open_ones]
        await tell(tx, [notice for notice in noted if notice], now)
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
    episode = next(e for e in facts.episodes if e.episode_id == queued.episode_id)
    window = window_of(schedule, episode, facts, now)
    if window is None or not window.send_at <= now < window.last_at:
        return None
    if is_answered(schedule, facts, now):
        return queued.model_copy(update={"state": AssignmentState.COMPLETED, "closed_at": now})
    return queued.model_copy(update={"state": AssignmentState.SENT, "sent_at": now})


def _notice(assignment: Assignment, facts: Facts, versions: Versions, told: Told, step: str, now: datetime) -> Notice | None:
    """What asks about the time before a visit is of no use once that has begun, or was called off. Other things are for as long as they can
    be answered."""
    schedule = versions.newest[assignment.schedule]
    if schedule.before_visit is None:
        return notice_of(assignment, schedule, told, step, assignment.closes_at)
    episode = next(e for e in facts.episodes if e.episode_id == assignment.episode_id)
    window = window_of(schedule, episode, facts, now)
    return notice_of(assignment, schedule, told, step, window.last_at) if window else None
