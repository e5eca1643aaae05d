"""Contracts with the recipients of individual data (C14): recording, ending, and opening again for a recipient that was closed."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Purpose
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.never_kept import StructuredText
from reporting.contracts import usecases
from reporting.contracts.acting import acting
from reporting.contracts.overview import Shown, overview
from reporting.contracts.rules import Contract, EndReason, Obligation, Terms

router = APIRouter(prefix="/v1", tags=["contracts"])
Keeping = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.SERVICE))]
Officers = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER, Role.SERVICE))]
Line = Annotated[StructuredText, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
Address = Annotated[StructuredText, Field(min_length=5, max_length=400)]


class ContractIn(BaseModel):
    """`recorded_by`: the officer for whom a service acts, and nobody else's to say."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[StructuredText, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$")]
    legal_name: Line
    address: Address
    purpose: Purpose = Purpose.PERSONALISED_RECOMMENDATIONS
    obligations: Annotated[tuple[Obligation, ...], Field(min_length=1, max_length=20)]
    delete_within_days: int = Field(ge=1, le=60)
    breach_notice_hours: int = Field(ge=1, le=1440)
    """At most sixty days (45 CFR 164.410(b))."""
    audit_right: Literal[True]
    audit_every_months: int = Field(ge=1, le=36)
    document_digest: Annotated[StructuredText, Field(pattern=r"^[0-9a-f]{64}$")]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    recorded_by: UUID | None = None


class Ending(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: EndReason
    recorded_by: UUID | None = None


class Resumption(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recorded_by: UUID | None = None


class Contracts(BaseModel):
    items: list[Contract]


class Resumed(BaseModel):
    recipient_id: UUID
    resumed: bool
    """False where nothing was closed."""


class Overview(BaseModel):
    today: date
    items: list[Shown]


@router.put(
    "/recipients/{recipient_id}/contracts/{contract_id}",
    operation_id="recordContract",
    responses=problems("unknown_recipient", "already_exists"),
)
async def record_contract(
    request: Request, db: Db, journal: TheJournal, caller: Keeping, recipient_id: UUID, contract_id: UUID, body: ContractIn, now: Now
) -> Contract:
    """What was signed; it does not change any more. The first one opens the gate for this recipient; over a gap an officer opens it."""
    said = body.model_dump(exclude={"recorded_by"})
    terms = Terms(contract_id=contract_id, recipient_id=recipient_id, **said)
    made = await usecases.record_contract(db, journal, terms, acting(caller, body.recorded_by), now)
    request.app.state.publisher.wake()
    return made


@router.get("/recipients/{recipient_id}/contracts/{contract_id}", operation_id="readContract", responses=problems("not_found"))
async def read_contract(db: Db, _: Keeping, recipient_id: UUID, contract_id: UUID) -> Contract:
    return await usecases.read_contract(db, recipient_id, contract_id)


@router.get("/recipients/{recipient_id}/contracts", operation_id="listContracts", responses=problems())
async def list_contracts(db: Db, _: Keeping, recipient_id: UUID) -> Contracts:
    return Contracts(items=list(await usecases.contracts_of(db, recipient_id)))


@router.post("/recipients/{recipient_id}/contracts/{contract_id}/end", operation_id="endContract", responses=problems("not_found"))
async def end_contract(
    request: Request, db: Db, journal: TheJournal, caller: Keeping, recipient_id: UUID, contract_id: UUID, body: Ending, now: Now
) -> Contract:
    """Once this is answered, and no other contract is in force, not one byte leaves for the recipient: its access tokens and exports are
    over, the states on its topic are taken back. Recalls and notices go on."""
    by = acting(caller, body.recorded_by)
    ended = await usecases.end_contract(db, journal, recipient_id, contract_id, usecases.Ending(body.reason, by), now)
    request.app.state.publisher.wake()
    return ended


@router.post(
    "/recipients/{recipient_id}/resumption", operation_id="resumeRecipient", responses=problems("unknown_recipient", "contract_not_valid")
)
async def resume_recipient(
    request: Request, db: Db, journal: TheJournal, caller: Officers, recipient_id: UUID, body: Resumption, now: Now
) -> Resumed:
    """A recipient that was closed gets something again, under the contract that is in force now: whoever shares goes on its topic again.
    It asks for new access tokens and exports itself."""
    resumed = await usecases.resume(db, journal, recipient_id, acting(caller, body.recorded_by), now)
    request.app.state.publisher.wake()
    return Resumed(recipient_id=recipient_id, resumed=resumed)


@router.get("/recipient-contracts", operation_id="listRecipientContracts", responses=problems())
async def list_recipient_contracts(db: Db, _: Keeping, now: Now) -> Overview:
    """Every recipient: whether it may get anything now and under what, its contracts, when it was open, its audits and when the next is
    due."""
    return Overview(today=now.date(), items=await overview(db, now))
