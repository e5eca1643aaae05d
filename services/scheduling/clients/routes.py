"""Clients over HTTP. No route here is open to an employer (C6)."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from scheduling.clients import usecases
from scheduling.clients.rules import Client, MemberId, Sex
from scheduling.eligibility.usecases import ask_payer_of_client
from scheduling.geography import check_zone

router = APIRouter(prefix="/v1/clients", tags=["clients"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]


class ClientIn(BaseModel):
    """C13: there is no field for a Social Security number, and an unknown field is refused."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "employer_id": "6f0a3c1e-8d55-4a57-9f0e-1f6f3f1f2a10",
                "plan_id": "0d9c8a58-6a6e-4f0e-8a43-6d8c3b4f7b21",
                "programme": "care_connect",
                "birth_date": "1988-04-17",
                "sex": "female",
                "state": "TX",
                "language": "en",
            }
        },
    )

    employer_id: UUID
    plan_id: UUID
    programme: Programme
    birth_date: date
    sex: Sex
    state: str = Field(pattern="^[A-Z]{2}$")
    language: StructuredText = Field("en", pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)
    """BCP 47."""
    time_zone: str | None = Field(None, pattern="^[A-Z][A-Za-z_-]+(/[A-Z][A-Za-z_-]+){0,2}$", max_length=40)
    """IANA; absent: that of most people in the state."""
    member_id: MemberId | None = None
    """By which the plan knows the client. One that reads as a Social Security number is refused (C13)."""
    client_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""


@router.post(
    "",
    status_code=201,
    operation_id="registerClient",
    responses=problems(
        "under_age", "unknown_employer", "unknown_plan", "programme_not_offered", "ssn_refused", "already_exists", "idempotency_key_reused"
    ),
)
async def register_client(request: Request, db: Db, journal: TheJournal, caller: Operations, key: Key, body: ClientIn, now: Now) -> Client:
    """C12: nobody under 13. S1: eligibility is verified at once."""
    if body.time_zone is not None:
        check_zone(body.time_zone)
    registered = await usecases.register_client(db, journal, caller, key, Client(**body.model_dump(exclude_none=True)), now)
    await ask_payer_of_client(db, journal, request.app.state.eligibility_check, registered.client_id, now)
    return registered


@router.get("/{client_id}", operation_id="readClient", responses=problems("not_found"))
async def read_client(db: Db, caller: Reader, client_id: UUID) -> Client:
    caller.own(Role.CLIENT, client_id)
    return await usecases.read_client(db, client_id)
