"""What the deadlines set off: reminders and escalations, the offer of other providers (S11), a proposal that lapses (S8).

Each runs in the transaction that fires the deadline, so it happens once. It waits for no lock: who is being dealt with right now has
their turn at the next sweep.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines.firing import Action, Fired, Firing
from common.journal import Journal
from scheduling.appointments import tables as appointments
from scheduling.appointments.rules import Appointment
from scheduling.matching.usecases import route
from scheduling.notifications.rules import MATCHING_TEAM, Notice, Recipient, RecipientKind
from scheduling.notifications.usecases import notify
from scheduling.requests import rules
from scheduling.requests import tables as requests
from scheduling.requests.changing import Matter, load_unless_busy
from scheduling.requests.rules import ConsultationRequest
from scheduling.requests.states import RequestState
from scheduling.service_levels.rules import Consequences
from scheduling.service_levels.telling import ABOUT_APPOINTMENTS, ABOUT_EPISODES, ABOUT_REQUESTS, Told
from scheduling.service_levels.usecases import carry_out


def actions(journal: Journal) -> Mapping[str, Action]:
    """All that policies name."""
    return {
        **{name: _about_requests(told) for name, told in ABOUT_REQUESTS.items()},
        **{name: _about_appointments(told) for name, told in ABOUT_APPOINTMENTS.items()},
        **{name: _about_episodes(told) for name, told in ABOUT_EPISODES.items()},
        "offer_alternatives": _one_by_one(journal, _offer),
        "lapse_proposal": _one_by_one(journal, _lapse),
    }


def _about_requests(told: Told) -> Action:
    async def tell(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        found = await requests.find_all(tx, {firing.deadline.subject for firing in firings})
        return await _tell(tx, firings, told, found, now)

    return tell


def _about_appointments(told: Told) -> Action:
    async def tell(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        found = await appointments.find_all(tx, {firing.deadline.subject for firing in firings})
        return await _tell(tx, firings, told, found, now)

    return tell


def _about_episodes(told: Told) -> Action:
    async def tell(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        return await _tell(tx, firings, told, {}, now)

    return tell


async def _tell(
    tx: AsyncConnection, firings: Sequence[Firing], told: Told, found: Mapping[UUID, ConsultationRequest | Appointment], now: datetime
) -> Fired:
    await notify(tx, [_notice(firing, kind, template, found) for firing in firings for kind, template in told], now)
    return Fired()


def _notice(firing: Firing, kind: RecipientKind, template: str, found: Mapping[UUID, ConsultationRequest | Appointment]) -> Notice:
    subject = firing.deadline.subject
    thing = found.get(subject)
    to = MATCHING_TEAM
    if kind != "team":
        assert thing is not None, "neither requests nor appointments are ever deleted"
        to = Recipient(kind, thing.client_id if kind == "client" else thing.provider_id)
    starts_at = thing.starts_at if isinstance(thing, Appointment) else firing.due_at
    return Notice(to, template, f"{template}:{subject}:{firing.deadline.generation}:{firing.rung_key}", subject, starts_at)


Step = Callable[[AsyncConnection, Matter, datetime], Awaitable[tuple[ConsultationRequest, Consequences] | None]]


def _one_by_one(journal: Journal, step: Step) -> Action:
    async def act(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
        busy: list[UUID] = []
        for firing in firings:
            matter = await load_unless_busy(tx, firing.deadline.about, firing.deadline.subject, now)
            if matter is None:
                busy.append(firing.deadline.deadline_id)
            elif stepped := await step(tx, matter, now):
                request, consequences = stepped
                await requests.change(tx, request)
                await carry_out(tx, journal, matter.about, consequences, now)
        return Fired(not_now=busy)

    return act


async def _offer(tx: AsyncConnection, matter: Matter, now: datetime) -> tuple[ConsultationRequest, Consequences] | None:
    """S11: whoever has waited for three days is offered others. They may still be answered."""
    if matter.request.state is not RequestState.SUBMITTED:
        return None
    late, consequences = rules.time_out(matter.request, now)
    return late, consequences + await route(tx, matter, "timed_out", now)


async def _lapse(_tx: AsyncConnection, matter: Matter, now: datetime) -> tuple[ConsultationRequest, Consequences] | None:
    """S8: it is the provider's turn again."""
    return rules.lapse_proposal(matter.request, now) if matter.request.proposed_times else None
