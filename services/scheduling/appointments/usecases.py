"""What can be done about appointments: schedule, move, cancel, say whether it took place, look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.contracts.scheduling import Clock, Party
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.appointments import changing, rules, tables
from scheduling.appointments.changing import Standing
from scheduling.appointments.invitations import with_invitation
from scheduling.appointments.rules import Appointment, Booking
from scheduling.availability import slots
from scheduling.coverage import usecases as coverage
from scheduling.episodes import usecases as episodes
from scheduling.requests import tables as requests
from scheduling.requests.changing import load
from scheduling.requests.leaving import leave as leave_requests
from scheduling.requests.rules import ConsultationRequest, SelfBooking
from scheduling.requests.states import UNANSWERED, Move, after
from scheduling.service_levels.rules import Consequences
from scheduling.service_levels.usecases import carry_out

PARTY: dict[Role, Party] = {Role.CLIENT: "client", Role.PROVIDER: "provider"}
HELD = {"consultation": Move.HOLD_CONSULTATION, "session": Move.HOLD_SESSION}


async def schedule_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, booking: Booking, now: datetime
) -> Appointment:
    """S6: a client books the consultation, from open slots or proposed times; sessions are the provider's to schedule. Raises Problem."""
    if caller.role is Role.CLIENT and booking.kind != "consultation":
        raise Problem("forbidden", "Clients book consultations; sessions are scheduled by the provider.", field="kind", rule="S6")

    async def work(tx: AsyncConnection) -> Appointment:
        matter = await load(tx, caller, booking.request_id, now)
        proposed = booking.starts_at in matter.request.proposed_times
        only_open = caller.role is Role.CLIENT and not proposed
        request, appointment, consequences = await _book(tx, matter.request, booking, matter.client.zone, only_open=only_open, now=now)
        await requests.change(tx, request)
        if appointment.kind == "consultation":
            consequences += await episodes.reach(tx, matter.episode, "time_to_schedule", now, now)
        await carry_out(tx, journal, matter.about, consequences, now)
        return appointment

    return await once(db, caller, key, Appointment, work)


async def book_with_request(
    tx: AsyncConnection, request: ConsultationRequest, wanted: SelfBooking, zone: str, now: datetime
) -> tuple[ConsultationRequest, Consequences]:
    """S6: the client books the consultation with the request itself. The request is in, the client's row locked."""
    booking = Booking(uuid4(), request.request_id, "consultation", wanted.starts_at, hold_id=wanted.hold_id)
    booked, _, consequences = await _book(tx, request, booking, zone, only_open=True, now=now)
    await requests.change(tx, booked)
    return booked, consequences


async def _book(
    tx: AsyncConnection, request: ConsultationRequest, booking: Booking, zone: str, *, only_open: bool, now: datetime
) -> tuple[ConsultationRequest, Appointment, Consequences]:
    minutes = booking.minutes or await slots.minutes_of(tx, request.provider_id, booking.kind)
    scheduled, appointment, consequences = rules.schedule(request, booking, minutes, now)
    await slots.book(
        tx,
        provider_id=appointment.provider_id,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        appointment_id=appointment.appointment_id,
        booked_by=request.client_id,
        hold_id=booking.hold_id,
        only_open=only_open,
        now=now,
    )
    if appointment.kind == "session":
        await coverage.reserve(
            tx,
            client_id=request.client_id,
            programme=request.programme,
            appointment_id=appointment.appointment_id,
            starts_on=appointment.starts_at.astimezone(ZoneInfo(zone)).date(),
        )
    await tables.insert(tx, appointment)
    return scheduled, appointment, with_invitation(consequences, appointment, now)


async def move_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, appointment_id: UUID, starts_at: datetime, now: datetime
) -> Appointment:
    """A client moves to an open slot only; a provider to wherever they are free."""

    async def decide(tx: AsyncConnection, standing: Standing) -> tuple[Appointment, Consequences]:
        moved, consequences = rules.move(standing.appointment, starts_at, PARTY[caller.role], now)
        await slots.move(
            tx,
            appointment_id=appointment_id,
            starts_at=moved.starts_at,
            ends_at=moved.ends_at,
            moved_by=caller.id,
            only_open=caller.role is Role.CLIENT,
            now=now,
        )
        if moved.kind == "session":
            await coverage.move(tx, appointment_id, moved.starts_at.astimezone(ZoneInfo(standing.matter.client.zone)).date())
        return moved, with_invitation(consequences, moved, now)

    return await changing.change(db, journal, caller, key, appointment_id, decide, now)


async def cancel_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, appointment_id: UUID, now: datetime
) -> Appointment:
    async def decide(tx: AsyncConnection, standing: Standing) -> tuple[Appointment, Consequences]:
        cancelled, consequences = rules.cancel(standing.appointment, PARTY[caller.role], now)
        await _free(tx, cancelled, now)
        return cancelled, with_invitation(consequences, cancelled, now) + await _lost(tx, standing, now)

    return await changing.change(db, journal, caller, key, appointment_id, decide, now)


async def miss_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, appointment_id: UUID, by: Party, now: datetime
) -> Appointment:
    """A no-show counts as no visit (S13)."""

    async def decide(tx: AsyncConnection, standing: Standing) -> tuple[Appointment, Consequences]:
        missed, consequences = rules.miss(standing.appointment, by, now)
        await coverage.release(tx, appointment_id)
        return missed, consequences + await _lost(tx, standing, now)

    return await changing.change(db, journal, caller, key, appointment_id, decide, now)


async def _lost(tx: AsyncConnection, standing: Standing, now: datetime) -> Consequences:
    lost, request = standing.appointment, standing.matter.request
    others = [a for a in await tables.scheduled(tx, request.request_id) if a.appointment_id != lost.appointment_id and a.kind == lost.kind]
    changed, consequences = rules.lost(request, lost, others=bool(others), now=now)
    await requests.change(tx, changed)
    return consequences


async def call_off(tx: AsyncConnection, request: ConsultationRequest, by: Party, now: datetime) -> Consequences:
    """All that was still to come of a request that is over."""
    off = Consequences()
    for appointment in await tables.scheduled(tx, request.request_id):
        cancelled, consequences = rules.cancel(appointment, by, now)
        await _free(tx, cancelled, now)
        await tables.change(tx, cancelled)
        off += with_invitation(consequences, cancelled, now)
    return off


async def _free(tx: AsyncConnection, appointment: Appointment, now: datetime) -> None:
    await slots.release(tx, appointment.appointment_id, now)
    await coverage.release(tx, appointment.appointment_id)


@dataclass(frozen=True, slots=True)
class Completion:
    """That an appointment took place, and on which day."""

    appointment_id: UUID
    held_on: date


async def complete_appointment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, completion: Completion, now: datetime
) -> Appointment:
    """Once: a second completion is refused, a repeated one (same idempotency key) gets the first answer."""

    async def decide(tx: AsyncConnection, standing: Standing) -> tuple[Appointment, Consequences]:
        held, consequences = rules.hold(standing.appointment, completion.held_on, now)
        request = standing.matter.request
        await requests.change(
            tx, request.model_copy(update={"state": after(request.state, HELD[held.kind]), "version": request.version + 1})
        )
        if held.kind == "session":
            consequences += await _no_longer_waiting(tx, held, now)
        return held, consequences + await _reached(tx, standing, held, now) + await _covered(tx, held, now)

    return await changing.change(db, journal, caller, key, completion.appointment_id, decide, now)


async def _no_longer_waiting(tx: AsyncConnection, held: Appointment, now: datetime) -> Consequences:
    """Who is in care is not offered others by a request that was never answered (S11)."""
    earlier = await requests.of_client(tx, held.client_id, held.programme)
    return await leave_requests(tx, earlier, UNANSWERED, now)


async def _reached(tx: AsyncConnection, standing: Standing, held: Appointment, now: datetime) -> Consequences:
    at = rules.held_at(held, standing.matter.client.zone)
    clock: Clock = "time_to_consultation" if held.kind == "consultation" else "time_to_first_session"
    return await episodes.reach(tx, standing.matter.episode, clock, at, now)


async def _covered(tx: AsyncConnection, held: Appointment, now: datetime) -> Consequences:
    """S13: consultations are not counted and have no terms."""
    if held.kind != "session" or held.held_on is None:
        return Consequences()
    _, events = await coverage.settle(
        tx,
        appointment_id=held.appointment_id,
        client_id=held.client_id,
        provider_id=held.provider_id,
        programme=held.programme,
        held_on=held.held_on,
        now=now,
    )
    return Consequences(tuple(events))


async def read_appointment(db: Database, caller: Principal, appointment_id: UUID) -> Appointment:
    async with db.begin() as tx:
        return changing.seen_by(caller, await tables.find(tx, appointment_id))


async def list_appointments(
    db: Database, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int
) -> Sequence[Appointment]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, provider_id, last, limit)
