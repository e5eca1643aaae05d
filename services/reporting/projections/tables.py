"""What reporting knows: clients, their records by category, and what they share. Kept by events only."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.assessments import AssessmentCompleted, SatisfactionAnswered
from common.contracts.scheduling import (
    AppointmentCancelled,
    AppointmentHeld,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentScheduled,
    ClientRegistered,
)
from common.contracts.vocabulary import Category
from common.db import Connection
from common.schema import moment
from reporting.schema import metadata

client = sa.Table(
    "client",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("employer_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
)

# `changed_at`: when the transaction began that changed it. What an export missed because it was not committed yet began no earlier than
# the moment that the export names as its own (`transaction_time`), so the next increment has it.
record = sa.Table(
    "record",
    metadata,
    sa.Column("record_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("stream", sa.Integer, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("body", pg.JSONB, nullable=False),
    moment("occurred_at"),
    moment("changed_at", begun=True),
    sa.Index("record_stream_idx", "stream", "changed_at"),
)

sharing = sa.Table(
    "sharing",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("stream", sa.Integer, nullable=False, index=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("categories", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("token", pg.UUID(as_uuid=True)),
    moment("decided_at", nullable=True),
    sa.Column("notice_version", sa.Text),
    sa.Column("notice_digest", sa.Text),
)

# One for each client, recipient and consent (R5, C8): random, so that nobody can join two of them.
recipient_token = sa.Table(
    "recipient_token",
    metadata,
    sa.Column("token", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("stream", sa.Integer, nullable=False),
    moment("opened_at", begun=True),
    moment("ended_at", nullable=True),
    sa.Column("on_topic", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("state_digest", pg.BYTEA),
    sa.Index("recipient_token_client_id_idx", "client_id", "programme"),
    sa.Index("recipient_token_ended_idx", "ended_at", postgresql_where=sa.text("ended_at is not null")),
    comment="state_digest: of what the partner topic holds; the same again is not sent, for how often would tell how often (C16)",
)

KEEP_CLIENTS = """
insert into client (client_id, plan_id, employer_id, programme)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) on conflict (client_id) do nothing"""

KEEP_RECORDS = """
insert into record (record_id, client_id, stream, programme, category, body, occurred_at)
select record_id, client_id, stream, programme, category, body::jsonb, occurred_at
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
    as r(record_id, client_id, stream, programme, category, body, occurred_at)
on conflict (record_id) do nothing"""

# C16: sessions after the first one tell how often somebody is seen; they are a category of their own (PLACE_SESSIONS).
KEEP_APPOINTMENTS = """
insert into record (record_id, client_id, stream, programme, category, body, occurred_at)
select a.record_id, a.client_id, a.stream, a.programme,
       case when a.kind = 'session' and exists (
              select from record r where r.client_id = a.client_id and r.programme = a.programme and r.body ->> 'kind' = 'session')
            then 'session_frequency' else 'appointments' end,
       jsonb_build_object('resourceType', 'Appointment', 'kind', a.kind, 'status', 'booked', 'start', a.starts_at), a.occurred_at
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
    as a(record_id, client_id, stream, programme, kind, starts_at, occurred_at)
on conflict (record_id) do nothing"""

MOVE_APPOINTMENTS = """
update record r set body = r.body || jsonb_build_object('start', m.starts_at), changed_at = now()
  from unnest($1::uuid[], $2::timestamptz[]) as m(record_id, starts_at) where r.record_id = m.record_id"""

CALL_OFF_APPOINTMENTS = """
update record r set body = r.body || jsonb_build_object('status', $2::text), changed_at = now() where r.record_id = any($1::uuid[])"""

# C16: a session that was called off is not the first one any more, once there is another. Never are two of them among the appointments:
# somebody whose sessions are called off again and again would be seen to have one every week.
PLACE_SESSIONS = """
with placed as (
  select record_id,
         case row_number() over (partition by client_id, programme
                                 order by body ->> 'status' in ('cancelled', 'noshow'), category <> 'appointments', occurred_at, record_id)
           when 1 then 'appointments' else 'session_frequency' end as category
    from record where client_id = any($1::uuid[]) and body ->> 'kind' = 'session')
update record r set category = placed.category, changed_at = now()
  from placed where r.record_id = placed.record_id and r.category <> placed.category"""

FULFIL_APPOINTMENTS = """
update record r set body = r.body || jsonb_build_object('status', 'fulfilled', 'held_on', h.held_on), changed_at = now()
  from unnest($1::uuid[], $2::text[]) as h(record_id, held_on) where r.record_id = h.record_id"""


async def keep_clients(tx: Connection, events: Sequence[ClientRegistered]) -> None:
    await tx.execute(
        KEEP_CLIENTS,
        [e.client_id for e in events],
        [e.plan_id for e in events],
        [e.employer_id for e in events],
        [e.programme for e in events],
    )


async def keep_records(
    tx: Connection, events: Sequence[AssessmentCompleted | SatisfactionAnswered | ClientRegistered], streams: Sequence[int],
    ids: Sequence[UUID], category: Category, bodies: Sequence[str],
) -> None:  # fmt: skip
    await tx.execute(
        KEEP_RECORDS,
        ids,
        [e.client_id for e in events],
        streams,
        [e.programme for e in events],
        [category] * len(events),
        bodies,
        [e.occurred_at for e in events],
    )


async def keep_appointments(tx: Connection, events: Sequence[AppointmentScheduled], streams: Sequence[int]) -> None:
    await tx.execute(
        KEEP_APPOINTMENTS,
        [e.appointment_id for e in events],
        [e.client_id for e in events],
        streams,
        [e.programme for e in events],
        [e.kind for e in events],
        [e.starts_at for e in events],
        [e.occurred_at for e in events],
    )
    await _place_sessions(tx, events)


async def move_appointments(tx: Connection, events: Sequence[AppointmentMoved]) -> None:
    await tx.execute(MOVE_APPOINTMENTS, [e.appointment_id for e in events], [e.starts_at for e in events])


async def call_off_appointments(
    tx: Connection, events: Sequence[AppointmentCancelled] | Sequence[AppointmentMissed], status: Literal["cancelled", "noshow"]
) -> None:
    """`status` as FHIR Appointment has it."""
    await tx.execute(CALL_OFF_APPOINTMENTS, [e.appointment_id for e in events], status)
    await _place_sessions(tx, events)


async def _place_sessions(
    tx: Connection, events: Sequence[AppointmentScheduled] | Sequence[AppointmentCancelled] | Sequence[AppointmentMissed]
) -> None:
    if clients := [e.client_id for e in events if e.kind == "session"]:
        await tx.execute(PLACE_SESSIONS, clients)


async def fulfil_appointments(tx: Connection, events: Sequence[AppointmentHeld]) -> None:
    await tx.execute(FULFIL_APPOINTMENTS, [e.appointment_id for e in events], [e.held_on.isoformat() for e in events])
