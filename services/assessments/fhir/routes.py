"""FHIR R4B over HTTP: for the client and the provider in care; staff import too. The health plan gets nothing here (C16, R4)."""

import asyncio
import json
from typing import Annotated, Any, NoReturn
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from assessments.fhir import usecases, writing, writing_observations
from assessments.fhir.usecases import ImportReport, Source
from assessments.fhir.writing import Resource
from assessments.instruments import catalogue
from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem

router = APIRouter(prefix="/v1/fhir", tags=["fhir"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
InCare = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER))]
"""Single answers are shown to nobody else."""
Importer = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.OPERATIONS))]
Name = Annotated[StructuredText, Query(max_length=40)]
Language = Annotated[StructuredText, Query(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$", max_length=35)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Subject = Annotated[
    StructuredText | None, Query(max_length=200, description="What the sender calls this client: a reference as it is sent.")
]
FHIR_JSON = "application/fhir+json"
MEDIA_TYPES = frozenset({FHIR_JSON, "application/json"})
BODY_LIMIT = 4 << 20
"""Bytes. A person's whole record, of which assessments are a small part, takes half a megabyte to one."""
BODY_LIMITS = {"/v1/fhir/import": BODY_LIMIT}
FHIR: dict[int | str, dict[str, Any]] = {200: {"content": {FHIR_JSON: {"schema": {"type": "object"}}}}}
BODY = {"requestBody": {"required": True, "content": {FHIR_JSON: {"schema": {"type": "object", "required": ["resourceType"]}}}}}


def _answer(resource: Resource) -> Response:
    return Response(json.dumps(resource, ensure_ascii=False), media_type=FHIR_JSON)


@router.get("/Questionnaire", operation_id="searchQuestionnaires", response_class=Response, responses=problems("unknown_instrument") | FHIR)
async def search_questionnaires(_: Reader, name: Name, language: Language = "en") -> Response:
    """The newest version, in the language or in English, as a search set of one."""
    if name not in catalogue.NAMES:
        raise Problem("unknown_instrument", "There is no such instrument.", field="name")
    found = await asyncio.to_thread(writing.questionnaire, catalogue.newest(name, language))
    return _answer(writing_observations.bundle("searchset", [{"fullUrl": found["url"], "resource": found}]) | {"total": 1})


@router.get("/Questionnaire/{digest}", operation_id="readQuestionnaire", response_class=Response, responses=problems("not_found") | FHIR)
async def read_questionnaire(_: Reader, digest: Digest) -> Response:
    """The very version and language that has this digest: it never changes."""
    try:
        instrument = catalogue.by_digest(digest)
    except KeyError as error:
        raise Problem("not_found", "There is no such questionnaire.") from error
    return _answer(await asyncio.to_thread(writing.questionnaire, instrument))


@router.get(
    "/QuestionnaireResponse/{response_id}",
    operation_id="readQuestionnaireResponse",
    response_class=Response,
    responses=problems("not_found") | FHIR,
)
async def read_questionnaire_response(db: Db, caller: InCare, response_id: UUID) -> Response:
    record = await usecases.read_record(db, caller, response_id)
    return _answer(await asyncio.to_thread(writing.questionnaire_response, record))


@router.get("/Observation/{response_id}", operation_id="readObservation", response_class=Response, responses=problems("not_found") | FHIR)
async def read_observation(db: Db, caller: InCare, response_id: UUID) -> Response:
    """The total of that response, with its items."""
    record = await usecases.read_record(db, caller, response_id)
    return _answer(await asyncio.to_thread(writing_observations.observation, record))


@router.get("/Bundle", operation_id="readBundle", response_class=Response, responses=problems("not_found") | FHIR)
async def read_bundle(db: Db, caller: InCare, client_id: UUID) -> Response:
    """All of a client's answers to clinical instruments, as a collection."""
    records = await usecases.records_of(db, caller, client_id)
    return _answer(await asyncio.to_thread(writing_observations.collection, records))


@router.post(
    "/import",
    operation_id="importFhir",
    openapi_extra=BODY,
    responses=problems("not_found", "unknown_client", "malformed_json", "body_too_large", "fhir_refused"),
)
async def import_fhir(
    request: Request, db: Db, journal: TheJournal, caller: Importer, client_id: UUID, now: Now, subject: Subject = None
) -> ImportReport:
    """A Bundle or a single resource. Repeated safely without a key: the same answers of the same moment are the same response."""
    payload = await _payload(request)
    return await usecases.import_bundle(db, journal, caller, Source(payload, client_id, subject), now)


async def _payload(request: Request) -> object:
    said = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if said not in MEDIA_TYPES:
        raise Problem("invalid_request", f"Send it as {FHIR_JSON}.", field="content-type")
    try:
        return json.loads(await request.body(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem("malformed_json", "The body is not JSON.") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
