"""Coverage terms over HTTP, for the client and operations. C16: no route shows anybody else how often a client is seen."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from scheduling.coverage import choosing
from scheduling.coverage.choosing import CoverageChoiceMade, CoverageTerms
from scheduling.coverage.rules import CoverageChoice

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["coverage terms"])
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]


class ChoiceIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"programme": "emotional_wellbeing_solutions", "choice": "continue_with_insurance"}},
    )

    programme: Programme
    choice: CoverageChoice


@router.get("/coverage-terms", operation_id="readCoverageTerms", responses=problems("not_found"))
async def read_terms(db: Db, caller: Reader, client_id: UUID, programme: Programme, now: Now, on: date | None = None) -> CoverageTerms:
    """S13: who pays for a visit on that day, and how many are left where they are counted."""
    caller.own(Role.CLIENT, client_id)
    return await choosing.read_terms(db, client_id, programme, on, now)


@router.post(
    "/coverage-choices",
    status_code=201,
    operation_id="chooseCoverage",
    responses=problems("not_found", "wrong_state", "idempotency_key_reused"),
)
async def choose_coverage(
    db: Db, journal: TheJournal, caller: TheClient, key: Key, client_id: UUID, body: ChoiceIn, now: Now
) -> CoverageChoiceMade:
    """S13: how it goes on after the contract's last visit; asked from when one is left."""
    caller.own(Role.CLIENT, client_id)
    return await choosing.choose_coverage(db, journal, caller, key, (client_id, body.programme, body.choice), now)
