"""FHIR Bulk Data: kick-off, status, manifest, cancel. Files are in `files.py`."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme, Purpose
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText, find_ssns
from common.problems import Problem
from reporting.authorization.rules import check_covers, require_scopes
from reporting.exports import asking, usecases
from reporting.exports.manifest import manifest_of, outcomes_of, status_url
from reporting.exports.rules import Status
from reporting.resources.expressions import TYPES

router = APIRouter(prefix="/fhir", tags=["exports"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]
Prefer = Annotated[StructuredText | None, Header(max_length=200)]
Group = Annotated[StructuredText, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Value = Annotated[StructuredText, Field(max_length=4000)]
REFUSED = ("insufficient_scope", "not_supported", "too_many_requests", "unknown_recipient", "contract_not_valid", "ssn_refused")
KICKED_OFF: dict[int | str, dict[str, Any]] = {202: {"description": "under way; Content-Location says where to ask"}}
NDJSON = "application/fhir+ndjson"


class Referred(BaseModel):
    reference: Value


class ParameterIn(BaseModel):
    """One of FHIR's Parameters. Each has one value."""

    name: Annotated[StructuredText, Field(max_length=64)]
    value_string: Value | None = Field(None, alias="valueString")
    value_code: Value | None = Field(None, alias="valueCode")
    value_uri: Value | None = Field(None, alias="valueUri")
    value_instant: Value | None = Field(None, alias="valueInstant")
    value_boolean: bool | None = Field(None, alias="valueBoolean")
    value_integer: int | None = Field(None, alias="valueInteger", ge=0, le=9)
    value_reference: Referred | None = Field(None, alias="valueReference")

    def pair(self) -> tuple[str, str]:
        said = (self.value_string, self.value_code, self.value_uri, self.value_instant, self.value_integer)
        found = next((value for value in said if value is not None), self.value_reference and self.value_reference.reference)
        return self.name, "" if found is None else str(found)


class ParametersIn(BaseModel):
    """FHIR Parameters: what may be asked for stands with the kick-off by GET; `patient` may be named here only."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Patient"}]}}
    )

    resource_type: Annotated[StructuredText, Field(alias="resourceType", pattern="^Parameters$")]
    parameter: list[ParameterIn] = Field(default_factory=list, max_length=10_000)

    def pairs(self) -> list[tuple[str, str]]:
        return [parameter.pair() for parameter in self.parameter]


async def queried(
    request: Request,
    since: Annotated[StructuredText | None, Query(alias="_since", max_length=40)] = None,
    types: Annotated[list[StructuredText] | None, Query(alias="_type", max_length=50)] = None,
    output_format: Annotated[StructuredText | None, Query(alias="_outputFormat", max_length=60)] = None,
    organised: Annotated[StructuredText | None, Query(alias="organizeOutputBy", max_length=40)] = None,
    version: Annotated[StructuredText | None, Query(alias="_manifestVersion", max_length=2)] = None,
) -> list[tuple[str, str]]:
    """`_manifestVersion`: 3 (Bulk Data 3.0.0) or 4 (the ballot of 4.0.0). All else that is in the query is looked at by name."""
    pairs = request.query_params.multi_items()
    if any(find_ssns(f"{name} {value}") for name, value in pairs):
        raise Problem("ssn_refused", "Social Security numbers are neither needed nor kept: leave it out.", rule="C13")
    return pairs


Queried = Annotated[list[tuple[str, str]], Depends(queried)]


def _programme(group: str) -> Programme:
    if group not in set(Programme):
        raise Problem("not_found", "No such group: there is one for each programme.")
    return Programme(group)


async def _kick_off(
    request: Request, db: Db, caller: Principal, now: Now, prefer: str | None, pairs: list[tuple[str, str]], programme: Programme | None
) -> Response:
    require_scopes(caller.scopes, caller.purpose)
    named = request.method == "POST" and request.url.path != "/fhir/$export"
    lenient = asking.is_lenient(prefer)
    wanted = asking.understand(asking.gather(pairs), TYPES, now, lenient=lenient, patients=named)
    wanted.types = wanted.types or usecases.covered(caller.scopes)
    check_covers(caller.scopes, wanted.types or TYPES)
    base: str = request.app.state.settings.public_url
    asked_at = base + str(request.url).removeprefix(str(request.base_url).rstrip("/"))
    export = usecases.export_of(wanted, caller.id, Purpose(str(caller.purpose)), programme, asked_at, now)
    await usecases.kick_off(db, export)
    request.app.state.builder.wake()
    applied = "respond-async, handling=lenient" if lenient else "respond-async"
    return Response(status_code=202, headers={"content-location": status_url(base, export), "preference-applied": applied})


def _starts(operation_id: str, *more: str) -> dict[str, Any]:
    """What all kick-offs have in common."""
    found: dict[int | str, dict[str, Any]] = problems(*REFUSED, *more, fhir=True) | KICKED_OFF
    return {"status_code": 202, "operation_id": operation_id, "responses": found, "response_class": Response}


@router.get("/$export", **_starts("exportSystem"))
@router.get("/Patient/$export", **_starts("exportPatients"))
async def export(request: Request, db: Db, caller: Plan, now: Now, pairs: Queried, prefer: Prefer = None) -> Response:
    """Everything that is shared with the caller: all of it is about patients. What is not supported is refused, or left aside with
    `Prefer: handling=lenient`; the manifest says then what was."""
    return await _kick_off(request, db, caller, now, prefer, pairs, None)


@router.post("/$export", **_starts("exportSystemByPost"))
@router.post("/Patient/$export", **_starts("exportPatientsByPost"))
async def export_by_post(request: Request, db: Db, caller: Plan, now: Now, body: ParametersIn, prefer: Prefer = None) -> Response:
    """The same with FHIR Parameters, as version 4.0.0 will have it only. `patient` names those that the answer is limited to; of whoever
    shares no longer it is not said that they once did."""
    return await _kick_off(request, db, caller, now, prefer, body.pairs(), None)


@router.get("/Group/{group_id}/$export", **_starts("exportGroup", "not_found"))
async def export_group(
    request: Request, db: Db, caller: Plan, now: Now, group_id: Group, pairs: Queried, prefer: Prefer = None
) -> Response:
    """Of one programme: `care_connect` or `emotional_wellbeing_solutions`."""
    return await _kick_off(request, db, caller, now, prefer, pairs, _programme(group_id))


@router.post("/Group/{group_id}/$export", **_starts("exportGroupByPost", "not_found"))
async def export_group_by_post(
    request: Request, db: Db, caller: Plan, now: Now, group_id: Group, body: ParametersIn, prefer: Prefer = None
) -> Response:
    """The same, with FHIR Parameters."""
    return await _kick_off(request, db, caller, now, prefer, body.pairs(), _programme(group_id))


async def _own(db: Db, caller: Principal, export_id: UUID) -> usecases.Progress:
    """With a token that covers what is in it. Raises Problem."""
    require_scopes(caller.scopes, caller.purpose)
    found = await usecases.progress(db, caller.id, export_id)
    check_covers(caller.scopes, found.export.types)
    return found


@router.get(
    "/bulk/{export_id}",
    operation_id="readExport",
    responses=problems("unknown_export", "insufficient_scope", "too_many_requests", fhir=True) | {202: {"description": "in progress"}},
)
async def read_export(request: Request, db: Db, caller: Plan, export_id: UUID) -> Response:
    """202 while it is built; then the manifest as it is now: what was taken out since is in `deleted`, and parts it was taken out of have
    other addresses."""
    found = await _own(db, caller, export_id)
    await usecases.poll(db, found.export)
    if found.export.status is Status.IN_PROGRESS:
        streams, builder = request.app.state.journal.streams, request.app.state.builder
        waits = ", waits until every opt-out is known" if export_id in builder.waiting else ""
        return Response(status_code=202, headers={"x-progress": f"{found.built} of {streams} streams{waits}", "retry-after": "1"})
    assert found.export.expires_at is not None  # it has one since it is complete
    expires = found.export.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    manifest = manifest_of(found, request.app.state.settings.public_url)
    return JSONResponse(manifest, headers={"expires": expires, "cache-control": "no-store"})


@router.delete(
    "/bulk/{export_id}",
    status_code=202,
    operation_id="cancelExport",
    responses=problems("unknown_export", "insufficient_scope", fhir=True),
    response_class=Response,
)
async def cancel_export(db: Db, caller: Plan, export_id: UUID) -> Response:
    """Nothing of it can be had any more, and its rows are deleted."""
    found = await _own(db, caller, export_id)
    await usecases.cancel(db, found.export)
    return Response(status_code=202)


@router.get(
    "/bulk/{export_id}/outcome",
    operation_id="readExportOutcome",
    response_class=Response,
    responses={**problems("unknown_export", "insufficient_scope", fhir=True), 200: {"content": {NDJSON: {}}}},
)
async def read_export_outcome(db: Db, caller: Plan, export_id: UUID) -> Response:
    """The parameters that were left aside, an OperationOutcome each."""
    found = await _own(db, caller, export_id)
    lines = "".join(json.dumps(outcome) + "\n" for outcome in outcomes_of(found.export))
    return Response(lines, media_type=NDJSON)
