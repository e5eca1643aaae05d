"""`outcome`: what was last told of each episode and rule set. What is shown is measured anew whenever somebody looks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.clients.tables import known_client
from assessments.schema import metadata
from common.schema import moment


@dataclass(frozen=True, slots=True)
class Told:
    """A version and what it gave, as in the event."""

    episode_id: UUID
    rule_set: str
    version: int
    measures: list[dict[str, Any]]
    baseline_response_ids: list[UUID]
    follow_up_response_ids: list[UUID]
    baseline_severity: str | None


outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("episode_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("rule_set", sa.Text, primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("measures", pg.JSONB, nullable=False),
    sa.Column("baseline_response_ids", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
    sa.Column("follow_up_response_ids", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
    sa.Column("baseline_severity", sa.Text),
    moment("measured_at"),
)
SHOWN = [outcome.c[name] for name in Told.__dataclass_fields__]
PUT = pg.insert(outcome)
KEEP = PUT.on_conflict_do_update(
    index_elements=[outcome.c.episode_id, outcome.c.rule_set],
    set_={column.name: PUT.excluded[column.name] for column in outcome.c if not column.primary_key},
)

# Not the client's row: planning locks that before assignments, and whoever completes a response has locked an assignment already.
LOCKED_ZONE = """
select pg_advisory_xact_lock(hashtextextended('outcomes ' || $1::uuid, 0)),
       (select time_zone from known_client where client_id = $1) as time_zone"""


async def lock_client(tx: AsyncConnection, client_id: UUID) -> str | None:
    """The client's time zone. Until the transaction ends nobody else measures this client; None for one that is not known."""
    zone: str | None = (await tx.exec_driver_sql(LOCKED_ZONE, (client_id,))).one().time_zone
    return zone


async def zone_of(tx: AsyncConnection, client_id: UUID) -> str | None:
    """The same without a lock, for looking."""
    zone: str | None = await tx.scalar(sa.select(known_client.c.time_zone).where(known_client.c.client_id == client_id))
    return zone


async def told_of(tx: AsyncConnection, episode_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], Told]:
    rows = await tx.execute(sa.select(*SHOWN).where(outcome.c.episode_id.in_(episode_ids)))
    return {(row.episode_id, row.rule_set): Told(**row._mapping) for row in rows}


async def keep(tx: AsyncConnection, client_id: UUID, told: Sequence[Told], now: datetime) -> None:
    if told:
        await tx.execute(KEEP, [{**asdict(one), "client_id": client_id, "measured_at": now} for one in told])
