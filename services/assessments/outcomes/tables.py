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


async def told_of(tx: AsyncConnection, episode_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], Told]:
    rows = await tx.execute(OF_EPISODES, {"episodes": list(episode_ids)})
    return {(row.episode_id, row.rule_set): Told(**row._mapping) for row in rows}


async def keep(tx: AsyncConnection, told: Sequence[Told], now: datetime) -> None:
    if told:
        await tx.exec_driver_sql(KEEP, (LISTS.dump_json(list(told)).decode(), now))
