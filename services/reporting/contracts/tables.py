"""`contract`: what was signed. `release_opening`: from when until when a recipient may get anything (C14).

An opening lasts for as long as contracts follow each other without a gap: `open_until` says so from the moment that they are recorded,
so the gate closes by itself when that time comes, whether or not anybody looks. A new contract never lengthens one that is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.contracts.rules import Contract, Terms
from reporting.schema import metadata

contract = sa.Table(
    "contract",
    metadata,
    sa.Column("contract_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), sa.ForeignKey("recipient.recipient_id"), nullable=False, index=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("legal_name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("obligations", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("delete_within_days", sa.Integer, nullable=False),
    sa.Column("breach_notice_hours", sa.Integer, nullable=False),
    sa.Column("audit_right", sa.Boolean, nullable=False),
    sa.Column("audit_every_months", sa.Integer, nullable=False),
    sa.Column("document_digest", sa.Text, nullable=False),
    moment("valid_from"),
    moment("valid_until"),
    sa.Column("recorded_by", pg.UUID(as_uuid=True), nullable=False),
    moment("recorded_at"),
    moment("ended_at", nullable=True),
    sa.Column("end_reason", sa.Text),
    sa.Column("ended_by", pg.UUID(as_uuid=True)),
    sa.CheckConstraint("audit_right", name="audit_right"),
    sa.CheckConstraint("valid_until > valid_from", name="validity"),
)

release_opening = sa.Table(
    "release_opening",
    metadata,
    sa.Column("opening_id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), sa.ForeignKey("recipient.recipient_id"), nullable=False, index=True),
    moment("opened_at"),
    sa.Column("opened_by", pg.UUID(as_uuid=True), nullable=False),
    moment("open_until"),
    moment("closed_at", nullable=True),
    sa.Column("closed_by", pg.UUID(as_uuid=True)),
    sa.Column("close_reason", sa.Text),
    sa.Index("release_opening_open_idx", "recipient_id", unique=True, postgresql_where=sa.text("closed_at is null")),
    sa.Index("release_opening_until_idx", "open_until", postgresql_where=sa.text("closed_at is null")),
    comment="closed_by: null where time ran out",
)

LOCK_CLASS = 0x0C14
"""A recipient's lock: shared by whatever is on its way to it, exclusive for closing. So nothing is under way once it is closed."""
ENTER = f"select pg_advisory_xact_lock_shared({LOCK_CLASS}, hashtext($1))"
SHUT_OUT = f"select pg_advisory_xact_lock({LOCK_CLASS}, hashtext($1))"

# $3: when what is released now is over. Contracts that follow each other without a gap are one opening.
IN_FORCE = """
select c.contract_id, o.open_until
  from release_opening o join recipient r using (recipient_id) join contract c using (recipient_id)
 where o.recipient_id = $1 and o.closed_at is null and o.opened_at <= $2 and o.open_until > $3
   and c.purpose = r.purpose and c.valid_from <= $2 and c.valid_until > $2 and c.ended_at is null
 order by c.valid_until desc limit 1"""

TERMS = ", ".join(Terms.model_fields)
COLUMNS = ", ".join(Contract.model_fields)
INSERT = f"""
insert into contract ({TERMS}, recorded_by, recorded_at)
values ({", ".join(f"${n}" for n in range(1, len(Terms.model_fields) + 3))}) on conflict (contract_id) do nothing returning contract_id"""

OPENINGS = "opening_id, recipient_id, opened_at, opened_by, open_until, closed_at, closed_by, close_reason"


@dataclass(frozen=True, slots=True)
class InForce:
    """`open_until`: by the service's clock. Not one byte leaves after it."""

    contract_id: UUID
    open_until: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    opening_id: UUID
    recipient_id: UUID
    opened_at: datetime
    opened_by: UUID
    open_until: datetime
    closed_at: datetime | None
    closed_by: UUID | None
    close_reason: str | None


async def in_force(tx: Connection, recipient_id: UUID, now: datetime, until: datetime) -> InForce | None:
    """Asked under the recipient's lock, by a statement of its own: the lock's was begun before it was held."""
    row = await tx.fetchrow(IN_FORCE, recipient_id, now, until)
    return InForce(**row) if row else None


async def enter(tx: Connection, recipient_id: UUID) -> None:
    """Until the transaction ends nobody closes."""
    await tx.execute(ENTER, str(recipient_id))


async def shut_out(tx: Connection, recipient_id: UUID) -> None:
    """When this returns nothing is on its way to the recipient, and nothing sets out until the transaction ends."""
    await tx.execute(SHUT_OUT, str(recipient_id))


async def insert(tx: Connection, made: Contract) -> bool:
    """Whether there was none under this id."""
    said = [getattr(made, name) for name in Terms.model_fields]
    return await tx.fetchval(INSERT, *said, made.recorded_by, made.recorded_at) is not None


async def contracts_of(tx: Connection, recipient_id: UUID) -> list[Contract]:
    rows = await tx.fetch(f"select {COLUMNS} from contract where recipient_id = $1 order by valid_from, contract_id", recipient_id)
    return [Contract.model_validate(dict(row)) for row in rows]


async def find(tx: Connection, recipient_id: UUID, contract_id: UUID) -> Contract | None:
    row = await tx.fetchrow(f"select {COLUMNS} from contract where recipient_id = $1 and contract_id = $2", recipient_id, contract_id)
    return Contract.model_validate(dict(row)) if row else None


async def every_contract(tx: Connection) -> list[Contract]:
    rows = await tx.fetch(f"select {COLUMNS} from contract order by recipient_id, valid_from desc, contract_id")
    return [Contract.model_validate(dict(row)) for row in rows]


async def every_opening(tx: Connection) -> list[Opening]:
    """The latest first."""
    return [Opening(**row) for row in await tx.fetch(f"select {OPENINGS} from release_opening order by opened_at desc, opening_id")]


async def openings_of(tx: Connection, recipient_id: UUID) -> Sequence[Opening]:
    """The latest first; the open one, if there is one, before all others."""
    order = "closed_at is not null, opened_at desc"
    rows = await tx.fetch(f"select {OPENINGS} from release_opening where recipient_id = $1 order by {order}", recipient_id)
    return [Opening(**row) for row in rows]


async def over(tx: Connection, by: datetime) -> list[Opening]:
    """Those whose time runs out by then and who are not closed yet."""
    rows = await tx.fetch(f"select {OPENINGS} from release_opening where closed_at is null and open_until <= $1", by)
    return [Opening(**row) for row in rows]
