"""`outcome`: what was last told of each episode and rule set. What is shown is measured anew whenever somebody looks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
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
    client_id: UUID
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
SHOWN = [outcome.c[field.name] for field in fields(Told)]
OF_EPISODES = sa.select(*SHOWN).where(outcome.c.episode_id == sa.any_(sa.bindparam("episodes", type_=pg.ARRAY(pg.UUID(as_uuid=True)))))

COLUMNS = "client_id, version, measures, baseline_response_ids, follow_up_response_ids, baseline_severity"
KEEP = f"""
insert into outcome (episode_id, rule_set, {COLUMNS}, measured_at)
select episode_id, rule_set, {COLUMNS}, $2::timestamptz from jsonb_populate_recordset(null::outcome, $1::text::jsonb)
on conflict (episode_id, rule_set) do update
   set version = excluded.version, measures = excluded.measures, baseline_response_ids = excluded.baseline_response_ids,
       follow_up_response_ids = excluded.follow_up_response_ids, baseline_severity = excluded.baseline_severity,
       measured_at = excluded.measured_at"""
LISTS = TypeAdapter(list[Told])

# Not the client's row: planning locks that before assignments, and whoever completes a response has locked an assignment already.
LOCKED_ZONE = """
select pg_advisory_xact_lock(hashtextextended('outcomes ' || $1::uuid, 0)),
       (select time_zone from known_client where client_id = $1 and exists (select from care_visit where client_id = $1)) as time_zone"""
LOCK_ALL = """
select pg_advisory_xact_lock(hashtextextended('outcomes ' || client_id, 0)) from (select unnest($1::uuid[]) as client_id order by 1) as c"""


async def lock_client(tx: AsyncConnection, client_id: UUID) -> str | None:
    """The client's time zone. Until the transaction ends nobody else measures this client.

    None for a client without an appointment, of whom there is nothing to measure. One that is told of at this very moment, behind the
    lock, is not seen yet; it marks its client, who is measured again (assignments/planning.py).
    """
    zone: str | None = (await tx.exec_driver_sql(LOCKED_ZONE, (client_id,))).one().time_zone
    return zone


async def lock_clients(tx: AsyncConnection, client_ids: Collection[UUID]) -> None:
    """In one order, so that no two wait for each other."""
    await tx.exec_driver_sql(LOCK_ALL, (list(client_ids),))


async def zone_of(tx: AsyncConnection, client_id: UUID) -> str | None:
    """The same without a lock, for looking."""
    zone: str | None = await tx.scalar(sa.select(known_client.c.time_zone).where(known_client.c.client_id == client_id))
    return zone


async def told_of(tx: AsyncConnection, episode_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], Told]:
    rows = await tx.execute(OF_EPISODES, {"episodes": list(episode_ids)})
    return {(row.episode_id, row.rule_set): Told(**row._mapping) for row in rows}


async def keep(tx: AsyncConnection, told: Sequence[Told], now: datetime) -> None:
    if told:
        await tx.exec_driver_sql(KEEP, (LISTS.dump_json(list(told)).decode(), now))
