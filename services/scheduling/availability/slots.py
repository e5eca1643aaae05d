"""A provider's slots, for whoever schedules: book, move, release, look. All inside the caller's transaction."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.scheduling import AppointmentKind
from common.problems import Problem
from scheduling.availability import rules, slot_tables, tables
from scheduling.availability.openings import next_open_at, recompute
from scheduling.availability.rules import LONGEST_HORIZON, Slot
from scheduling.availability.slot_tables import Cleared

__all__ = ["book", "minutes_of", "move", "next_open_at", "open_slots", "release"]


async def book(
    tx: AsyncConnection,
    *,
    provider_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    appointment_id: UUID,
    booked_by: UUID,
    hold_id: UUID | None = None,
    only_open: bool,
    now: datetime,
) -> None:
    """Raises Problem: `slot_taken`; `slot_not_open`, only with `only_open`; `hold_expired` where the hold is not theirs or of another
    time, or has run out and the time is gone meanwhile. What they hold themselves is given up for what they book."""
    wanted = rules.check_span(starts_at, ends_at)
    await slot_tables.lock_provider(tx, provider_id)
    cleared = await slot_tables.clear_holds(tx, provider_id, wanted, booked_by, now)
    if hold_id is not None:
        await _check_hold(tx, hold_id, cleared.get(hold_id), booked_by, wanted)
    kept = _kept(cleared.values(), booked_by, wanted, now)
    try:
        if only_open:
            await check_open(tx, provider_id, wanted, now, kept=kept)
        if not await slot_tables.insert_booked(tx, provider_id, wanted, appointment_id):
            raise rules.slot_taken()
    except Problem as gone:
        raise (gone if hold_id is None or kept else _hold_expired()) from None
    await recompute(tx, [provider_id], now)


async def move(
    tx: AsyncConnection,
    *,
    appointment_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    moved_by: UUID,
    only_open: bool,
    now: datetime,
) -> None:
    """With the same provider. Raises Problem like `book`, and `not_found` where nothing is booked for the appointment."""
    wanted = rules.check_span(starts_at, ends_at)
    provider_id, _ = await _booked(tx, appointment_id)
    await slot_tables.lock_provider(tx, provider_id)
    _, before = await _booked(tx, appointment_id)  # as it is now that nobody else moves it
    cleared = await slot_tables.clear_holds(tx, provider_id, wanted, moved_by, now)
    if only_open:
        await check_open(tx, provider_id, wanted, now, kept=_kept(cleared.values(), moved_by, wanted, now), besides=before)
    if not await slot_tables.put_elsewhere(tx, provider_id, appointment_id, wanted):
        raise rules.slot_taken()
    await recompute(tx, [provider_id], now)


async def release(tx: AsyncConnection, appointment_id: UUID, now: datetime) -> None:
    """Nothing where nothing is booked for it."""
    booked = await slot_tables.booked_for(tx, appointment_id)
    if booked:
        provider_id, _ = booked
        await slot_tables.lock_provider(tx, provider_id)
        await slot_tables.take_away(tx, appointment_id)
        await recompute(tx, [provider_id], now)


async def open_slots(
    tx: AsyncConnection, provider_id: UUID, *, kind: AppointmentKind, first: datetime, last: datetime, now: datetime
) -> list[Slot]:
    """Those that begin from `first` and before `last`. None of somebody who has never said when they are open."""
    first, last = max(first, now), min(last, now + LONGEST_HORIZON)
    if first >= last or provider_id not in (found := await tables.calendars(tx, [provider_id], first, last, now)):
        return []
    calendar, _ = found[provider_id]
    return list(rules.open_slots(calendar, calendar.terms.minutes(kind), first, last, now))


async def minutes_of(tx: AsyncConnection, provider_id: UUID, kind: AppointmentKind) -> int:
    """How long an appointment of this kind is with this provider."""
    terms, _ = await tables.find_terms(tx, provider_id)
    return terms.minutes(kind)


async def check_open(
    tx: AsyncConnection, provider_id: UUID, wanted: Slot, now: datetime, *, kept: bool = False, besides: Slot | None = None
) -> None:
    """Raises Problem. What was `kept` for them may have come nearer than others may book; `besides` is given up for it."""
    found = await tables.calendars(tx, [provider_id], wanted.starts_at, wanted.ends_at, now)
    if provider_id not in found:
        raise rules.slot_not_open()
    calendar, _ = found[provider_id]
    terms = calendar.terms.model_copy(update={"lead_minutes": 0}) if kept else calendar.terms
    busy = [taken for taken in calendar.busy if taken != besides]
    rules.check_open(replace(calendar, terms=terms, busy=busy), wanted, now)


async def _booked(tx: AsyncConnection, appointment_id: UUID) -> tuple[UUID, Slot]:
    booked = await slot_tables.booked_for(tx, appointment_id)
    if booked is None:
        raise Problem("not_found", "Nothing is booked for this appointment.")
    return booked


async def _check_hold(tx: AsyncConnection, hold_id: UUID, cleared: Cleared | None, own: UUID, wanted: Slot) -> None:
    """Raises Problem where it is not theirs, or not of this time and provider. One that is gone by now did no harm."""
    if cleared and (cleared.held_by, cleared.starts_at) != (own, wanted.starts_at):
        raise _hold_expired()
    if cleared is None and await slot_tables.find_hold(tx, hold_id):
        raise _hold_expired()


def _kept(cleared: Collection[Cleared], own: UUID, wanted: Slot, now: datetime) -> bool:
    return any(hold.held_by == own and hold.starts_at == wanted.starts_at and hold.expires_at > now for hold in cleared)


def _hold_expired() -> Problem:
    return Problem("hold_expired", "You no longer hold this time. Choose one again.", field="hold_id", rule="S6")
