"""`legal_demand`: the cases (C7); `legal_demand_history`: what happened to them; `legal_suspension`: why the client is not told yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.privacy import Scope
from common.db import Connection
from common.schema import moment
from consent.legal_demands.rules import Content
from consent.legal_demands.states import Demand, State, Suspension
from consent.schema import metadata

legal_demand = sa.Table(
    "legal_demand",
    metadata,
    sa.Column("demand_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("law", sa.Text),
    sa.Column("authority_name", sa.Text, nullable=False),
    sa.Column("authority_address", sa.Text),
    sa.Column("identity_evidence", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    moment("received_at"),
    moment("respond_by"),
    sa.Column("statements", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("categories", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("since", sa.Date),
    sa.Column("until", sa.Date),
    sa.Column("programme", sa.Text),
    sa.Column("minimum_necessary", sa.Text, nullable=False),
    sa.Column("document_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("assurance_document_id", pg.UUID(as_uuid=True)),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("authors", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
    moment("recorded_at"),
    sa.Column("approved_by", pg.UUID(as_uuid=True)),
    moment("approved_at", nullable=True),
    sa.Column("collection_id", pg.UUID(as_uuid=True)),
    sa.Column("closed_by", pg.UUID(as_uuid=True)),
    moment("closed_at", nullable=True),
    sa.Column("ground", sa.Text),
    moment("tell_client_from", nullable=True),
    moment("client_told_at", nullable=True),
    # The rule is in the code; here it is once more, for whoever writes past it.
    sa.CheckConstraint("approved_by is null or not approved_by = any (authors)", name="second_officer"),
    sa.CheckConstraint("state not in ('approved', 'released') or approved_by is not null", name="approved"),
    sa.CheckConstraint("cardinality(categories) > 0", name="scope"),
    sa.Index("legal_demand_open_idx", "respond_by", postgresql_where=sa.text("state in ('recorded', 'approved')")),
)

legal_demand_history = sa.Table(
    "legal_demand_history",
    metadata,
    sa.Column("history_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("demand_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    moment("at"),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("by", pg.UUID(as_uuid=True)),
    sa.Column("detail", sa.Text),
)

legal_suspension = sa.Table(
    "legal_suspension",
    metadata,
    sa.Column("suspension_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("demand_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("stated_by", sa.Text, nullable=False),
    moment("stated_at"),
    moment("until"),
    sa.Column("statement", sa.Text),
    sa.Column("document_id", pg.UUID(as_uuid=True)),
    sa.Column("recorded_by", pg.UUID(as_uuid=True), nullable=False),
    moment("recorded_at"),
)

OF_CONTENT = [name for name in Content.model_fields if name != "scope"]
OF_SCOPE = list(Scope.model_fields)
OF_DEMAND = [name for name in Demand.__slots__ if name != "content"]

RELEASES = """
select a.attempt_id, a.demand_id, a.attempted_at as released_at, a.recipient_name, a.recipient_address, a.categories, a.records,
       'legal_demand' as purpose, a.legal_basis, a.document_id, a.outcome, a.reason
  from legal_release_attempt a join legal_demand d using (demand_id)
 where d.client_id = $1 and ($3 or d.tell_client_from <= $2)
 order by a.attempted_at, a.attempt_id"""


async def releases_of(tx: Connection, client_id: UUID, now: datetime, *, hidden: bool) -> Sequence[Any]:
    """Every attempt, for the accounting. `hidden`: also what the client is not to be told yet (45 CFR 164.528(a)(2))."""
    return await tx.fetch(RELEASES, client_id, now, hidden)


def _demand(row: sa.Row[Any]) -> Demand:
    found = row._mapping
    scope = Scope.model_validate({name: found[name] for name in OF_SCOPE})
    content = Content.model_validate({name: found[name] for name in OF_CONTENT} | {"scope": scope})
    return Demand(content=content, **({name: found[name] for name in OF_DEMAND} | {"state": State(row.state)}))


def _values(demand: Demand) -> dict[str, Any]:
    content = demand.content
    return {
        **{name: getattr(demand, name) for name in OF_DEMAND},
        **{name: getattr(content, name) for name in OF_CONTENT},
        **{name: getattr(content.scope, name) for name in OF_SCOPE},
        "statements": list(content.statements),
        "categories": list(content.scope.categories),
        "authors": list(demand.authors),
    }


async def insert(tx: AsyncConnection, demand: Demand) -> None:
    await tx.execute(sa.insert(legal_demand).values(_values(demand)))


async def save(tx: AsyncConnection, demand: Demand) -> None:
    """Its row is locked by this transaction."""
    await tx.execute(sa.update(legal_demand).where(legal_demand.c.demand_id == demand.demand_id).values(_values(demand)))


async def find(tx: AsyncConnection, demand_id: UUID, *, lock: bool = False, unless_busy: bool = False) -> Demand | None:
    """`unless_busy`: None as well where somebody else has it under way."""
    wanted = sa.select(legal_demand).where(legal_demand.c.demand_id == demand_id)
    if lock or unless_busy:
        wanted = wanted.with_for_update(skip_locked=unless_busy)
    row = (await tx.execute(wanted)).one_or_none()
    return _demand(row) if row else None


async def list_in(tx: AsyncConnection, states: Sequence[State], last: UUID, limit: int) -> list[Demand]:
    """By id, for paging."""
    columns = legal_demand.c
    wanted = sa.select(legal_demand).where(columns.state.in_(states), columns.demand_id > last).order_by(columns.demand_id).limit(limit)
    return [_demand(row) for row in await tx.execute(wanted)]


async def latest(tx: AsyncConnection, limit: int = 200) -> list[Demand]:
    """For the officer: what is open first, by its deadline; then what was decided last."""
    columns = legal_demand.c
    order = (columns.closed_at.desc().nulls_first(), columns.respond_by, columns.demand_id)
    return [_demand(row) for row in await tx.execute(sa.select(legal_demand).order_by(*order).limit(limit))]


async def note(tx: AsyncConnection, demand_id: UUID, at: datetime, what: str, by: UUID | None = None, detail: str | None = None) -> None:
    await tx.execute(sa.insert(legal_demand_history).values(demand_id=demand_id, at=at, what=what, by=by, detail=detail))


async def history_of(tx: AsyncConnection, demand_id: UUID) -> Sequence[sa.Row[Any]]:
    columns = legal_demand_history.c
    return (await tx.execute(sa.select(legal_demand_history).where(columns.demand_id == demand_id).order_by(columns.history_id))).all()


async def insert_suspension(tx: AsyncConnection, suspension: Suspension) -> None:
    await tx.execute(sa.insert(legal_suspension).values(suspension.model_dump()))


async def suspensions_of(tx: AsyncConnection, demand_id: UUID) -> list[Suspension]:
    wanted = sa.select(legal_suspension).where(legal_suspension.c.demand_id == demand_id).order_by(legal_suspension.c.recorded_at)
    return [Suspension.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
