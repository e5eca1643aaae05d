"""What can be done about availability: say when one is open, make exceptions, look, hold a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.scheduling import AppointmentKind
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.availability import rules, slot_tables, slots, tables
from scheduling.availability.openings import recompute
from scheduling.availability.rules import DAY, HOLD_TIME, LIVE_HOLDS, MINUTE, Exceptional, Hold, Slot, Terms, Weekly
from scheduling.geography import check_zone
from scheduling.providers import tables as providers


@dataclass(frozen=True, slots=True)
class Availability:
    """All that a provider has said. Version 0: nothing yet."""

    provider_id: UUID
    terms: Terms
    weekly: Sequence[Weekly]
    exceptions: Mapping[UUID, Exceptional]
    version: int


async def set_availability(
    db: Database, provider_id: UUID, terms: Terms, weekly: Sequence[Weekly], on_version: int | None, now: datetime
) -> Availability:
    """Replaces the hours; exceptions and what is booked stay. Raises Problem where somebody else has changed them since."""
    check_zone(terms.time_zone)
    rules.check_weekly(weekly)
    async with db.begin() as tx:
        if not await providers.exists(tx, provider_id):
            raise Problem("unknown_provider", "No such provider.", field="provider_id")
        await slot_tables.lock_provider(tx, provider_id)
        before = await _read(tx, provider_id, now)
        if on_version not in (None, before.version):
            raise Problem("state_changed", "The hours have been changed meanwhile. Look at them again.", field="If-Match")
        await tables.put_terms(tx, provider_id, terms, before.version + 1, weekly)
        await recompute(tx, [provider_id], now)
        return await _read(tx, provider_id, now)


async def read_availability(db: Database, provider_id: UUID, now: datetime) -> Availability:
    async with db.begin() as tx:
        return await _read(tx, provider_id, now)


async def _read(tx: AsyncConnection, provider_id: UUID, now: datetime) -> Availability:
    """Exceptions of days that are over everywhere are left out."""
    terms, version = await tables.find_terms(tx, provider_id)
    weekly, exceptions = await tables.weekly_of(tx, provider_id), await tables.exceptions_of(tx, provider_id, (now - DAY).date())
    return Availability(provider_id, terms, weekly, exceptions, version)


async def add_exception(db: Database, provider_id: UUID, exception_id: UUID, added: Exceptional, now: datetime) -> None:
    """What is booked on a day that is closed stays booked."""
    async with db.begin() as tx:
        if not await providers.exists(tx, provider_id):
            raise Problem("unknown_provider", "No such provider.", field="provider_id")
        await slot_tables.lock_provider(tx, provider_id)
        if not await tables.insert_exception(tx, provider_id, exception_id, added):
            raise Problem("already_exists", "There is an exception with this id.", field="exception_id")
        await recompute(tx, [provider_id], now)


async def remove_exception(db: Database, provider_id: UUID, exception_id: UUID, now: datetime) -> None:
    async with db.begin() as tx:
        await slot_tables.lock_provider(tx, provider_id)
        if not await tables.delete_exception(tx, provider_id, exception_id):
            raise Problem("not_found", "There is nothing here that you may see.")
        await recompute(tx, [provider_id], now)


class OpenSlots(BaseModel):
    """`time_zone` is the provider's; the instants are in UTC."""

    provider_id: UUID
    kind: AppointmentKind
    minutes: int
    time_zone: str
    items: list[Slot]


async def list_open_slots(
    db: Database, provider_id: UUID, kind: AppointmentKind, first: datetime, last: datetime, now: datetime
) -> OpenSlots:
    async with db.begin() as tx:
        terms, _ = await tables.find_terms(tx, provider_id)
        items = await slots.open_slots(tx, provider_id, kind=kind, first=first, last=last, now=now)
        return OpenSlots(provider_id=provider_id, kind=kind, minutes=terms.minutes(kind), time_zone=terms.time_zone, items=items)


@dataclass(frozen=True, slots=True)
class Wish:
    """A time that a client would like to hold."""

    provider_id: UUID
    kind: AppointmentKind
    starts_at: datetime


async def hold_slot(db: Database, caller: Principal, key: IdempotencyKey, wish: Wish, now: datetime) -> Hold:
    """An open one only. Raises Problem where it is taken or not open, or they hold as many as they may."""

    async def work(tx: AsyncConnection) -> Hold:
        await slot_tables.lock_client(tx, caller.id)
        await slot_tables.lock_provider(tx, wish.provider_id)
        length = await slots.minutes_of(tx, wish.provider_id, wish.kind) * MINUTE
        wanted = rules.check_span(wish.starts_at, wish.starts_at + length)
        await slot_tables.clear_holds(tx, wish.provider_id, wanted, caller.id, now)
        if await slot_tables.live_holds(tx, caller.id, now) >= LIVE_HOLDS:
            raise Problem("wrong_state", f"You hold {LIVE_HOLDS} times already. Book one, or let it go.", state="holding", rule="S6")
        await slots.check_open(tx, wish.provider_id, wanted, now)
        hold = Hold(hold_id=uuid4(), provider_id=wish.provider_id, expires_at=now + HOLD_TIME, **wanted.model_dump())
        if not await slot_tables.insert_held(tx, hold, caller.id):
            raise rules.slot_taken()
        await recompute(tx, [wish.provider_id], now)
        return hold

    return await once(db, caller, key, Hold, work)


async def let_go(db: Database, caller: Principal, hold_id: UUID, now: datetime) -> None:
    """Raises Problem alike where there is none and where it is somebody else's."""
    async with db.begin() as tx:
        found = await slot_tables.find_hold(tx, hold_id)
        if found is None or found[0] != caller.id:
            raise Problem("not_found", "There is nothing here that you may see.")
        _, provider_id = found
        await slot_tables.lock_provider(tx, provider_id)
        await slot_tables.delete_hold(tx, hold_id)
        await recompute(tx, [provider_id], now)
