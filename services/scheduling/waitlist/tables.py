"""`served_state`: where the network operates. `waitlist_entry`: who waits for it elsewhere."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.schema import metadata
from scheduling.waitlist.rules import ServedState, WaitlistEntry

served_state = sa.Table(
    "served_state",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    moment("told_at"),
    moment("opens_at"),
    sa.Column("told", sa.Integer, nullable=False),
)

waitlist_entry = sa.Table(
    "waitlist_entry",
    metadata,
    sa.Column("entry_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("joined_at"),
    moment("invited_at", nullable=True),
    sa.UniqueConstraint("client_id", "state"),
    sa.Index("waitlist_entry_state_idx", "state", "joined_at"),
)


async def find_state(tx: AsyncConnection, state: str) -> ServedState | None:
    row = (await tx.execute(sa.select(served_state).where(served_state.c.state == state))).one_or_none()
    return ServedState.model_validate(row, from_attributes=True) if row else None


async def list_states(tx: AsyncConnection) -> list[ServedState]:
    rows = await tx.execute(sa.select(served_state).order_by(served_state.c.state))
    return [ServedState.model_validate(row, from_attributes=True) for row in rows]


async def keep_state(tx: AsyncConnection, kept: ServedState) -> None:
    await tx.execute(sa.insert(served_state).values(kept.model_dump()))


async def drop_state(tx: AsyncConnection, state: str) -> bool:
    return (await tx.execute(sa.delete(served_state).where(served_state.c.state == state))).rowcount == 1


async def one_at_a_time(tx: AsyncConnection, state: str) -> None:
    """Joining and opening exclude each other, also before the state's row exists: nobody joins unseen while it opens."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"waitlist {state}"))))


async def find_entry(tx: AsyncConnection, client_id: UUID, state: str) -> WaitlistEntry | None:
    wanted = sa.select(waitlist_entry).where(waitlist_entry.c.client_id == client_id, waitlist_entry.c.state == state)
    row = (await tx.execute(wanted)).one_or_none()
    return WaitlistEntry.model_validate(row, from_attributes=True) if row else None


async def insert_entry(tx: AsyncConnection, added: WaitlistEntry) -> None:
    await tx.execute(sa.insert(waitlist_entry).values(added.model_dump()))


async def waiting(tx: AsyncConnection, state: str) -> list[WaitlistEntry]:
    """Whoever has not been told, the first to join first."""
    wanted = sa.select(waitlist_entry).where(waitlist_entry.c.state == state, waitlist_entry.c.invited_at.is_(None))
    rows = await tx.execute(wanted.order_by(waitlist_entry.c.joined_at, waitlist_entry.c.entry_id))
    return [WaitlistEntry.model_validate(row, from_attributes=True) for row in rows]


async def mark_invited(tx: AsyncConnection, state: str, now: datetime) -> None:
    columns = waitlist_entry.c
    await tx.execute(sa.update(waitlist_entry).where(columns.state == state, columns.invited_at.is_(None)).values(invited_at=now))


async def list_after(tx: AsyncConnection, client_id: UUID | None, state: str | None, last: UUID, limit: int) -> list[WaitlistEntry]:
    columns = waitlist_entry.c
    wanted = sa.select(waitlist_entry).where(columns.entry_id > last).order_by(columns.entry_id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(columns.client_id == client_id)
    if state is not None:
        wanted = wanted.where(columns.state == state)
    return [WaitlistEntry.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
