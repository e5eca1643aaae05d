"""Makes the consequences of a decision true, in the transaction of the decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.event import Event
from common.contracts.scheduling import DeadlineMet, DeadlineMissed, DeadlineMissRetracted
from common.deadlines import engine
from common.deadlines.deadline import Deadline
from common.deadlines.policies import BREACH, newest
from common.deadlines.rules import Outcome
from common.journal import Journal
from scheduling.notifications.usecases import notify
from scheduling.service_levels.policies import POLICIES
from scheduling.service_levels.rules import RULES, About, Arm, Cancel, Consequences, Pause, Resume, Stop


async def carry_out(tx: AsyncConnection, journal: Journal, about: About, consequences: Consequences, now: datetime) -> None:
    """The journal last: its heads are held until the commit."""
    judged: list[Event] = []
    for step in consequences.deadlines:
        outcome = await _take(tx, about, step, now)
        if outcome and not outcome.announced:
            judged += outcome_events(outcome.deadline, outcome.kind, now)
    await notify(tx, consequences.notices, now)
    await journal.append_all(tx, [*consequences.events, *judged])


async def _take(tx: AsyncConnection, about: About, step: Arm | Stop | Cancel | Pause | Resume, now: datetime) -> Outcome | None:
    match step:
        case Arm():
            await engine.arm(
                tx,
                newest(POLICIES, step.policy),
                subject=step.subject,
                about=about.client_id,
                anchor_at=step.anchor_at,
                zone=about.zone,
                calendar=about.calendar,
                now=now,
            )
        case Stop():
            return await engine.stop(tx, step.policy, subject=step.subject, occurred_at=step.occurred_at, now=now)
        case Cancel():
            await engine.cancel(tx, subject=step.subject, policy_codes=step.policies, now=now, reason=step.reason)
        case Pause():
            return await engine.pause(tx, step.policy, subject=step.subject, at=step.at, now=now, reason=step.reason)
        case Resume():
            await engine.resume(tx, step.policy, subject=step.subject, at=step.at, now=now)
    return None


def outcome_events(deadline: Deadline, kind: str, at: datetime) -> Sequence[Event]:
    """Met, missed, or a miss taken back, as others are told of it. `at`: when this was found. Told again it is the same event."""
    about: dict[str, Any] = {
        "event_id": deadline.event_id(BREACH if kind == "missed" else kind),
        "occurred_at": at,
        "client_id": deadline.about,
        "deadline_id": deadline.deadline_id,
        "policy": deadline.policy_code,
        "policy_version": deadline.policy_version,
        "rule": RULES[deadline.policy_code],
        "subject_id": deadline.subject,
        "anchor_at": deadline.anchor_at,
        "due_at": deadline.due_at or at,
    }
    match kind:
        case "met":
            return [DeadlineMet(met_at=deadline.closed_at or at, **about)]
        case "retracted":
            return [DeadlineMissRetracted(met_at=deadline.closed_at or at, **about)]
        case _:
            return [DeadlineMissed(**about)]
