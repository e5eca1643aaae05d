"""The privacy officer's page of recipients: contracts and how long they hold, who may get anything now, audits and what is due (C14)."""

from datetime import date
from typing import Annotated, Any, Literal, get_args
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Principal, Role
from common.pages.errors import PageRoute
from common.pages.language import language_of
from common.pages.session import AllowPage, csrf_of
from common.problems import Problem
from consent.pages.contracts_view import recipients, send, status_of

AREA = "/privacy-office"
HERE = f"{AREA}/contracts"
router = APIRouter(prefix=HERE, route_class=PageRoute, include_in_schema=False)
Officer = Annotated[Principal, Depends(AllowPage(Role.PRIVACY_OFFICER))]
Reason = Literal["terminated", "superseded", "breach", "audit_refused", "purpose_ended"]
Outcome = Literal["satisfactory", "findings", "failed"]
Severity = Literal["low", "medium", "high"]
Code = Literal[
    "encryption",
    "access_control",
    "redisclosure",
    "use_beyond_purpose",
    "deletion_late",
    "deletion_incomplete",
    "breach_notice",
    "training",
    "records",
]
DONE = ("recorded", "ended", "resumed", "announced", "reported", "resolved")


@router.get("")
async def show(request: Request, caller: Officer) -> Response:
    shown = await recipients(request.app.state.reporting)
    answer: Response = request.app.state.pages.render(request, "office_contracts.html", here=HERE, csrf=csrf_of(request), shown=shown)
    return answer


@router.get("/{recipient_id}")
async def show_one(request: Request, caller: Officer, recipient_id: UUID) -> Response:
    done = request.query_params.get("done", "")
    return await _page(request, recipient_id, message=f"contracts.done.{done}" if done in DONE else None)


@router.post("/{recipient_id}/resumption")
async def resume(request: Request, caller: Officer, recipient_id: UUID) -> Response:
    return await _act(request, caller, "resumed", f"{recipient_id}/resumption", {})


@router.post("/{recipient_id}/contract/{contract_id}/end")
async def end(
    request: Request,
    caller: Officer,
    recipient_id: UUID,
    contract_id: UUID,
    reason: Annotated[Reason, Form()],
) -> Response:
    return await _act(request, caller, "ended", f"{recipient_id}/contracts/{contract_id}/end", {"reason": reason})


@router.post("/{recipient_id}/audits")
async def announce(request: Request, caller: Officer, recipient_id: UUID, planned_on: Annotated[date, Form()]) -> Response:
    return await _act(request, caller, "announced", f"{recipient_id}/audits/{uuid4()}", {"planned_on": str(planned_on)})


@router.post("/{recipient_id}/audits/{audit_id}/report")
async def report(
    request: Request,
    caller: Officer,
    recipient_id: UUID,
    audit_id: UUID,
    performed_on: Annotated[date, Form()],
    outcome: Annotated[Outcome, Form()],
    code: Annotated[list[Literal[""] | Code], Form(max_length=9)] = [],  # noqa: B006
    severity: Annotated[list[Severity], Form(max_length=9)] = [],  # noqa: B006
    due_on: Annotated[list[Literal[""] | date], Form(max_length=9)] = [],  # noqa: B006
) -> Response:
    """A finding without a code or a day is none."""
    rows = zip(code, severity, due_on, strict=False)
    findings = [{"code": c, "severity": s, "due_on": str(day)} for c, s, day in rows if c and day]
    body = {"performed_on": str(performed_on), "outcome": outcome, "findings": findings}
    return await _act(request, caller, "reported", f"{recipient_id}/audits/{audit_id}/report", body)


@router.post("/{recipient_id}/audits/{audit_id}/findings/{finding_id}/resolution")
async def resolve(request: Request, caller: Officer, recipient_id: UUID, audit_id: UUID, finding_id: UUID) -> Response:
    return await _act(request, caller, "resolved", f"{recipient_id}/audits/{audit_id}/findings/{finding_id}/resolution", {})


async def _act(request: Request, caller: Principal, done: str, what: str, body: dict[str, Any]) -> Response:
    """In the officer's name; `what` begins with the recipient. What is announced is put under an id of its own, the rest happens to
    something that is there."""
    method: Literal["PUT", "POST"] = "PUT" if done == "announced" else "POST"
    recipient_id = UUID(what.partition("/")[0])
    refused = await send(request.app.state.reporting, method, f"/v1/recipients/{what}", body | {"recorded_by": str(caller.id)})
    if refused:
        return await _page(request, recipient_id, message=f"contracts.refused.{refused}", status=status_of(refused))
    return RedirectResponse(f"{HERE}/{recipient_id}?lang={language_of(request)}&done={done}", 303)


async def _page(request: Request, recipient_id: UUID, *, message: str | None = None, status: int = 200) -> Response:
    """Raises Problem where there is no such recipient."""
    shown = await recipients(request.app.state.reporting)
    one = next((found for found in shown.items if found.recipient_id == recipient_id), None) if shown else None
    if shown and one is None:
        raise Problem("not_found", "No such recipient is registered.")
    answer: Response = request.app.state.pages.render(
        request,
        "office_contract.html",
        status,
        here=f"{HERE}/{recipient_id}",
        csrf=csrf_of(request),
        message=message,
        shown=shown,
        one=one,
        end_reasons=get_args(Reason),
        outcomes=get_args(Outcome),
        finding_codes=get_args(Code),
        severities=get_args(Severity),
    )
    return answer
