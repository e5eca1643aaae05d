"""What this server does, as FHIR says it: nothing but asynchronous exports of six types."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from common.auth import anyone
from common.http import FHIR_JSON
from reporting.authorization.routes import TOKEN_PATH
from reporting.resources.expressions import TYPES

router = APIRouter(prefix="/fhir", tags=["exports"], dependencies=[anyone])
BULK = "http://hl7.org/fhir/uv/bulkdata"
SINCE = "2026-11-22"
"""The day of the last change of this statement."""
SMART = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}]}
OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
EXPORTED = "Leaves in exports only: it can be neither read nor searched for."


@router.get(
    "/metadata",
    operation_id="readCapabilities",
    response_class=JSONResponse,
    responses={200: {"content": {FHIR_JSON: {"schema": {"type": "object"}}}}},
)
async def read_capabilities(request: Request) -> Response:
    """FHIR R4 CapabilityStatement."""
    return JSONResponse(statement(request.app.state.settings.public_url), media_type=FHIR_JSON)


def statement(public_url: str) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{public_url}/fhir/metadata",
        "status": "active",
        "date": SINCE,
        "kind": "instance",
        "software": {"name": "Care Connect", "version": "1"},
        "implementation": {
            "description": "Individual data for one recipient and purpose, with each client's consent",
            "url": public_url + "/fhir",
        },
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "application/fhir+ndjson"],
        "instantiates": [f"{BULK}/CapabilityStatement/bulk-data"],
        "implementationGuide": [f"{BULK}/ImplementationGuide/hl7.fhir.uv.bulkdata|3.0.0"],
        "rest": [{"mode": "server", "security": _security(public_url), "resource": _resources(), "operation": [_operation("export", "")]}],
    }


def _security(public_url: str) -> dict[str, Any]:
    token = {"url": "token", "valueUri": public_url + TOKEN_PATH}
    return {"extension": [{"url": OAUTH, "extension": [token]}], "service": [SMART]}


def _resources() -> list[dict[str, Any]]:
    """Exports of all patients and of groups are operations of Patient and Group; a group itself is not to be had."""
    level = {"Patient": [_operation("export", "patient-")]}
    group = {"type": "Group", "documentation": "A group is a programme.", "operation": [_operation("export", "group-")]}
    every = [{"type": kind, "documentation": EXPORTED} | ({"operation": level[kind]} if kind in level else {}) for kind in TYPES]
    return [*every, group]


def _operation(name: str, level: str) -> dict[str, str]:
    return {"name": name, "definition": f"{BULK}/OperationDefinition/{level}export"}
