"""Client Matching over HTTP: what a client is offered, and what the team makes of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.matching import usecases
from scheduling.matching.rules import CaseState, MatchingCase
from scheduling.tenancy import narrow

router = APIRouter(prefix="/v1/matching-cases", tags=["client matching"])
Team = Annotated[Principal, Depends(Allow(Role.CLIENT_MATCHING))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.CLIENT_MATCHING, Role.OPERATIONS))]


class ProposalsIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"provider_ids": ["b7f6c2d1-9a0e-4c57-8f3b-2f9d1e6a7c30"]}})

    provider_ids: list[UUID] = Field(min_length=1, max_length=5)
    """Best first."""


@router.get("", operation_id="listMatchingCases", responses=problems("not_found"))
async def list_matching_cases(
    db: Db,
    caller: Reader,
    client_id: UUID | None = None,
    state: Annotated[CaseState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[MatchingCase]:
    """A client's own; the team may leave the filter out."""
    narrowed, _ = narrow(caller, client_id, None)
    found = await usecases.list_cases(db, narrowed, state, after(cursor), limit + 1)
    return page_of(found, limit, lambda case: case.case_id)


@router.get("/{case_id}", operation_id="readMatchingCase", responses=problems("not_found"))
async def read_matching_case(db: Db, caller: Reader, case_id: UUID) -> MatchingCase:
    """Each proposal says why it is one."""
    return await usecases.read_case(db, caller, case_id)


@router.put(
    "/{case_id}/proposals",
    operation_id="proposeProviders",
    responses=problems("not_found", "wrong_state", "provider_not_listed", "idempotency_key_reused"),
)
async def propose_providers(
    db: Db, journal: TheJournal, caller: Team, key: Key, case_id: UUID, body: ProposalsIn, now: Now
) -> MatchingCase:
    """S10: the team's own choice, in its order, instead of what was found."""
    return await usecases.propose(db, journal, caller, key, case_id, body.provider_ids, now)
