"""`correction`: what a client wants corrected, with its texts sealed; `correction_history`, which only grows; `correction_delivery`: what
other services are still to be handed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from consent.corrections.rules import Correction, OnBehalf, State, Wish
from consent.documents.sealing import DocumentKey, Sealed
from consent.schema import metadata

SEALED = ("reason", "disagreement", "rebuttal")

correction = sa.Table(
    "correction",
    metadata,
    sa.Column("correction_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("record_table", sa.Text, nullable=False),
    sa.Column("record_id", pg.UUID(as_uuid=True)),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("wanted", sa.Text),
    sa.Column("reason_key", pg.BYTEA, nullable=False),
    sa.Column("reason", pg.BYTEA, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("asked_at"),
    sa.Column("staff_id", pg.UUID(as_uuid=True)),
    sa.Column("asked_by", sa.Text),
    sa.Column("identity_check", sa.Text),
    moment("due_at"),
    moment("warned_at", nullable=True),
    moment("extended_at", nullable=True),
    sa.Column("extension_reason", sa.Text),
    moment("decided_at", nullable=True),
    sa.Column("decided_by", pg.UUID(as_uuid=True)),
    sa.Column("ground", sa.Text),
    sa.Column("fault", sa.Text),
    moment("applied_at", nullable=True),
    sa.Column("disagreement_key", pg.BYTEA),
    sa.Column("disagreement", pg.BYTEA),
    moment("disagreed_at", nullable=True),
    sa.Column("rebuttal_key", pg.BYTEA),
    sa.Column("rebuttal", pg.BYTEA),
    moment("rebutted_at", nullable=True),
    sa.CheckConstraint("state in ('open', 'accepted', 'applied', 'refused', 'withdrawn')", name="state"),
    sa.CheckConstraint("(state = 'refused') = (ground is not null)", name="ground"),
    sa.Index("correction_open_idx", "due_at", postgresql_where=sa.text("state in ('open', 'accepted')")),
)

correction_history = sa.Table(
    "correction_history",
    metadata,
    sa.Column("history_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("correction_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("by", pg.UUID(as_uuid=True)),
    moment("at"),
)

correction_delivery = sa.Table(
    "correction_delivery",
    metadata,
    sa.Column("correction_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_at", filled=True),
    moment("done_at", nullable=True),
    sa.Index("correction_delivery_open_idx", "next_at", postgresql_where=sa.text("done_at is null")),
)

What = Literal[
    "asked", "warned", "extended", "overdue", "accepted", "applied", "not_taken", "refused", "withdrawn", "disagreed", "rebutted"
]
FREE_LOCK = "select * from correction where correction_id = any($1::uuid[]) for update skip locked"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a correction's history. `detail` is a code."""

    what: What
    detail: str | None
    by: UUID | None
    at: datetime


def about(correction_id: UUID, text: str) -> bytes:
    return f"correction {correction_id} {text}".encode()


def sealed(key: DocumentKey, correction_id: UUID, name: str, text: str) -> dict[str, bytes]:
    """The two columns of a text."""
    found = key.seal(text.encode(), about(correction_id, name))
    return {f"{name}_key": found.key, name: found.content}


def opened(key: DocumentKey, row: Any) -> dict[str, str | None]:
    """The sealed texts of a row, in plain."""

    def text(name: str) -> str | None:
        if row[name] is None:
            return None
        return key.open(Sealed(row[f"{name}_key"], row[name], ""), about(row["correction_id"], name)).decode()

    return {name: text(name) for name in SEALED}


def to_correction(key: DocumentKey, row: Any) -> Correction:
    texts = opened(key, row)
    names = ("service", "record_table", "record_id", "field", "wanted")
    wish = Wish(**{name: row[name] for name in names}, reason=texts["reason"] or "")
    staff = {name: row[name] for name in OnBehalf.model_fields}
    kept = {name: row[name] for name in Correction.model_fields if name in row and name not in texts}
    return Correction(
        **kept,
        wish=wish,
        on_behalf=OnBehalf(**staff) if row["staff_id"] else None,
        disagreement=texts["disagreement"],
        rebuttal=texts["rebuttal"],
    )


async def insert(tx: AsyncConnection, key: DocumentKey, new: Correction) -> bool:
    """False where it was asked for under this id before."""
    kept = new.model_dump(exclude={"wish", "on_behalf", "disagreement", "rebuttal"})
    wish, staff = new.wish.model_dump(exclude={"reason"}), new.on_behalf.model_dump() if new.on_behalf else {}
    values = kept | wish | staff | sealed(key, new.correction_id, "reason", new.wish.reason)
    result = await tx.execute(pg.insert(correction).values(values).on_conflict_do_nothing())
    return result.rowcount == 1


async def change(tx: AsyncConnection, correction_id: UUID, **values: Any) -> None:
    await tx.execute(sa.update(correction).where(correction.c.correction_id == correction_id).values(values))


async def find(tx: AsyncConnection, key: DocumentKey, correction_id: UUID, *, lock: bool = False) -> Correction | None:
    wanted = sa.select(correction).where(correction.c.correction_id == correction_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).mappings().one_or_none()
    return to_correction(key, row) if row else None


async def of_client(tx: AsyncConnection, key: DocumentKey, client_id: UUID) -> list[Correction]:
    """The newest first."""
    c = correction.c
    found = await tx.execute(sa.select(correction).where(c.client_id == client_id).order_by(c.asked_at.desc(), c.correction_id))
    return [to_correction(key, row) for row in found.mappings()]


async def for_office(tx: AsyncConnection, key: DocumentKey, since: datetime, limit: int) -> list[Correction]:
    """What is open, what ends first before the others; then what was decided since."""
    c = correction.c
    is_open = c.state.in_([State.OPEN, State.ACCEPTED])
    wanted = sa.select(correction).where(is_open | (c.decided_at >= since)).order_by(is_open.desc(), c.due_at, c.correction_id).limit(limit)
    return [to_correction(key, row) for row in (await tx.execute(wanted)).mappings()]


async def lock_free(tx: AsyncConnection, correction_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """Client and state of those that nobody else holds."""
    rows = (await tx.exec_driver_sql(FREE_LOCK, (list(correction_ids),))).mappings()
    return {row["correction_id"]: (row["client_id"], row["state"]) for row in rows}


async def note(
    tx: AsyncConnection, of: Correction, what: What, now: datetime, *, by: UUID | None = None, detail: str | None = None
) -> None:
    await note_by_id(tx, of.correction_id, of.client_id, Line(what, detail, by, now))


async def note_by_id(tx: AsyncConnection, correction_id: UUID, client_id: UUID, line: Line) -> None:
    values = {
        "correction_id": correction_id,
        "client_id": client_id,
        "what": line.what,
        "detail": line.detail,
        "by": line.by,
        "at": line.at,
    }
    await tx.execute(sa.insert(correction_history).values(values))


async def history_of(tx: AsyncConnection, correction_ids: Sequence[UUID]) -> dict[UUID, list[Line]]:
    """The oldest first."""
    c = correction_history.c
    rows = await tx.execute(sa.select(correction_history).where(c.correction_id.in_(correction_ids)).order_by(c.history_id))
    found: dict[UUID, list[Line]] = {correction_id: [] for correction_id in correction_ids}
    for row in rows:
        found[row.correction_id].append(Line(row.what, row.detail, row.by, row.at))
    return found
