"""Legal demands over HTTP (C7), for privacy officers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import Response

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import etag, problems, version_of
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem
from consent.legal_demands import releasing, usecases
from consent.legal_demands.bodies import ApprovalIn, CaseOut, DemandIn, DemandOut, RefusalIn, ReleaseIn, ReleaseOut, SuspensionIn
from consent.legal_demands.files import ReleaseFile
from consent.legal_demands.states import State
from consent.legal_demands.usecases import Office

router = APIRouter(prefix="/v1", tags=["legal demands"])
Officer = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER))]
CONTENT = ("unknown_client", "already_exists", "basis_not_fitting", "legal_need_missing", "scope_not_allowed")
REFUSED = ("wrong_state", "outside_scope")
ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}, "description": "What is in scope."}
}


class AllowOrNote(Allow):
    """As `Allow`, and whoever is turned away with a release's token is noted as an attempt (C9)."""

    async def __call__(self, request: Request) -> Principal:
        try:
            return await super().__call__(request)
        except Problem:
            caller = await _whoever(request)
            now = request.app.state.clock.now()
            try:
                await releasing.take_release(office_of(request), request.path_params["token"], caller, now)
            except Problem as refused:
                if refused.code not in ("not_found", "forbidden"):
                    raise
            raise


async def _whoever(request: Request) -> Principal | None:
    try:
        return await Allow(*Role)(request)
    except Problem:
        return None


def office_of(request: Request) -> Office:
    state = request.app.state
    return Office(state.db, state.journal, state.document_key)


@router.post("/legal-demands", status_code=201, operation_id="recordLegalDemand", responses=problems(*CONTENT))
async def record_demand(request: Request, response: Response, caller: Officer, body: DemandIn, now: Now) -> DemandOut:
    return _shown(response, DemandOut.of(await usecases.record_demand(office_of(request), body.content(), caller.id, now)))


@router.get("/legal-demands", operation_id="listLegalDemands", responses=problems())
async def list_demands(db: Db, caller: Officer, state: State | None = None, cursor: Cursor = None, limit: Limit = 100) -> Page[DemandOut]:
    """Without a state: those that are open."""
    found = await usecases.list_demands(db, state, after(cursor), limit + 1)
    return page_of([DemandOut.of(demand) for demand in found], limit, lambda item: item.demand_id)


@router.get("/legal-demands/{demand_id}", operation_id="readLegalDemand", responses=problems("not_found"))
async def read_demand(db: Db, response: Response, caller: Officer, demand_id: UUID) -> CaseOut:
    """With its papers and who read them, how far the services are, suspensions, every attempt, and the history."""
    case = CaseOut.of(await usecases.read_case(db, demand_id))
    response.headers["etag"] = etag(case.demand.version)
    return case


@router.put(
    "/legal-demands/{demand_id}",
    operation_id="amendLegalDemand",
    responses=problems("not_found", "wrong_state", "state_changed", "if_match_missing", *CONTENT),
)
async def amend_demand(
    request: Request,
    response: Response,
    caller: Officer,
    demand_id: UUID,
    body: DemandIn,
    now: Now,
    if_match: Annotated[StructuredText | None, Header(max_length=50)] = None,
) -> DemandOut:
    """Any change voids an approval, and every token."""
    version = version_of(if_match, "C7")
    changed = await usecases.amend_demand(office_of(request), demand_id, body.content(), version, caller.id, now)
    return _shown(response, DemandOut.of(changed))


@router.post(
    "/legal-demands/{demand_id}/approval",
    operation_id="approveLegalDemand",
    responses=problems("not_found", "wrong_state", "state_changed", "second_officer_needed"),
)
async def approve_demand(request: Request, caller: Officer, demand_id: UUID, body: ApprovalIn, now: Now) -> DemandOut:
    """By a second officer, who names the digest of what they approve."""
    return DemandOut.of(await usecases.approve_demand(office_of(request), demand_id, body.digest, caller.id, now))


@router.post("/legal-demands/{demand_id}/refusal", operation_id="refuseLegalDemand", responses=problems("not_found", "wrong_state"))
async def refuse_demand(request: Request, caller: Officer, demand_id: UUID, body: RefusalIn, now: Now) -> DemandOut:
    return DemandOut.of(await usecases.close_demand(office_of(request), demand_id, body.ground, caller.id, now))


@router.post("/legal-demands/{demand_id}/withdrawal", operation_id="withdrawLegalDemand", responses=problems("not_found", "wrong_state"))
async def withdraw_demand(request: Request, caller: Officer, demand_id: UUID, now: Now) -> DemandOut:
    """The authority has taken it back."""
    return DemandOut.of(await usecases.close_demand(office_of(request), demand_id, None, caller.id, now))


@router.post(
    "/legal-demands/{demand_id}/suspensions",
    status_code=201,
    operation_id="suspendAccounting",
    responses=problems("not_found", "suspension_not_allowed", "already_exists"),
)
async def suspend_accounting(request: Request, caller: Officer, demand_id: UUID, body: SuspensionIn, now: Now) -> DemandOut:
    """45 CFR 164.528(a)(2): the client is told when it ends. Only oversight agencies and law enforcement can have it."""
    wanted = body.suspension(demand_id, caller.id, now)
    return DemandOut.of(await usecases.suspend_accounting(office_of(request), demand_id, wanted, now))


@router.post(
    "/legal-demands/{demand_id}/releases",
    status_code=201,
    operation_id="issueLegalRelease",
    responses=problems("not_found", *REFUSED),
)
async def issue_release(request: Request, caller: Officer, demand_id: UUID, body: ReleaseIn, now: Now) -> ReleaseOut:
    """A token for one download within 72 hours. One that was not used before is void."""
    asked = body.scope.scope() if body.scope else None
    token, release = await releasing.issue_release(office_of(request), demand_id, asked, caller, now)
    return ReleaseOut(release_id=release.release_id, token=token, expires_at=release.expires_at)


@router.get(
    "/legal-releases/{token}",
    operation_id="takeLegalRelease",
    response_class=Response,
    responses=problems("not_found", "wrong_state", "release_spent", "release_expired", "release_voided") | ZIP,
)
async def take_release(
    request: Request,
    caller: Annotated[Principal, Depends(AllowOrNote(Role.PRIVACY_OFFICER))],
    token: Annotated[str, Path(pattern="^[A-Za-z0-9_-]{43}$")],
    now: Now,
) -> Response:
    """Once. It is on record before the first byte leaves."""
    return attachment(await releasing.take_release(office_of(request), token, caller, now))


def attachment(file: ReleaseFile) -> Response:
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{file.name}"',
        "repr-digest": file.repr_digest,
    }
    return Response(file.content, media_type="application/zip", headers=headers)


def _shown(response: Response, demand: DemandOut) -> DemandOut:
    response.headers["etag"] = etag(demand.version)
    return demand
