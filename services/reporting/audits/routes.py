"""Audits of the recipients of individual data (C14): announced, performed, what was found and until when it is to be mended."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from reporting.audits import usecases
from reporting.audits.rules import FindingCode, Outcome, Severity
from reporting.audits.tables import Audit
from reporting.audits.usecases import Found, Report
from reporting.contracts.acting import acting

router = APIRouter(prefix="/v1/recipients/{recipient_id}/audits", tags=["audits"])
Officers = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER, Role.SERVICE))]
Readers = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER, Role.OPERATIONS, Role.SERVICE))]


class Announced(BaseModel):
    """`recorded_by`: the officer for whom a service acts."""

    model_config = ConfigDict(extra="forbid")

    planned_on: date
    recorded_by: UUID | None = None


class FindingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: FindingCode
    severity: Severity
    due_on: date


class Performed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    performed_on: date
    outcome: Outcome
    findings: Annotated[list[FindingIn], Field(max_length=50)] = []
    recorded_by: UUID | None = None


class Resolved(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recorded_by: UUID | None = None


class Audits(BaseModel):
    items: list[Audit]


@router.get("", operation_id="listAudits", responses=problems())
async def list_audits(db: Db, _: Readers, recipient_id: UUID) -> Audits:
    return Audits(items=await usecases.audits_of(db, recipient_id))


@router.put("/{audit_id}", operation_id="announceAudit", responses=problems("unknown_recipient", "already_exists"))
async def announce_audit(db: Db, caller: Officers, recipient_id: UUID, audit_id: UUID, body: Announced, now: Now) -> Audit:
    return await usecases.announce_audit(db, recipient_id, audit_id, body.planned_on, acting(caller, body.recorded_by), now)


@router.post("/{audit_id}/report", operation_id="reportAudit", responses=problems("not_found", "wrong_state"))
async def report_audit(db: Db, caller: Officers, recipient_id: UUID, audit_id: UUID, body: Performed, now: Now) -> Audit:
    """The next one is due when the contract says so, counted from this one."""
    found = [Found(finding.code, finding.severity, finding.due_on) for finding in body.findings]
    report = Report(body.performed_on, body.outcome, found)
    return await usecases.report_audit(db, recipient_id, audit_id, report, acting(caller, body.recorded_by), now)


@router.post("/{audit_id}/findings/{finding_id}/resolution", operation_id="resolveFinding", responses=problems("not_found"))
async def resolve_finding(
    db: Db, caller: Officers, recipient_id: UUID, audit_id: UUID, finding_id: UUID, body: Resolved, now: Now
) -> Audit:
    """It was mended, as the officer has seen."""
    return await usecases.resolve_finding(db, recipient_id, audit_id, finding_id, acting(caller, body.recorded_by), now)
