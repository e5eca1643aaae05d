"""Announcing an audit of a recipient, reporting what was found, and that it was mended (C14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.db import Connection, Database
from common.problems import Problem
from reporting.audits import tables
from reporting.audits.rules import FindingCode, Outcome, Severity, check_report
from reporting.audits.tables import Audit
from reporting.recipients import tables as recipients


@dataclass(frozen=True, slots=True)
class Found:
    code: FindingCode
    severity: Severity
    due_on: date


@dataclass(frozen=True, slots=True)
class Report:
    performed_on: date
    outcome: Outcome
    findings: Sequence[Found]


async def announce_audit(db: Database, recipient_id: UUID, audit_id: UUID, planned_on: date, by: UUID, now: datetime) -> Audit:
    """Said again it changes nothing. Raises Problem (`unknown_recipient`, `already_exists`)."""
    async with db.begin_event() as tx:
        if await recipients.find(tx, recipient_id) is None:
            raise Problem("unknown_recipient", "No such recipient is registered.")
        await tx.execute(tables.ANNOUNCE, audit_id, recipient_id, planned_on, by, now)
        found = await _find(tx, recipient_id, audit_id)
    if found is None or found.planned_on != planned_on:
        raise Problem("already_exists", "This audit was announced for something else.", field="audit_id")
    return found


async def report_audit(db: Database, recipient_id: UUID, audit_id: UUID, report: Report, by: UUID, now: datetime) -> Audit:
    """Once: a report stands. Raises Problem (`not_found`, `wrong_state`, `invalid_request`)."""
    check_report(report.outcome, len(report.findings), report.performed_on, now.date())
    async with db.begin_event() as tx:
        if await _find(tx, recipient_id, audit_id) is None:
            raise Problem("not_found", "No such audit.")
        if await tx.execute(tables.REPORT, recipient_id, audit_id, report.performed_on, report.outcome, by, now) == "UPDATE 0":
            raise Problem("wrong_state", "This audit is reported already.", rule="C14")
        each = report.findings
        await tx.execute(tables.FIND, audit_id, [f.code for f in each], [f.severity for f in each], [f.due_on for f in each])
        return await _read(tx, recipient_id, audit_id)


async def resolve_finding(db: Database, recipient_id: UUID, audit_id: UUID, finding_id: UUID, by: UUID, now: datetime) -> Audit:
    """Said again it changes nothing. Raises Problem (`not_found`)."""
    async with db.begin_event() as tx:
        found = await _find(tx, recipient_id, audit_id)
        if found is None or all(finding.finding_id != finding_id for finding in found.findings):
            raise Problem("not_found", "No such finding.")
        await tx.execute(tables.RESOLVE, recipient_id, audit_id, finding_id, now.date(), by)
        return await _read(tx, recipient_id, audit_id)


async def audits_of(db: Database, recipient_id: UUID) -> list[Audit]:
    async with db.pool.acquire() as tx:
        return await tables.audits(tx, recipient_id)


async def _find(tx: Connection, recipient_id: UUID, audit_id: UUID) -> Audit | None:
    return next((audit for audit in await tables.audits(tx, recipient_id) if audit.audit_id == audit_id), None)


async def _read(tx: Connection, recipient_id: UUID, audit_id: UUID) -> Audit:
    found = await _find(tx, recipient_id, audit_id)
    assert found  # as it was just changed
    return found
