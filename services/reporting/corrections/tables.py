"""`data_correction`: what became of a record that somebody may have; `data_correction_notice`: which recipients have it, and are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.corrections import ClientCorrected
from common.db import Connection
from common.schema import moment
from reporting.resources.expressions import OWN_ID, resource_id
from reporting.schema import metadata

data_correction = sa.Table(
    "data_correction",
    metadata,
    sa.Column("correction_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record_id", pg.UUID(as_uuid=True)),
    sa.Column("fields", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("ground", sa.Text),
    moment("decided_at"),
    sa.CheckConstraint("kind in ('corrected', 'amended', 'disputed')", name="kind"),
)

data_correction_notice = sa.Table(
    "data_correction_notice",
    metadata,
    sa.Column("correction_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), primary_key=True, index=True),
    sa.Column("tokens", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
    moment("queued_at", filled=True),
    moment("told_at", nullable=True),
    moment("acknowledged_at", nullable=True),
)

KEEP = """
insert into data_correction (correction_id, client_id, kind, record_id, fields, ground, decided_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning true"""

CORRECT_CLIENTS = """
update record r
   set body = r.body || jsonb_build_object('birthYear', c.birth_year, 'gender', c.sex, 'state', c.state), changed_at = now()
  from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) as c(client_id, birth_year, sex, state)
 where r.record_id = c.client_id and r.client_id = c.client_id"""

DISPUTE = """
update record set body = body || '{"disputed": true}', changed_at = now()
 where record_id = $1 and client_id = $2 and not body ? 'disputed' returning true"""

# 45 CFR 164.526(c)(3)(ii): whoever is known to have it. What was recalled is deleted there, or will be.
TELL = """
with who as (
  select d.recipient_id, array_agg(distinct d.token) as tokens, min(d.programme) as programme
    from disclosure d
    join record r on r.record_id = $3 and r.client_id = d.client_id and r.programme = d.programme and r.category = any(d.categories)
   where d.client_id = $2 and d.recalled_by is null and d.recipient_id is not null
   group by d.recipient_id),
told as (
  insert into data_correction_notice (correction_id, recipient_id, tokens) select $1, recipient_id, tokens from who
  on conflict do nothing returning recipient_id),
notices as (
  insert into partner_notice (recipient_id, stream, kind, key, client_id, programme)
  select w.recipient_id, $4, 'correction', $1, $2, w.programme from told join who w using (recipient_id)),
webhooks as (
  insert into webhook_delivery (recipient_id, kind, correction_id)
  select t.recipient_id, 'data_corrected', $1 from told t join recipient p using (recipient_id) where p.webhook_url is not null)
select count(*)::int from told"""

# By the database's clock, as for recalls. Told again it keeps the first time.
MARK_TOLD = """
update data_correction_notice set told_at = clock_timestamp()
 where (correction_id, recipient_id) in (select * from unnest($1::uuid[], $2::uuid[])) and told_at is null"""

RESOURCES = f"""
select array_agg(f.type || '/' || case f.type when 'Patient' then t.token else {resource_id("t.token", OWN_ID)} end
                 order by t.token, f.type)
  from record r, unnest(n.tokens) as t(token),
       lateral (values ('Patient', 'Patient'), ('Appointment', 'Appointment'), ('Encounter', 'Appointment'),
                       ('Observation', 'Observation'), ('QuestionnaireResponse', 'Observation')) as f(type, made_of)
 where r.record_id = c.record_id and f.made_of = r.body ->> 'resourceType'
   and (f.type <> 'Encounter' or r.body ->> 'status' = 'fulfilled')"""

FOR_RECIPIENT = f"""
select c.correction_id, c.kind, c.fields, c.ground, c.decided_at, n.tokens, coalesce(({RESOURCES}), '{{}}') as resources, n.told_at,
       n.acknowledged_at
  from data_correction_notice n join data_correction c using (correction_id)
 where n.recipient_id = $1"""
ONE = f"{FOR_RECIPIENT} and c.correction_id = $2"
PAGE = f"{FOR_RECIPIENT} and c.correction_id > $2 order by c.correction_id limit $3"

ACKNOWLEDGE = """
update data_correction_notice set acknowledged_at = coalesce(acknowledged_at, $3)
 where recipient_id = $1 and correction_id = $2 returning true"""

WHO_WAS_TOLD = """
select c.correction_id, c.kind, c.decided_at, p.slug as recipient, n.queued_at, n.told_at, n.acknowledged_at
  from data_correction c join data_correction_notice n using (correction_id) join recipient p using (recipient_id)
 where c.client_id = $1 order by n.queued_at, p.slug limit $2"""


@dataclass(frozen=True, slots=True)
class DataCorrection:
    """What became of a record. `record_id` is absent where it is none that could be shared."""

    correction_id: UUID
    client_id: UUID
    kind: Literal["corrected", "amended", "disputed"]
    record_id: UUID | None
    fields: Sequence[str]
    decided_at: datetime
    ground: str | None = None


async def keep(tx: Connection, one: DataCorrection) -> bool:
    """False where it is known."""
    row = (one.correction_id, one.client_id, one.kind, one.record_id, list(one.fields), one.ground, one.decided_at)
    return bool(await tx.fetchval(KEEP, *row))


async def correct_clients(tx: Connection, events: Sequence[ClientCorrected]) -> None:
    columns = zip(*((e.client_id, e.birth_year, e.sex, e.state) for e in events), strict=True)
    await tx.execute(CORRECT_CLIENTS, *map(list, columns))


async def dispute(tx: Connection, record_id: UUID, client_id: UUID) -> bool:
    """From here on the record leaves with a tag that says so. False where there is no such record, or it says so already."""
    return bool(await tx.fetchval(DISPUTE, record_id, client_id))


async def tell_recipients(tx: Connection, one: DataCorrection, stream: int) -> int:
    """Queues a notice and a webhook for each; how many they are."""
    found: int = await tx.fetchval(TELL, one.correction_id, one.client_id, one.record_id, stream)
    return found


async def mark_told(tx: Connection, told: Sequence[tuple[UUID, UUID]]) -> None:
    """Corrections and recipients."""
    if told:
        await tx.execute(MARK_TOLD, [correction_id for correction_id, _ in told], [recipient_id for _, recipient_id in told])


async def knows(tx: Connection, client_id: UUID) -> bool:
    return bool(await tx.fetchval("select exists (select from client where client_id = $1)", client_id))


async def for_recipient(tx: Connection, recipient_id: UUID, correction_id: UUID) -> dict[str, object] | None:
    row = await tx.fetchrow(ONE, recipient_id, correction_id)
    return dict(row) if row else None


async def page_for_recipient(tx: Connection, recipient_id: UUID, after: UUID, limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(PAGE, recipient_id, after, limit)]


async def who_was_told(tx: Connection, client_id: UUID, limit: int) -> list[dict[str, object]]:
    return [dict(row) for row in await tx.fetch(WHO_WAS_TOLD, client_id, limit)]
