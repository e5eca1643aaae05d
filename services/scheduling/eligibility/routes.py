"""Coverage and eligibility over HTTP. No route here is open to an employer (C6)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from scheduling.eligibility import usecases
from scheduling.eligibility.changes import Statement
from scheduling.eligibility.rules import Verdict
from scheduling.eligibility.usecases import Periods, Question

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["eligibility"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]


class PeriodIn(BaseModel):
    """From `starts_on` on this is what holds at this employer; what was known of the days before it stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "employer_id": "6f0a3c1e-8d55-4a57-9f0e-1f6f3f1f2a10",
                "plan_id": "0d9c8a58-6a6e-4f0e-8a43-6d8c3b4f7b21",
                "starts_on": "2027-01-01",
            }
        },
    )

    employer_id: UUID
    plan_id: UUID
    programme: Programme | None = None
    """Absent: for all that the employer offers."""
    starts_on: date
    ends_on: date | None = None
    """The last day; absent where there is no end."""


class EndIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"ends_on": "2027-06-30"}})

    ends_on: date
    """The last day. Whoever leaves tomorrow is covered today."""


class QuestionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"programme": "care_connect"}})

    programme: Programme
    on: date | None = None


@router.get("/coverage", operation_id="listCoverage", responses=problems("not_found"))
async def list_coverage(db: Db, caller: Operations, client_id: UUID, known_at: AwareDatetime | None = None) -> Periods:
    """What is known now, or what was known at a moment."""
    return await usecases.list_coverage(db, client_id, known_at)


@router.post(
    "/coverage",
    status_code=201,
    operation_id="addCoverage",
    responses=problems("not_found", "unknown_employer", "unknown_plan", "idempotency_key_reused"),
)
async def add_coverage(
    request: Request, db: Db, journal: TheJournal, caller: Operations, key: Key, client_id: UUID, body: PeriodIn, now: Now
) -> Periods:
    """S1: eligibility is verified at once. S2: where the plan cannot be processed, the client and their providers are told."""
    said = Statement(client_id, body.employer_id, body.plan_id, body.starts_on, body.ends_on, body.programme)
    changed = await usecases.add_coverage(db, journal, caller, key, said, now)
    await usecases.ask_payer_of_client(db, journal, request.app.state.eligibility_check, client_id, now)
    return changed


@router.post("/coverage/{period_id}/end", operation_id="endCoverage", responses=problems("not_found", "idempotency_key_reused"))
async def end_coverage(
    db: Db, journal: TheJournal, caller: Operations, key: Key, client_id: UUID, period_id: UUID, body: EndIn, now: Now
) -> Periods:
    return await usecases.end_coverage(db, journal, caller, key, client_id, period_id, body.ends_on, now)


@router.get("/eligibility", operation_id="readEligibility", responses=problems("not_found"))
async def read_eligibility(db: Db, caller: Reader, client_id: UUID, programme: Programme, now: Now, on: date | None = None) -> Verdict:
    """On a day of service, else today: whether the client is eligible, and why not."""
    caller.own(Role.CLIENT, client_id)
    return await usecases.read_eligibility(db, client_id, programme, on, now)


@router.post("/eligibility-checks", operation_id="checkEligibility", responses=problems("not_found"))
async def check_eligibility(
    request: Request, db: Db, journal: TheJournal, caller: Operations, client_id: UUID, body: QuestionIn, now: Now
) -> Verdict:
    """Verifies anew, and asks the payer where one is set up."""
    question = Question(client_id, body.programme, body.on)
    return await usecases.ask_payer(db, journal, request.app.state.eligibility_check, question, now)
