"""`audit`, `audit_finding`: that a recipient was looked at, what was found, and until when it is to be mended (C14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.schema import metadata

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), sa.ForeignKey("recipient.recipient_id"), nullable=False, index=True),
    sa.Column("planned_on", sa.Date, nullable=False),
    sa.Column("announced_by", pg.UUID(as_uuid=True), nullable=False),
    moment("announced_at"),
    sa.Column("performed_on", sa.Date),
    sa.Column("outcome", sa.Text),
    sa.Column("performed_by", pg.UUID(as_uuid=True)),
    moment("reported_at", nullable=True),
)

audit_finding = sa.Table(
    "audit_finding",
    metadata,
    sa.Column("finding_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("audit_id", pg.UUID(as_uuid=True), sa.ForeignKey("audit.audit_id"), nullable=False, index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("resolved_on", sa.Date),
    sa.Column("resolved_by", pg.UUID(as_uuid=True)),
)

ANNOUNCE = """
insert into audit (audit_id, recipient_id, planned_on, announced_by, announced_at) values ($1, $2, $3, $4, $5)
on conflict (audit_id) do nothing"""
REPORT = """
update audit set performed_on = $3, outcome = $4, performed_by = $5, reported_at = $6
 where recipient_id = $1 and audit_id = $2 and performed_on is null"""
FIND = """
insert into audit_finding (finding_id, audit_id, code, severity, due_on) select gen_random_uuid(), $1, f.code, f.severity, f.due_on
  from unnest($2::text[], $3::text[], $4::date[]) as f(code, severity, due_on)"""
RESOLVE = """
update audit_finding f set resolved_on = $4, resolved_by = $5 from audit a
 where a.audit_id = f.audit_id and a.recipient_id = $1 and f.audit_id = $2 and f.finding_id = $3 and f.resolved_on is null"""
AUDITS = """
select audit_id, recipient_id, planned_on, announced_by, announced_at, performed_on, outcome, performed_by, reported_at from audit
 where $1::uuid is null or recipient_id = $1 order by coalesce(performed_on, planned_on) desc, audit_id"""
FINDINGS = """
select f.finding_id, f.audit_id, f.code, f.severity, f.due_on, f.resolved_on, f.resolved_by
  from audit_finding f join audit a using (audit_id)
 where $1::uuid is null or a.recipient_id = $1 order by f.due_on, f.finding_id"""


@dataclass(frozen=True, slots=True)
class Finding:
    finding_id: UUID
    audit_id: UUID
    code: str
    severity: str
    due_on: date
    resolved_on: date | None
    resolved_by: UUID | None


@dataclass(frozen=True, slots=True)
class Audit:
    audit_id: UUID
    recipient_id: UUID
    planned_on: date
    announced_by: UUID
    announced_at: datetime
    performed_on: date | None
    outcome: str | None
    performed_by: UUID | None
    reported_at: datetime | None
    findings: Sequence[Finding] = ()


async def audits(tx: Connection, recipient_id: UUID | None = None) -> list[Audit]:
    """Of one recipient, or of all; the latest first."""
    found: dict[UUID, list[Finding]] = {}
    for row in await tx.fetch(FINDINGS, recipient_id):
        found.setdefault(row["audit_id"], []).append(Finding(**row))
    return [Audit(**row, findings=tuple(found.get(row["audit_id"], ()))) for row in await tx.fetch(AUDITS, recipient_id)]
