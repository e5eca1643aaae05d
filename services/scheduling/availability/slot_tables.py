"""`slot`: what of a provider's time is held or booked, never twice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.availability.rules import Hold, Slot
from scheduling.schema import metadata

NO_OVERLAP = "slot_provider_id_during_excl"

slot = sa.Table(
    "slot",
    metadata,
    sa.Column("slot_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("during", pg.TSTZRANGE, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("held_by", pg.UUID(as_uuid=True)),
    moment("hold_expires_at", nullable=True),
    sa.Column("appointment_id", pg.UUID(as_uuid=True), unique=True),
    # Expired holds are in its way as well: whoever books removes them first.
    pg.ExcludeConstraint(("provider_id", "="), ("during", "&&"), name=NO_OVERLAP, using="gist"),
    sa.CheckConstraint("not isempty(during) and not lower_inf(during) and not upper_inf(during)", name="during"),
    sa.CheckConstraint(
        "case state when 'held' then held_by is not null and hold_expires_at is not null and appointment_id is null"
        " when 'booked' then appointment_id is not null and held_by is null and hold_expires_at is null else false end",
        name="state",
    ),
    sa.Index("slot_held_by_idx", "held_by", postgresql_where=sa.text("state = 'held'")),
)
sa.event.listen(slot, "before_create", sa.DDL("create extension if not exists btree_gist"))  # type: ignore[no-untyped-call]

OF_PROVIDER, OF_CLIENT = 0x510A, 0x510B
"""The classes of the advisory locks."""
LOCK = sa.text("select pg_advisory_xact_lock(:of, hashtext(:id))")


async def lock_provider(tx: AsyncConnection, provider_id: UUID) -> None:
    """Until the commit nobody else changes when this provider is open.

    The exclusion constraint keeps bookings apart, but not their buffers, nor the next opening true. One provider a transaction, and
    before any row of `slot` is touched: nobody waits in a circle, which statements against the constraint alone do (bench/README.md).
    """
    await tx.execute(LOCK, {"of": OF_PROVIDER, "id": str(provider_id)})


async def lock_client(tx: AsyncConnection, client_id: UUID) -> None:
    """For counting a client's holds. Always before the provider's lock."""
    await tx.execute(LOCK, {"of": OF_CLIENT, "id": str(client_id)})


async def insert_held(tx: AsyncConnection, hold: Hold, held_by: UUID) -> bool:
    more = {"state": "held", "held_by": held_by, "hold_expires_at": hold.expires_at}
    return await _insert(tx, hold.provider_id, hold, slot_id=hold.hold_id, **more)


async def insert_booked(tx: AsyncConnection, provider_id: UUID, wanted: Slot, appointment_id: UUID) -> bool:
    return await _insert(tx, provider_id, wanted, slot_id=uuid4(), state="booked", appointment_id=appointment_id)


async def _insert(tx: AsyncConnection, provider_id: UUID, wanted: Slot | Hold, **more: object) -> bool:
    """False where something is in its way: said by the constraint, without an error that would end the transaction."""
    row = {"provider_id": provider_id, "during": pg.Range(wanted.starts_at, wanted.ends_at), **more}
    result = await tx.execute(pg.insert(slot).values(row).on_conflict_do_nothing(constraint=NO_OVERLAP))
    return result.rowcount == 1


@dataclass(frozen=True, slots=True)
class Cleared:
    """A hold that was taken away."""

    held_by: UUID
    starts_at: datetime
    expires_at: datetime


async def clear_holds(tx: AsyncConnection, provider_id: UUID, wanted: Slot, own: UUID, now: datetime) -> dict[UUID, Cleared]:
    """Takes away what is in the way of `own` and need not be: expired holds, and their own."""
    columns = slot.c
    statement = sa.delete(slot).where(
        columns.provider_id == provider_id,
        columns.during.overlaps(pg.Range(wanted.starts_at, wanted.ends_at)),
        columns.state == "held",
        sa.or_(columns.hold_expires_at <= now, columns.held_by == own),
    )
    rows = await tx.execute(statement.returning(columns.slot_id, columns.held_by, columns.during, columns.hold_expires_at))
    return {row.slot_id: Cleared(row.held_by, row.during.lower, row.hold_expires_at) for row in rows}


async def purge_holds(tx: AsyncConnection, provider_ids: Collection[UUID], now: datetime) -> None:
    columns = slot.c
    await tx.execute(sa.delete(slot).where(columns.provider_id.in_(provider_ids), columns.hold_expires_at <= now))


async def find_hold(tx: AsyncConnection, hold_id: UUID) -> tuple[UUID, UUID] | None:
    """Whose it is, and with which provider."""
    row = (await tx.execute(sa.select(slot.c.held_by, slot.c.provider_id).where(slot.c.slot_id == hold_id, slot.c.state == "held"))).first()
    return (row.held_by, row.provider_id) if row else None


async def delete_hold(tx: AsyncConnection, hold_id: UUID) -> None:
    await tx.execute(sa.delete(slot).where(slot.c.slot_id == hold_id, slot.c.state == "held"))


async def live_holds(tx: AsyncConnection, held_by: UUID, now: datetime) -> int:
    wanted = sa.select(sa.func.count()).where(slot.c.held_by == held_by, slot.c.state == "held", slot.c.hold_expires_at > now)
    return await tx.scalar(wanted) or 0


async def booked_for(tx: AsyncConnection, appointment_id: UUID) -> tuple[UUID, Slot] | None:
    """With whom, and when."""
    row = (await tx.execute(sa.select(slot.c.provider_id, slot.c.during).where(slot.c.appointment_id == appointment_id))).first()
    return (row.provider_id, Slot(starts_at=row.during.lower, ends_at=row.during.upper)) if row else None


async def take_away(tx: AsyncConnection, appointment_id: UUID) -> None:
    await tx.execute(sa.delete(slot).where(slot.c.appointment_id == appointment_id))


async def put_elsewhere(tx: AsyncConnection, provider_id: UUID, appointment_id: UUID, wanted: Slot) -> bool:
    """False where something is in its way. An update that ran into the constraint would be an error."""
    during = pg.Range(wanted.starts_at, wanted.ends_at)
    other = slot.alias()
    in_its_way = sa.exists().where(
        other.c.provider_id == provider_id, other.c.during.overlaps(during), other.c.appointment_id.is_distinct_from(appointment_id)
    )
    moved = sa.update(slot).where(slot.c.appointment_id == appointment_id, ~in_its_way).values(during=during)
    return (await tx.execute(moved)).rowcount == 1
