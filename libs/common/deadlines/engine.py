"""What a use case does with deadlines, in its own transaction: one or two statements each.

Whoever changes a deadline holds its row's lock, so a stop and the sweep never judge the same one twice. Lock what the deadline is about
first, deadlines then, the journal last; the sweep waits for neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines import rules
from common.deadlines.calendar_versions import put_calendar, ship_calendars
from common.deadlines.calendars import WorkCalendar, parse_calendar
from common.deadlines.deadline import Deadline, State
from common.deadlines.policies import BREACH, Policy, parse_policy
from common.deadlines.reprojection import reproject
from common.deadlines.rules import Anchor, Outcome
from common.deadlines.statements import COLUMNS, LATEST, NEXT_GENERATION, UNFINISHED, Note, add, save, to_deadline
from common.problems import Problem

ATTEMPTS = 20
"""Each that fails is one that somebody else has succeeded with meanwhile."""

__all__ = ["arm", "cancel", "open_deadlines", "pause", "put_calendar", "reproject", "resume", "stop", "swap_policy"]


@dataclass(frozen=True, slots=True)
class _Latest:
    """The newest generation, locked, with its own policy, the keys that were claimed, and the newest version of the calendar."""

    deadline: Deadline | None
    policy: Policy | None
    calendar: WorkCalendar | None
    passed: frozenset[str]


async def arm(
    tx: AsyncConnection,
    policy: Policy,
    *,
    subject: UUID,
    about: UUID,
    anchor_at: datetime,
    zone: str,
    calendar: str = "us-federal",
    now: datetime,
    anew: bool = False,
) -> Deadline:
    """The same anchor again changes nothing, also after it was met or cancelled, unless it is armed `anew`. Another anchor is a new
    generation, in which rungs that were fired stay fired. Raises Problem for an unknown zone or calendar, and beyond the calendar's
    horizon."""
    for _ in range(ATTEMPTS):
        latest = await _latest(tx, subject, policy.code, calendar if policy.needs_calendar else None, now)
        old = latest.deadline
        if old and old.anchor_at == anchor_at and (not anew if old.closed_at else old.zone == zone):
            return old
        new = rules.arm(policy, Anchor(subject, about, anchor_at, zone), latest.calendar if policy.needs_calendar else None)
        if old is None:
            armed = await add(tx, new, policy.model_dump_json(), [], None, now)
        else:
            new = replace(new, generation=old.generation + 1)
            new, armed = await _take_over(tx, latest, new, policy, "anchor", now)
        if armed:
            return new
    raise Problem("state_changed", "Somebody else arms the same deadline.")


async def stop(tx: AsyncConnection, policy_code: str, *, subject: UUID, occurred_at: datetime, now: datetime) -> Outcome | None:
    """None where there is nothing to stop, or nothing is judged otherwise by it."""
    old = (await _latest(tx, subject, policy_code, None, now)).deadline
    outcome = rules.stop(old, occurred_at) if old else None
    if old is None or outcome is None:
        return None
    told = {"met": ["met"], "missed": ["met_late"] if outcome.announced else ["breached", "met_late"], "retracted": ["retracted", "met"]}
    notes = [Note(kind, old, outcome.deadline, occurred_at) for kind in told[outcome.kind]]
    await save(tx, [outcome.deadline], notes, now)
    return outcome


async def cancel(tx: AsyncConnection, *, subject: UUID, policy_codes: Sequence[str] | None = None, now: datetime, reason: str) -> None:
    """All of the subject's that are not closed, or those of some policies."""
    rows = await tx.exec_driver_sql(UNFINISHED, (subject, None if policy_codes is None else list(policy_codes)))
    changes = [(old, new) for old in map(to_deadline, rows.mappings()) if (new := rules.cancel(old, now))]
    if changes:
        await save(tx, [new for _, new in changes], [Note("cancelled", old, new, now, reason) for old, new in changes], now)


async def pause(tx: AsyncConnection, policy_code: str, *, subject: UUID, at: datetime, now: datetime, reason: str) -> Outcome | None:
    """The clock stands from `at`. An outcome only where the pause comes late, and the breach that was told meanwhile is none."""
    latest = await _latest(tx, subject, policy_code, None, now)
    old = latest.deadline
    if old is None:
        return None
    if paused := rules.pause(old, at):
        await save(tx, [paused], [Note("paused", old, paused, at, reason)], now)
    elif retracted := rules.retract(old, at, now):
        closed, new = retracted
        assert latest.policy is not None
        await save(tx, [closed], [Note("retracted", old, closed, at, reason)], now)
        await add(tx, new, latest.policy.model_dump_json(), sorted(latest.passed - {BREACH}), reason, now)
        return Outcome(closed, "retracted")
    return None


async def resume(tx: AsyncConnection, policy_code: str, *, subject: UUID, at: datetime, now: datetime) -> None:
    """By the newest version of its calendar. A resumption from before the pause changes nothing."""
    latest = await _latest(tx, subject, policy_code, None, now)
    if latest.deadline is None or latest.policy is None:
        return
    if resumed := rules.resume(latest.deadline, latest.policy, latest.calendar, at):
        await save(tx, [resumed], [Note("resumed", latest.deadline, resumed, at)], now)


async def swap_policy(
    tx: AsyncConnection, policy_code: str, policy: Policy, *, subject: UUID, calendar: str = "us-federal", now: datetime, reason: str
) -> Deadline | None:
    """Another policy, or version, for what runs or is paused; None where nothing does. Raises Problem where the other runs already."""
    latest = await _latest(tx, subject, policy_code, calendar if policy.needs_calendar else None, now)
    old = latest.deadline
    if old is None or old.closed_at:
        return None
    generation = (await tx.exec_driver_sql(NEXT_GENERATION, (subject, policy.code))).scalar_one()
    anchor = Anchor(old.subject, old.about, old.anchor_at, old.zone)
    new = replace(rules.arm(policy, anchor, latest.calendar if policy.needs_calendar else None), generation=generation)
    new, armed = await _take_over(tx, latest, new, policy, reason, now)
    if not armed:
        raise Problem("wrong_state", "A deadline of the other policy runs already.")
    return new


async def open_deadlines(
    tx: AsyncConnection, *, about: UUID | None = None, subject: UUID | None = None, policy_code: str | None = None, limit: int
) -> list[Deadline]:
    """What is not closed, also what is paused, overdue or missed; the one that ends first comes first."""
    wanted = {"about": about, "subject": subject, "policy_code": policy_code}
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = " and ".join(["closed_at is null", *(f"{name} = ${n}" for n, name in enumerate(given, 2))])
    statement = f"select {COLUMNS} from deadline d where {conditions} order by due_at, deadline_id limit $1"
    return [to_deadline(row) for row in (await tx.exec_driver_sql(statement, (limit, *given.values()))).mappings()]


async def _latest(tx: AsyncConnection, subject: UUID, policy_code: str, calendar: str | None, now: datetime) -> _Latest:
    """Reads again where a wait for the lock has ended with a generation that was superseded meanwhile, or a calendar is not there yet."""
    row = await _read_latest(tx, subject, policy_code, calendar)
    if calendar and not row["calendar"]:
        await ship_calendars(tx, now)
        row = await _read_latest(tx, subject, policy_code, calendar)
    if row["state"] == State.SUPERSEDED:
        row = await _read_latest(tx, subject, policy_code, calendar)
    return _Latest(
        to_deadline(row) if row["deadline_id"] else None,
        parse_policy(row["policy"]) if row["policy"] else None,
        parse_calendar(row["calendar"]) if row["calendar"] else None,
        frozenset(row["passed"]),
    )


async def _read_latest(tx: AsyncConnection, subject: UUID, policy_code: str, calendar: str | None) -> RowMapping:
    return (await tx.exec_driver_sql(LATEST, (subject, policy_code, calendar))).mappings().one()


async def _take_over(
    tx: AsyncConnection, latest: _Latest, new: Deadline, policy: Policy, reason: str, now: datetime
) -> tuple[Deadline, bool]:
    """`new` follows what is there: it inherits from what runs, and nothing from what is closed."""
    old, kept = latest.deadline, list[str]()
    assert old is not None
    if old.closed_at is None:
        closed, kept = rules.supersede(old, now), rules.inherited(policy, latest.passed)
        new = rules.follow(old, new, policy, latest.calendar if policy.needs_calendar else None, latest.passed)
        await save(tx, [closed], [Note("superseded", old, closed, now, reason)], now)
    return new, await add(tx, new, policy.model_dump_json(), kept, reason, now)
