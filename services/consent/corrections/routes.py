"""Corrections over HTTP (C10, 45 CFR 164.526): asked for by the client, or by staff on behalf; decided by the privacy officer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.corrections import RefusalGround
from common.edge import Now
from common.http import problems
from common.never_kept import FreeText, StructuredText
from common.problems import Problem
from consent.corrections import usecases
from consent.corrections.rules import Correction, ExtensionReason, OnBehalf, Service, Wish
from consent.corrections.usecases import Asked, Case, Desk
from consent.decisions.routes import OnBehalfIn

router = APIRouter(prefix="/v1", tags=["corrections"])
Asking = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]
Officer = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER))]
Name = Annotated[StructuredText, Field(pattern="^[a-z_]{1,60}$", max_length=60)]
LONGEST_REASON, LONGEST_STATEMENT = 1000, 4000


class CorrectionIn(BaseModel):
    """Which record, what is wrong in it, and what is right. A client's own record (`scheduling`, `client`) is changed. Any other one stays
    as it was, and an amendment is linked to it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"service": "scheduling", "record_table": "client", "field": "state", "wanted": "VT", "reason": "I have moved."}
        },
    )

    service: Service
    record_table: Name
    record_id: UUID | None = None
    field: Name
    wanted: StructuredText | None = Field(None, min_length=1, max_length=200)
    reason: FreeText = Field(min_length=1, max_length=LONGEST_REASON)
    on_behalf: OnBehalfIn | None = None
    """For staff only, and needed there: who asked, and how identity was checked."""
    correction_id: UUID = Field(default_factory=uuid4)


class ExtensionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "clinician_review"}})

    reason: ExtensionReason


class RefusalIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"ground": "accurate_and_complete"}})

    ground: RefusalGround


class StatementIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"text": "I do not agree."}})

    text: FreeText = Field(min_length=1, max_length=LONGEST_STATEMENT)


class HistoryLine(BaseModel):
    what: str
    detail: str | None
    by: UUID | None
    at: datetime


class CorrectionOut(Correction):
    overdue: bool


class CorrectionCase(CorrectionOut):
    history: list[HistoryLine]


class Corrections(BaseModel):
    items: list[CorrectionCase]


def desk_of(request: Request) -> Desk:
    state = request.app.state
    return Desk(state.db, state.journal, state.document_key)


def on_behalf_of(caller: Principal, said: OnBehalfIn | None) -> OnBehalf | None:
    """Raises Problem. Staff says for whom; a client acts for themselves."""
    if caller.role is Role.CLIENT:
        return None
    if said is None:
        raise Problem("identity_not_checked", "Say who asked, and how identity was checked.", field="on_behalf", rule="C10")
    return OnBehalf(staff_id=caller.id, **said.model_dump())


@router.post(
    "/clients/{client_id}/corrections",
    status_code=201,
    operation_id="askForCorrection",
    responses=problems("not_found", "identity_not_checked", "under_age", "ssn_refused", "already_exists"),
)
async def ask_for_correction(request: Request, caller: Asking, client_id: UUID, body: CorrectionIn, now: Now) -> CorrectionOut:
    """Answered within 60 days. C12, C13: what must not be kept is refused here already."""
    caller.own(Role.CLIENT, client_id)
    wish = Wish.model_validate(body.model_dump(include=set(Wish.model_fields)))
    asked = Asked(body.correction_id, client_id, wish, on_behalf_of(caller, body.on_behalf))
    return _out(await usecases.ask_correction(desk_of(request), asked, now), now)


@router.get("/clients/{client_id}/corrections", operation_id="listCorrectionsOfClient", responses=problems("not_found"))
async def list_corrections_of_client(request: Request, caller: Asking, client_id: UUID, now: Now) -> Corrections:
    """The newest first. Who was told of them: `listToldOfCorrections` of reporting."""
    caller.own(Role.CLIENT, client_id)
    return _cases(await usecases.list_corrections(desk_of(request), client_id), now)


@router.get("/corrections", operation_id="listCorrections", responses=problems())
async def list_corrections(request: Request, _: Officer, now: Now) -> Corrections:
    """What is open, by its deadline, then what was decided in the last three months."""
    return _cases(await usecases.office_list(desk_of(request), now), now)


@router.get("/corrections/{correction_id}", operation_id="readCorrection", responses=problems("not_found"))
async def read_correction(request: Request, caller: Asking, correction_id: UUID, now: Now) -> CorrectionCase:
    own = caller.id if caller.role is Role.CLIENT else None
    return _case(await usecases.read_correction(desk_of(request), correction_id, own), now)


@router.post("/corrections/{correction_id}/withdrawal", operation_id="withdrawCorrection", responses=problems("not_found", "wrong_state"))
async def withdraw_correction(
    request: Request, caller: Annotated[Principal, Depends(Allow(Role.CLIENT))], correction_id: UUID, now: Now
) -> CorrectionOut:
    return _out(await usecases.withdraw_correction(desk_of(request), correction_id, caller.id, now), now)


@router.post("/corrections/{correction_id}/extension", operation_id="extendCorrection", responses=problems("not_found", "wrong_state"))
async def extend_correction(request: Request, caller: Officer, correction_id: UUID, body: ExtensionIn, now: Now) -> CorrectionOut:
    """164.526(b)(2)(ii): once by 30 days, told to the client."""
    return _out(await usecases.extend_correction(desk_of(request), correction_id, body.reason, caller.id, now), now)


@router.post("/corrections/{correction_id}/acceptance", operation_id="acceptCorrection", responses=problems("not_found", "wrong_state"))
async def accept_correction(request: Request, caller: Officer, correction_id: UUID, now: Now) -> CorrectionOut:
    """It is handed to the owner of the record until that has made it; whoever got the record is told."""
    return _out(await usecases.accept_correction(desk_of(request), correction_id, caller.id, now), now)


@router.post("/corrections/{correction_id}/refusal", operation_id="refuseCorrection", responses=problems("not_found", "wrong_state"))
async def refuse_correction(request: Request, caller: Officer, correction_id: UUID, body: RefusalIn, now: Now) -> CorrectionOut:
    """164.526(d)(1): on one of the grounds that the law has."""
    return _out(await usecases.refuse_correction(desk_of(request), correction_id, body.ground, caller.id, now), now)


@router.post("/corrections/{correction_id}/disagreement", operation_id="stateDisagreement", responses=problems("not_found", "wrong_state"))
async def state_disagreement(
    request: Request, caller: Annotated[Principal, Depends(Allow(Role.CLIENT))], correction_id: UUID, body: StatementIn, now: Now
) -> CorrectionOut:
    """164.526(d)(2): kept with the record, which leaves as disputed from here on."""
    return _out(await usecases.state_disagreement(desk_of(request), correction_id, caller.id, body.text, now), now)


@router.post("/corrections/{correction_id}/rebuttal", operation_id="rebutDisagreement", responses=problems("not_found", "wrong_state"))
async def rebut_disagreement(request: Request, caller: Officer, correction_id: UUID, body: StatementIn, now: Now) -> CorrectionOut:
    """164.526(d)(3)."""
    return _out(await usecases.rebut(desk_of(request), correction_id, body.text, caller.id, now), now)


def _out(found: Correction, now: datetime) -> CorrectionOut:
    return CorrectionOut(**found.model_dump(), overdue=found.is_overdue(now))


def _case(case: Case, now: datetime) -> CorrectionCase:
    history = [HistoryLine(what=line.what, detail=line.detail, by=line.by, at=line.at) for line in case.history]
    return CorrectionCase(**_out(case.correction, now).model_dump(), history=history)


def _cases(found: list[Case], now: datetime) -> Corrections:
    return Corrections(items=[_case(case, now) for case in found])
