"""Asks a payer's FHIR R4 server: CoverageEligibilityRequest in, CoverageEligibilityResponse out.

https://hl7.org/fhir/R4/coverageeligibilityrequest.html. Minimum necessary (C17): member id, payer id, the day and nothing else; the
payer learns neither the programme nor the employer.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from scheduling.eligibility.check import EligibilityCheck, Inquiry, Outcome

log = logging.getLogger(__name__)

IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
SERVICE_TYPES = "https://x12.org/codes/service-type-codes"
FHIR_JSON = "application/fhir+json"
BEHAVIOURAL_HEALTH = "MH"
"""X12 service type: mental health."""


class Insurance(BaseModel):
    inforce: bool | None = None


class CoverageEligibilityResponse(BaseModel):
    """What is read of it."""

    resourceType: str
    outcome: str
    insurance: list[Insurance] = []


def fhir_check(http: httpx.AsyncClient, url: str, timeout_seconds: float = 3.0) -> EligibilityCheck:
    endpoint = f"{url.rstrip('/')}/CoverageEligibilityRequest"

    async def check(inquiry: Inquiry) -> Outcome:
        if not inquiry.found.eligible or inquiry.member_id is None or inquiry.payer_id is None:
            return Outcome.OWN_RECORDS
        body = request_of(inquiry, inquiry.member_id, inquiry.payer_id)
        headers = {"content-type": FHIR_JSON, "accept": FHIR_JSON}
        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await http.post(endpoint, json=body, headers=headers)
            answer.raise_for_status()
            return outcome_of(CoverageEligibilityResponse.model_validate_json(answer.content))
        except (httpx.HTTPError, TimeoutError, ValidationError) as error:
            log.warning("the payer could not be asked", extra={"error": type(error).__name__})
            return Outcome.UNAVAILABLE

    return check


def request_of(inquiry: Inquiry, member_id: str, payer_id: str) -> Mapping[str, Any]:
    """Patient, insurer and coverage are logical references: by identifier, for the payer to resolve."""
    member = {"identifier": {"type": {"coding": [{"system": IDENTIFIER_TYPES, "code": "MB"}]}, "value": member_id}}
    on = inquiry.found.as_of.isoformat()
    return {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["validation"],
        "patient": member,
        "servicedDate": on,
        "created": on,
        "insurer": {"identifier": {"value": payer_id}},
        "insurance": [{"focal": True, "coverage": member}],
        "item": [{"category": {"coding": [{"system": SERVICE_TYPES, "code": BEHAVIOURAL_HEALTH}]}}],
    }


def outcome_of(answer: CoverageEligibilityResponse) -> Outcome:
    """`complete` is an answer; `queued`, `partial` and `error` are none, and neither is a coverage of which nothing is said."""
    said = [each.inforce for each in answer.insurance if each.inforce is not None]
    if answer.resourceType != "CoverageEligibilityResponse" or answer.outcome != "complete" or not said:
        return Outcome.UNAVAILABLE
    return Outcome.ACTIVE if any(said) else Outcome.INACTIVE
