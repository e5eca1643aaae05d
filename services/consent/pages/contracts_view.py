"""The recipients of individual data as reporting tells of them, and what the officer has it do: with this service's token, in the officer's
name (C14)."""

import asyncio
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from consent.pages.neighbour import PATIENCE, Reporting

REFUSED = ("not_found", "wrong_state", "contract_not_valid", "invalid_request", "unknown_recipient", "already_exists")
"""What the page has words for."""


class Contract(BaseModel):
    contract_id: UUID
    reference: str
    legal_name: str
    address: str
    purpose: str
    obligations: list[str]
    delete_within_days: int
    breach_notice_hours: int
    audit_every_months: int
    valid_from: datetime
    valid_until: datetime
    ended_at: datetime | None
    end_reason: str | None


class Opening(BaseModel):
    opened_at: datetime
    open_until: datetime
    closed_at: datetime | None
    close_reason: str | None


class Finding(BaseModel):
    finding_id: UUID
    code: str
    severity: str
    due_on: date
    resolved_on: date | None


class Audit(BaseModel):
    audit_id: UUID
    planned_on: date
    performed_on: date | None
    outcome: str | None
    findings: list[Finding]


class Recipient(BaseModel):
    recipient_id: UUID
    slug: str
    open: bool
    open_until: datetime | None
    runs_out: bool
    resumable: bool
    contract_in_force: UUID | None
    next_audit_due: date | None
    audit_overdue: bool
    contracts: list[Contract]
    openings: list[Opening]
    audits: list[Audit]


class Recipients(BaseModel):
    today: date
    items: list[Recipient]


def status_of(refused: str) -> int:
    return 503 if refused == "away" else 409


async def recipients(reporting: Reporting) -> Recipients | None:
    """None where reporting does not answer."""
    body = await reporting.get_json("/v1/recipient-contracts", {})
    try:
        return Recipients.model_validate(body) if body else None
    except ValidationError:
        return None


async def send(reporting: Reporting, method: Literal["PUT", "POST"], path: str, body: dict[str, Any]) -> str | None:
    """None when it is done; else why not: a code of reporting's, or `away`."""
    try:
        async with asyncio.timeout(PATIENCE):
            url, headers = f"{reporting.url.rstrip('/')}{path}", await reporting.token.header()
            answer = await reporting.http.request(method, url, json=body, headers=headers)
    except (httpx.HTTPError, TimeoutError):
        return "away"
    if answer.is_success:
        return None
    code = answer.json().get("code") if answer.status_code < 500 else None
    return code if code in REFUSED else "away"
