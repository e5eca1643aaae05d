"""The privacy officer's pages about legal demands (C7): the list with its deadlines, a case, recording one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from common.auth import Principal, Role
from common.contracts.privacy import RecordCategory
from common.contracts.vocabulary import Programme
from common.edge import Now
from common.never_kept import StructuredText
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.documents.routes import paper
from consent.documents.rules import DocumentKind
from consent.documents.usecases import read_document, take_document
from consent.legal_demands import releasing, rules, usecases
from consent.legal_demands.routes import attachment, office_of
from consent.legal_demands.rules import BASES, DemandKind, IdentityEvidence, Statement
from consent.legal_demands.states import OPEN, RefusalGround
from consent.legal_demands.states import Form as SuspensionForm
from consent.legal_demands.usecases import Case
from consent.pages.office_legal_forms import NOT_YET, DemandForm, SuspensionFields

AREA = "/privacy-office"
HERE = f"{AREA}/legal-demands"
router = APIRouter(prefix=AREA, route_class=PageRoute, include_in_schema=False)
Officer = Annotated[Principal, Depends(AllowPage(Role.PRIVACY_OFFICER))]
Done = Annotated[StructuredText, Field(max_length=20)]
Digest = Annotated[StructuredText, Form(max_length=64)]


@router.get("/legal-demands")
async def show_list(request: Request, caller: Officer, now: Now) -> Response:
    demands = await usecases.office_list(request.app.state.db)
    return _page(request, "office_legal_demands.html", here=HERE, demands=demands, open_states=OPEN, now=now)


@router.get("/legal-demands/new")
async def show_form(request: Request, caller: Officer) -> Response:
    return _form(request)


@router.post("/legal-demands")
async def record(request: Request, caller: Officer, form: Annotated[DemandForm, Form()], now: Now) -> Response:
    """What cannot be answered is said before the papers are kept."""
    try:
        assurance = await _bytes(form.assurance)
        rules.check(form.content(NOT_YET, NOT_YET if assurance else None), now)
        document_id = await _take(request, DocumentKind.DEMAND, await _bytes(form.document), caller, now)
        assurance_id = await _take(request, DocumentKind.ASSURANCE, assurance, caller, now) if assurance else None
        demand = await usecases.record_demand(office_of(request), form.content(document_id, assurance_id), caller.id, now)
    except Problem as problem:
        return _form(request, problem, form)
    return _to(request, demand.demand_id, "recorded")


@router.get("/legal-demands/{demand_id}")
async def show_case(request: Request, caller: Officer, demand_id: UUID, now: Now, done: Done = "") -> Response:
    case = await usecases.read_case(request.app.state.db, demand_id)
    return _case(request, case, caller, now, done=done if done in DONE else None)


@router.post("/legal-demands/{demand_id}/approval")
async def approve(request: Request, caller: Officer, demand_id: UUID, now: Now, digest: Digest) -> Response:
    try:
        await usecases.approve_demand(office_of(request), demand_id, digest, caller.id, now)
    except Problem as problem:
        return await _refused(request, demand_id, caller, problem, now)
    return _to(request, demand_id, "approved")


@router.post("/legal-demands/{demand_id}/closure")
async def close(
    request: Request, caller: Officer, demand_id: UUID, now: Now, ground: Annotated[RefusalGround | None, Form()] = None
) -> Response:
    """Without a ground: the authority has withdrawn it."""
    try:
        closed = await usecases.close_demand(office_of(request), demand_id, ground, caller.id, now)
    except Problem as problem:
        return await _refused(request, demand_id, caller, problem, now)
    return _to(request, demand_id, closed.state)


@router.post("/legal-suspensions")
async def suspend(request: Request, caller: Officer, form: Annotated[SuspensionFields, Form()], now: Now) -> Response:
    try:
        content = await _bytes(form.document)
        document_id = await _take(request, DocumentKind.SUSPENSION, content, caller, now) if content else None
        wanted = form.wanted(document_id).suspension(form.demand_id, caller.id, now)
        await usecases.suspend_accounting(office_of(request), form.demand_id, wanted, now)
    except Problem as problem:
        return await _refused(request, form.demand_id, caller, problem, now)
    return _to(request, form.demand_id, "suspended")


@router.post("/legal-demands/{demand_id}/releases")
async def issue(request: Request, caller: Officer, demand_id: UUID, now: Now) -> Response:
    """The token stands in this one answer and nowhere else."""
    try:
        token, release = await releasing.issue_release(office_of(request), demand_id, None, caller, now)
    except Problem as problem:
        return await _refused(request, demand_id, caller, problem, now)
    case = await usecases.read_case(request.app.state.db, demand_id)
    return _case(request, case, caller, now, done="issued", token=token, expires_at=release.expires_at)


@router.post("/legal-releases")
async def take(request: Request, caller: Officer, now: Now, token: Annotated[StructuredText, Form(max_length=64)]) -> Response:
    return attachment(await releasing.take_release(office_of(request), token, caller, now))


@router.get("/legal-documents/{document_id}")
async def read(request: Request, caller: Officer, document_id: UUID, now: Now) -> Response:
    document, content = await read_document(request.app.state.db, request.app.state.document_key, document_id, caller.id, now)
    return paper(document, content)


DONE = ("recorded", "approved", "refused", "withdrawn", "suspended", "issued")


async def _bytes(file: UploadFile | None) -> bytes:
    """Nothing where a browser sent an empty field."""
    return await file.read() if file else b""


async def _take(request: Request, kind: DocumentKind, content: bytes, caller: Principal, now: datetime) -> UUID:
    state = request.app.state
    return (await take_document(state.db, state.document_key, kind, content, caller.id, now)).document_id


async def _refused(request: Request, demand_id: UUID, caller: Principal, problem: Problem, now: datetime) -> Response:
    """On the case's own page, as it stands now."""
    case = await usecases.read_case(request.app.state.db, demand_id)
    return _case(request, case, caller, now, problem=problem)


def _case(request: Request, case: Case, caller: Principal, now: datetime, **more: Any) -> Response:
    demand, problem = case.demand, more.get("problem")
    shown: dict[str, Any] = {
        "case": case,
        "demand": demand,
        "citation": BASES[demand.content.legal_basis].citation,
        "suspendable": BASES[demand.content.legal_basis].suspendable,
        "mine": caller.id in demand.authors,
        "is_open": demand.state in OPEN,
        "collected": bool(case.parts) and all(part.state == "collected" for part in case.parts),
        "grounds": RefusalGround,
        "forms": SuspensionForm,
        "now": now,
    }
    none = dict.fromkeys(("done", "token", "expires_at", "problem"))
    status = problem.status if problem else 200
    return _page(request, "legal_demand.html", status, here=f"{HERE}/{demand.demand_id}", **(shown | none | more))


def _form(request: Request, problem: Problem | None = None, form: DemandForm | None = None) -> Response:
    def given(name: str) -> str:
        value = getattr(form, name, None)
        return value.strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else str(value or "")

    lists = {"kinds": DemandKind, "bases": BASES, "statements": Statement, "evidence": IdentityEvidence, "categories": RecordCategory}
    status = problem.status if problem else 200
    return _page(
        request,
        "legal_demand_form.html",
        status,
        here=f"{HERE}/new",
        problem=problem,
        form=form,
        given=given,
        programmes=Programme,
        **lists,
    )


def _page(request: Request, template: str, status: int = 200, **shown: Any) -> Response:
    answer: Response = request.app.state.pages.render(request, template, status, csrf=csrf_of(request), **shown)
    return answer


def _to(request: Request, demand_id: UUID, done: str) -> Response:
    return RedirectResponse(f"{HERE}/{demand_id}?lang={language_of(request)}&done={done}", 303)
