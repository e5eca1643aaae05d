"""What is done with a consultation request, over HTTP: each is one move of its life (`states.py`). An illegal one answers 409."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import etag, problems, version_of
from common.idempotency import Key
from common.never_kept import StructuredText
from scheduling.availability.forms import Moment
from scheduling.requests import usecases
from scheduling.requests.rules import Answer, ConsultationRequest
from scheduling.requests.states import Move

router = APIRouter(prefix="/v1/consultation-requests/{request_id}", tags=["consultation requests"])
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
TheProvider = Annotated[Principal, Depends(Allow(Role.PROVIDER))]
Either = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER))]
IfMatch = Annotated[StructuredText | None, Header(description="The version of the request that is answered: its ETag.", max_length=40)]
ANSWERING = problems("not_found", "state_changed", "if_match_missing", "wrong_state", "idempotency_key_reused")
MOVING = problems("not_found", "wrong_state", "idempotency_key_reused")


class RefusalIn(BaseModel):
    """The reason is for Client Matching; none has to be given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "no_capacity"}})

    reason: Literal["not_stated", "no_capacity", "outside_expertise", "schedule"] = "not_stated"


class TimesIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"times": ["2026-11-24T15:00:00-06:00"]}})

    times: list[Moment] = Field(min_length=1, max_length=3)


class FitIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"good_fit": True}})

    good_fit: bool


class EndingIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "completed"}})

    reason: Literal["completed", "visit_limit"]


@router.post("/acceptance", operation_id="acceptConsultationRequest", responses=ANSWERING)
async def accept(
    response: Response, db: Db, journal: TheJournal, caller: TheProvider, key: Key, request_id: UUID, now: Now, if_match: IfMatch = None
) -> ConsultationRequest:
    """S7: within 24 hours. A late answer is taken, until the client has gone to another provider."""
    given = Answer(request_id, Move.ACCEPT, version_of(if_match))
    return _tagged(response, await usecases.answer_request(db, journal, caller, key, given, now))


@router.post("/refusal", operation_id="declineConsultationRequest", responses=ANSWERING)
async def decline(
    response: Response,
    db: Db,
    journal: TheJournal,
    caller: TheProvider,
    key: Key,
    request_id: UUID,
    now: Now,
    if_match: IfMatch = None,
    body: RefusalIn | None = None,
) -> ConsultationRequest:
    """S10: the provider is free to. The client is offered others."""
    given = Answer(request_id, Move.DECLINE, version_of(if_match), body.reason if body else "not_stated")
    return _tagged(response, await usecases.answer_request(db, journal, caller, key, given, now))


@router.post("/proposed-times", operation_id="proposeTimes", responses=ANSWERING)
async def propose_times(
    response: Response,
    db: Db,
    journal: TheJournal,
    caller: TheProvider,
    key: Key,
    request_id: UUID,
    body: TimesIn,
    now: Now,
    if_match: IfMatch = None,
) -> ConsultationRequest:
    """S8: accepts the request and lets the client choose. The client books one of them as an appointment."""
    given = Answer(request_id, Move.PROPOSE_TIMES, version_of(if_match), proposed_times=tuple(body.times))
    return _tagged(response, await usecases.answer_request(db, journal, caller, key, given, now))


@router.post("/fit", operation_id="assessFit", responses=MOVING)
async def assess_fit(
    response: Response, db: Db, journal: TheJournal, caller: Either, key: Key, request_id: UUID, body: FitIn, now: Now
) -> ConsultationRequest:
    """S10: after the consultation, by the client or the provider. What was not a good fit goes to Client Matching."""
    return _tagged(response, await usecases.assess_fit(db, journal, caller, key, request_id, good_fit=body.good_fit, now=now))


@router.post("/withdrawal", operation_id="withdrawConsultationRequest", responses=MOVING)
async def withdraw(
    response: Response, db: Db, journal: TheJournal, caller: TheClient, key: Key, request_id: UUID, now: Now
) -> ConsultationRequest:
    """The client no longer wants it. What was booked is called off."""
    return _tagged(response, await usecases.withdraw_request(db, journal, caller, key, request_id, now))


@router.post("/provider-change", operation_id="seekAnotherProvider", responses=MOVING)
async def change_provider(
    response: Response, db: Db, journal: TheJournal, caller: TheClient, key: Key, request_id: UUID, now: Now
) -> ConsultationRequest:
    """S14: it ends with this provider, and others are offered."""
    return _tagged(response, await usecases.change_provider(db, journal, caller, key, request_id, now))


@router.post("/ending", operation_id="endCare", responses=MOVING)
async def end_care(
    response: Response, db: Db, journal: TheJournal, caller: Either, key: Key, request_id: UUID, body: EndingIn, now: Now
) -> ConsultationRequest:
    """S13, S14: care with this provider has come to its end."""
    return _tagged(response, await usecases.end_care(db, journal, caller, key, request_id, body.reason, now))


def _tagged(response: Response, request: ConsultationRequest) -> ConsultationRequest:
    response.headers["etag"] = etag(request.version)
    return request
