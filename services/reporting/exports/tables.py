"""Individual exports as rows: parts by stream and resource type, a generation that moves with every redaction, and what was deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.vocabulary import Programme, Purpose
from common.db import WAITS_TO_LEAD, Connection, Pool
from common.schema import moment
from reporting.exports.rules import Deleted, Export, OutputFormat, Part, Status, known_to_recipient
from reporting.schema import metadata

export = sa.Table(
    "export",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("programme", sa.Text),
    sa.Column("types", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("patients", pg.ARRAY(pg.UUID(as_uuid=True))),
    moment("since", nullable=True),
    sa.Column("by_patient", sa.Boolean, nullable=False),
    sa.Column("output_format", sa.Text, nullable=False),
    sa.Column("manifest_version", sa.Integer, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("ignored", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    moment("requested_at", filled=True),
    moment("transaction_time", nullable=True),
    moment("completed_at", nullable=True),
    moment("expires_at", nullable=True),
    moment("polled_at", nullable=True),
    sa.Column("polls", sa.Integer, nullable=False, server_default="0"),
    sa.Index("export_open_idx", "requested_at", postgresql_where=sa.text("status = 'in_progress'")),
    sa.Index("export_expiring_idx", "expires_at", postgresql_where=sa.text("status = 'complete'")),
)

export_stream = sa.Table(
    "export_stream",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), sa.ForeignKey("export.export_id"), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    comment="the streams of an export that are built: a worker that takes over goes on with the others",
)

# `part`: a resource type, or `all` where an export is organised by patient.
export_part = sa.Table(
    "export_part",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), sa.ForeignKey("export.export_id"), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
)

# `category` is null for what every consent comes with: the Patient that the others refer to, and the Consent itself.
export_row = sa.Table(
    "export_row",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("token", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("category", sa.Text),
    sa.Column("resource", sa.Text),
    sa.Column("line", sa.Text, nullable=False),
    comment="resource: its reference as Type/id; null for the header of a patient's block",
)

export_deletion = sa.Table(
    "export_deletion",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("token", pg.UUID(as_uuid=True), primary_key=True, index=True),
    sa.Column("stream", sa.Integer, nullable=False),
    sa.Column("resources", pg.ARRAY(sa.Text), nullable=False),
    moment("deleted_at", filled=True),
)

OPEN = "select * from export where status = 'in_progress' order by requested_at"
INSERT = """
insert into export (export_id, recipient_id, purpose, programme, types, patients, since, by_patient, output_format, manifest_version,
                    request, ignored, status)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'in_progress')"""

# What was under way when the export was asked for may commit behind its back: it began no earlier than this, and the next increment has it.
BEGIN = f"""
update export set transaction_time = least(requested_at, (
         select min(xact_start) from pg_stat_activity
          where datname = current_database() and backend_type = 'client backend' and application_name <> '{WAITS_TO_LEAD}'))
 where export_id = $1 and transaction_time is null"""
COMPLETE = """
update export set status = 'complete', completed_at = $3, expires_at = $4
 where export_id = $1 and status = 'in_progress' and (select count(*) from export_stream where export_id = $1) = $2"""

# Polls that come too fast do not count: otherwise whoever is a little too fast would never be told anything.
POLL = """
update export set polls = polls + 1, polled_at = clock_timestamp()
 where export_id = $1 and (polled_at is null or polled_at <= clock_timestamp() - make_interval(secs => $2))"""

# Taken out of this export; where it is an increment, also what ended since of what the recipient was ever given, with what other exports
# say of it. `taken`: the categories that it was given under the token, by the export that the resources stood in.
DELETIONS = """
with ended as (
  select token from export_deletion where export_id = $1
   union
  select k.token from recipient_token k join client c using (client_id)
   where k.ended_at >= $2 and exists (select from disclosure t where t.token = k.token) and c.plan_id = $3
     and ($4::text is null or k.programme = $4) and ($5::uuid[] is null or k.token = any($5)))
select e.token, coalesce(d.resources, '{}') as resources,
       coalesce((select array_agg(distinct c) from disclosure t cross join unnest(t.categories) c
                  where t.token = e.token and t.export_id = d.export_id), '{}') as taken,
       exists (select from disclosure t where t.token = e.token and t.export_id = d.export_id) as known
  from ended e
  left join export_deletion d on d.token = e.token and (d.export_id = $1 or $2::timestamptz is not null)"""


def _export(row: asyncpg.Record) -> Export:
    known: dict[str, Any] = {name: row[name] for name in Export.__dataclass_fields__}
    return Export(
        **known
        | {
            "purpose": Purpose(row["purpose"]),
            "programme": Programme(row["programme"]) if row["programme"] else None,
            "types": tuple(row["types"]),
            "patients": tuple(row["patients"]) if row["patients"] is not None else None,
            "output_format": OutputFormat(row["output_format"]),
            "ignored": tuple(row["ignored"]),
            "status": Status(row["status"]),
        }
    )


async def insert_export(tx: Connection, made: Export) -> None:
    await tx.execute(
        INSERT,
        made.export_id, made.recipient_id, made.purpose, made.programme, made.types, made.patients, made.since, made.by_patient,
        made.output_format, made.manifest_version, made.request, made.ignored,
    )  # fmt: skip


async def in_progress_of(tx: Connection, recipient_id: UUID) -> int:
    """How many; nobody else adds one for this recipient until the transaction ends."""
    await tx.execute("select from recipient where recipient_id = $1 for update", recipient_id)
    found: int = await tx.fetchval("select count(*) from export where recipient_id = $1 and status = 'in_progress'", recipient_id)
    return found


async def find_export(tx: Connection, export_id: UUID) -> Export | None:
    row = await tx.fetchrow("select * from export where export_id = $1", export_id)
    return _export(row) if row else None


async def open_exports(pool: Pool) -> list[Export]:
    return [_export(row) for row in await pool.fetch(OPEN)]


async def begin_export(pool: Pool, export_id: UUID) -> None:
    """Before anything is read of it."""
    await pool.execute(BEGIN, export_id)


async def complete_export(pool: Pool, export_id: UUID, streams: int, now: datetime, expires_at: datetime) -> None:
    """Where all its streams are built."""
    await pool.execute(COMPLETE, export_id, streams, now, expires_at)


async def cancel_export(tx: Connection, export_id: UUID) -> None:
    await tx.execute("update export set status = 'cancelled' where export_id = $1 and status in ('in_progress', 'complete')", export_id)


async def poll(tx: Connection, export_id: UUID, every: float) -> bool:
    """Whether it was not polled just now; `every` in seconds."""
    return await tx.execute(POLL, export_id, every) != "UPDATE 0"


async def built_streams(tx: Connection, export_id: UUID) -> int:
    found: int = await tx.fetchval("select count(*) from export_stream where export_id = $1", export_id)
    return found


async def parts_of(tx: Connection, export_id: UUID) -> Sequence[Part]:
    """Those that still hold something."""
    rows = await tx.fetch(
        "select stream, part, generation, rows from export_part where export_id = $1 and rows > 0 order by stream, part", export_id
    )
    return [Part(**row) for row in rows]


async def deletions_of(tx: Connection, export: Export) -> Sequence[Deleted]:
    """What the recipient is to drop, a person each. What is in the export is never among it."""
    who = (export.export_id, export.since, export.recipient_id, export.programme, export.patients)
    found: dict[UUID, set[str]] = {}
    for row in await tx.fetch(DELETIONS, *who):
        resources = found.setdefault(row["token"], {f"Patient/{row['token']}"})
        if row["known"]:
            resources.update(known_to_recipient(row["resources"], export.types, row["taken"]))
    return [Deleted(token, tuple(sorted(resources))) for token, resources in sorted(found.items())]
