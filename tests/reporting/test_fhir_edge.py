"""What FHIR clients meet before any data: errors as OperationOutcome, and a CapabilityStatement that is true."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from common.http import operation_outcome, render
from common.problems import STATUS, Problem
from deploy.generate import app_of
from reporting.exports.capability import statement
from reporting.resources.expressions import TYPES
from tests.story import Story

# https://hl7.org/fhir/R4/valueset-issue-type.html
ISSUE_TYPES = {
    *("invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden", "suppressed"),
    *("processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long", "code-invalid", "extension"),
    *("too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"),
    "informational",
}


@pytest.mark.parametrize("code", sorted(STATUS))
def test_every_problem_is_an_outcome_of_fhir(code: str) -> None:
    problem = Problem(code, "Something.", field="/query/_since", rule="C5", headers={"retry-after": "1"})
    outcome = operation_outcome(problem)
    OperationOutcome.model_validate(outcome)
    assert outcome["issue"][0]["code"] in ISSUE_TYPES
    assert [coding["code"] for coding in outcome["issue"][0]["details"]["coding"]] == [code, "C5"]
    answer = render(problem, "/fhir/$export")
    assert (answer.status_code, answer.headers["retry-after"]) == (STATUS[code], "1")


@pytest.mark.parametrize(
    ("code", "issue"),
    [
        ("too_many_requests", "throttled"),
        ("freshness_not_proven", "transient"),
        ("forbidden", "forbidden"),
        ("unauthenticated", "login"),
        ("unknown_export", "not-found"),
        ("part_redacted", "deleted"),
        ("not_supported", "not-supported"),
        ("invalid_request", "invalid"),
        ("internal", "exception"),
    ],
)
def test_R5_what_is_gone_and_what_may_be_tried_again_are_told_apart(code: str, issue: str) -> None:
    assert operation_outcome(Problem(code, "Something."))["issue"][0]["code"] == issue


def assert_outcome(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/fhir+json"), answer.text
    OperationOutcome.model_validate(answer.json())
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == code


async def test_errors_under_fhir_are_outcomes_and_all_others_stay_as_they_were(story: Story) -> None:
    base, get = story.partner.base, story.http.get
    assert_outcome(await get(f"{base}/fhir/Nothing"), 404, "not_found")
    assert_outcome(await story.http.delete(f"{base}/fhir/metadata"), 405, "method_not_allowed")
    assert_outcome(await get(f"{base}/fhir/$export"), 401, "unauthenticated")
    assert_outcome(await get(f"{base}/fhir/bulk/no-id", headers=await story.partner.bearer()), 422, "invalid_request")
    assert_outcome(await get(f"{base}/fhir/bulk/{uuid4()}", headers=await story.partner.bearer()), 404, "unknown_export")
    assert (await get(f"{base}/v1/recipients")).headers["content-type"] == "application/problem+json"
    assert (await get(f"{base}/fhirish")).headers["content-type"] == "application/problem+json"


async def test_C5_a_plans_token_of_the_identity_provider_is_not_enough_for_an_export(story: Story) -> None:
    headers = story.token("plan", story.plan) | {"prefer": "respond-async", "accept": "application/fhir+json"}
    assert_outcome(await story.http.get(f"{story.partner.base}/fhir/$export", headers=headers), 403, "insufficient_scope")


async def test_the_capability_statement_is_public_and_valid(story: Story) -> None:
    answer = await story.http.get(f"{story.partner.base}/fhir/metadata", headers={"accept": "application/fhir+json"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    found = answer.json()
    CapabilityStatement.model_validate(found)
    assert found["implementation"]["url"] == f"{story.partner.base}/fhir"


def test_it_promises_what_there_is_and_nothing_else() -> None:
    [rest] = statement("https://reporting.example")["rest"]
    assert [resource["type"] for resource in rest["resource"]] == [*TYPES, "Group"]
    assert not any("interaction" in resource or "searchParam" in resource for resource in rest["resource"])
    paths = set(app_of("reporting").openapi()["paths"])
    assert {"/fhir/$export", "/fhir/Patient/$export"} <= paths
    assert any(path.startswith("/fhir/Group/") and path.endswith("/$export") for path in paths)
    token: dict[str, Any] = rest["security"]["extension"][0]["extension"][0]
    assert token["valueUri"].removeprefix("https://reporting.example") in paths
