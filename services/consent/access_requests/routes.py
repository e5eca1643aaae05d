"""Access requests over HTTP: a client's own, and the privacy officer's list."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from common.auth import Allow, Principal, Role
from common.contracts.access import AccessExtension, AccessGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.edge import Now
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem
from consent.access_requests import rules, usecases
from consent.access_requests.rules import AccessRequest, Language, OnBehalf, State
from consent.access_requests.tables import Download
from consent.access_requests.usecases import Case, Counter

router = APIRouter(prefix="/v1", tags=["access requests"])
Asker = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]
Officer = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER))]
OF_CLIENT = "/clients/{client_id}/access-requests"
THERE: dict[int | str, dict[str, Any]] = {200: {"description": "There is an open one: it is answered."}}
ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "FHIR, all records, a readable page, and a list of them with digests."}
}


class OnBehalfIn(BaseModel):
    """Staff record it for a client: who asked, and how identity was checked."""

    model_config = ConfigDict(extra="forbid")

    asked_by: AskedBy
    identity_check: IdentityCheck


class AccessIn(BaseModel):
    """Of the readable page. Nothing else can be chosen: a copy is of everything."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"language": "en"}})

    language: Language = "en"
    on_behalf: OnBehalfIn | None = None
    """For staff only."""


class AccessOut(BaseModel):
    """`digest` and `size` are the copy's. `reviewable`: a refusal on this ground is looked at again where the client asks for it."""

    request_id: UUID
    client_id: UUID
    language: Language
    state: State
    asked_at: datetime
    due_at: datetime
    overdue: bool
    warned_at: datetime | None
    on_behalf: OnBehalf | None
    extended_at: datetime | None
    extension_reason: AccessExtension | None
    ready_at: datetime | None
    expires_at: datetime | None
    digest: str | None
    size: int | None
    ground: AccessGround | None
    reviewable: bool
    closed_at: datetime | None


class PartOut(BaseModel):
    """How far one service has come."""

    service: str
    state: str
    asks: int
    asked_at: datetime | None
    collected_at: datetime | None
    as_of: datetime | None


class LineOut(BaseModel):
    what: str
    at: datetime
    detail: str | None
    by: UUID | None


class CaseOut(AccessOut):
    """`parts` while they are collected."""

    parts: list[PartOut]
    history: list[LineOut]


class Cases(BaseModel):
    items: list[CaseOut]


class ExtensionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "service_away"}})

    reason: AccessExtension


class RefusalIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"ground": "confidential_source"}})

    ground: AccessGround


def counter_of(request: Request) -> Counter:
    state = request.app.state
    return Counter(state.db, state.journal, state.document_key)


def on_behalf_of(caller: Principal, said: OnBehalfIn | None) -> OnBehalf | None:
    """What staff do, they do on somebody's behalf; nobody else can say so. Raises Problem."""
    if caller.role is not Role.PRIVACY_OFFICER:
        return None
    if said is None:
        raise Problem("identity_not_checked", "Say who asks, and how you made sure of it.", field="on_behalf", rule=rules.RULE)
    return OnBehalf(staff_id=caller.id, asked_by=said.asked_by, identity_check=said.identity_check)


def _fields(found: AccessRequest, now: datetime) -> dict[str, Any]:
    kept = found.model_dump(exclude={"collection_id"})
    return kept | {"overdue": found.overdue(now), "reviewable": found.reviewable}


def _case(found: Case, now: datetime) -> CaseOut:
    parts = [PartOut(**{name: getattr(part, name) for name in PartOut.model_fields}) for part in found.parts]
    history = [LineOut(what=line.what, at=line.at, detail=line.detail, by=line.by) for line in found.history]
    return CaseOut(**_fields(found.request, now), parts=parts, history=history)


@router.post(
    OF_CLIENT,
    operation_id="askForAccess",
    status_code=201,
    responses=THERE | problems("not_found", "unknown_client", "identity_not_checked", "state_changed"),
)
async def ask_for_access(request: Request, caller: Asker, client_id: UUID, body: AccessIn, now: Now, response: Response) -> AccessOut:
    """C10, 45 CFR 164.524: a copy of all that is held, from all services, within 30 days. Needs no reason."""
    caller.own(Role.CLIENT, client_id)
    on_behalf = on_behalf_of(caller, body.on_behalf)
    found, new = await usecases.ask_access(counter_of(request), client_id, body.language, on_behalf, now)
    if not new:
        response.status_code = 200
    return AccessOut(**_fields(found, now))


@router.get(OF_CLIENT, operation_id="listAccessRequestsOfClient", responses=problems("not_found"))
async def list_of_client(request: Request, caller: Asker, client_id: UUID, now: Now) -> Cases:
    caller.own(Role.CLIENT, client_id)
    return Cases(items=[_case(found, now) for found in await usecases.list_access(counter_of(request), client_id)])


@router.get(OF_CLIENT + "/{request_id}", operation_id="readAccessRequest", responses=problems("not_found"))
async def read_access_request(request: Request, caller: Asker, client_id: UUID, request_id: UUID, now: Now) -> CaseOut:
    caller.own(Role.CLIENT, client_id)
    return _case(await usecases.read_access(counter_of(request), request_id, client_id), now)


@router.post(OF_CLIENT + "/{request_id}/withdrawal", operation_id="withdrawAccessRequest", responses=problems("not_found", "wrong_state"))
async def withdraw_access_request(request: Request, caller: Asker, client_id: UUID, request_id: UUID, now: Now) -> AccessOut:
    caller.own(Role.CLIENT, client_id)
    return AccessOut(**_fields(await usecases.withdraw_access(counter_of(request), request_id, client_id, caller.id, now), now))


@router.get(
    OF_CLIENT + "/{request_id}/bundle",
    operation_id="downloadAccessBundle",
    response_class=Response,
    responses=ARCHIVE | problems("not_found", "wrong_state", "access_expired"),
)
async def download_bundle(request: Request, caller: Asker, client_id: UUID, request_id: UUID, now: Now) -> Response:
    """The archive (zip). Each download is on record. Staff: only of what was asked through them."""
    caller.own(Role.CLIENT, client_id)
    archive = await usecases.take_copy(counter_of(request), request_id, client_id, Download(uuid4(), "archive", caller.id), now)
    return archive_answer(archive, request_id)


def archive_answer(archive: bytes, request_id: UUID) -> Response:
    headers = {"content-disposition": f'attachment; filename="copy-{request_id}.zip"', "cache-control": "no-store"}
    return Response(archive, media_type="application/zip", headers=headers)


@router.get("/access-requests", operation_id="listAccessRequests", responses=problems())
async def list_access_requests(
    request: Request, caller: Officer, now: Now, state: State | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[AccessOut]:
    """Everybody's, with their deadlines."""
    found = await usecases.list_access_in(counter_of(request), state, after(cursor), limit + 1)
    return page_of([AccessOut(**_fields(one, now)) for one in found], limit, lambda item: item.request_id)


@router.post("/access-requests/{request_id}/extension", operation_id="extendAccessRequest", responses=problems("not_found", "wrong_state"))
async def extend_access_request(request: Request, caller: Officer, request_id: UUID, body: ExtensionIn, now: Now) -> AccessOut:
    """Once, by 30 days (45 CFR 164.524(b)(2)(ii)); the client is told the reason and the new date."""
    return AccessOut(**_fields(await usecases.extend_access(counter_of(request), request_id, body.reason, caller.id, now), now))


@router.post("/access-requests/{request_id}/refusal", operation_id="refuseAccessRequest", responses=problems("not_found", "wrong_state"))
async def refuse_access_request(request: Request, caller: Officer, request_id: UUID, body: RefusalIn, now: Now) -> AccessOut:
    """On a ground of 45 CFR 164.524(a), and no other; what was collected is erased."""
    return AccessOut(**_fields(await usecases.refuse_access(counter_of(request), request_id, body.ground, caller.id, now), now))
