"""What the clock sets off while nobody acknowledges a safety flag. Each runs in the transaction that fires it, so it happens once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.care.tables import providers_of
from assessments.safety import rules, tables
from assessments.safety.rules import SafetyFlag
from common.contracts.event import Event
from common.deadlines.firing import Action, Fired, Firing
from common.notices.usecases import tell


def actions() -> Mapping[str, Action]:
    """All that the policies name. Their events are appended by whoever fires them."""
    return {
        "remind_provider_of_safety_flag": _each(_remind),
        "escalate_safety_flag": _each(_escalate),
        "tell_clinical_team_again": _each(_tell_again),
    }


Step = Callable[[AsyncConnection, SafetyFlag, Firing, datetime], Awaitable[Sequence[Event]]]


def _each(step: Step) -> Action:
    async def act(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        """What somebody acknowledges this very moment waits for the next sweep, which finds its clock stopped."""
        free = await tables.lock_free(tx, {firing.deadline.subject for firing in firings})
        events: list[Event] = []
        for firing in firings:
            flag = free.get(firing.deadline.subject)
            if flag and flag.acknowledged_at is None:
                events.extend(await step(tx, flag, firing, now))
        return Fired(events, [firing.deadline.deadline_id for firing in firings if firing.deadline.subject not in free])

    return act


async def _remind(tx: AsyncConnection, flag: SafetyFlag, firing: Firing, now: datetime) -> Sequence[Event]:
    """Whoever takes care of the client by now, who may be another than the one that was told first."""
    await tell(tx, rules.notices(flag, await providers_of(tx, flag.client_id), firing.rung_key, rules.REMINDER), now)
    return []


async def _escalate(tx: AsyncConnection, flag: SafetyFlag, firing: Firing, now: datetime) -> Sequence[Event]:
    await tables.put(tx, flag.model_copy(update={"escalated_at": now}))
    await tell(tx, [rules.to_team(flag, firing.rung_key)], now)
    return [rules.escalated_event(flag, firing.event_id, now)]


async def _tell_again(tx: AsyncConnection, flag: SafetyFlag, firing: Firing, now: datetime) -> Sequence[Event]:
    await tell(tx, [rules.to_team(flag, firing.rung_key)], now)
    return []
