"""Releases over HTTP, for those who run the programme; and, for the privacy officer, why a number was withheld."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from reporting.release_ledger import usecases
from reporting.release_ledger.cells import Cell, Scope, ScopeKind
from reporting.release_ledger.explaining import explain
from reporting.release_ledger.usecases import Release
from reporting.rollups.verifying import verify

router = APIRouter(prefix="/v1", tags=["releases"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Overseer = Depends(Allow(Role.OPERATIONS, Role.PRIVACY_OFFICER))
PrivacyOfficer = Depends(Allow(Role.PRIVACY_OFFICER))
Year = Annotated[int, Path(ge=2000, le=2200)]
Name = Annotated[StructuredText, Query(pattern=r"^[A-Za-z0-9_./+-]*$", max_length=200)]


class Releases(BaseModel):
    items: list[Release]


class PopulationIn(BaseModel):
    eligible: int = Field(ge=0, le=10_000_000)


class Population(BaseModel):
    employer_id: UUID
    year: int
    eligible: int


class Explanation(BaseModel):
    """`withheld` is false also of a cell that was never offered."""

    withheld: bool
    sentences: list[str]


class SecondCount(BaseModel):
    agrees: bool
    differences: int


@router.post("/releases", operation_id="releaseDue", responses=problems())
async def release_due(db: Db, _: Operations, now: Now) -> Releases:
    """Closes the months that are due and releases what may leave of them. Saying it again releases nothing more."""
    return Releases(items=list(await usecases.release_due(db, now)))


@router.get("/releases", operation_id="listReleases", dependencies=[Overseer], responses=problems())
async def list_releases(db: Db) -> Releases:
    """The newest first, with how long the linear test and the integer audit took."""
    return Releases(items=list(await usecases.list_releases(db)))


@router.get("/releases/explanation", operation_id="explainCell", dependencies=[PrivacyOfficer], responses=problems())
async def explain_cell(
    db: Db, family: Name, scope: ScopeKind, period: Name, scope_id: Name = "", breakdown: Name = "", group: Name = ""
) -> Explanation:
    """The true reason. Whoever receives the report is told the rules, and not which of them it was (D2)."""
    cell = Cell(family, Scope(scope, scope_id), period, breakdown, group)
    reason = await usecases.why_withheld(db, cell)
    return Explanation(withheld=reason is not None, sentences=[] if reason is None else explain(cell, reason))


@router.post("/rollups/second-count", operation_id="countAgain", responses=problems())
async def count_again(db: Db, _: Operations) -> SecondCount:
    """By another engine, from the facts. It is done every night as well."""
    differences = len((await verify(db)).differences)
    return SecondCount(agrees=not differences, differences=differences)


@router.put("/populations/{employer_id}/{year}", operation_id="putPopulation", responses=problems("population_fixed"))
async def put_population(db: Db, _: Operations, employer_id: UUID, year: Year, body: PopulationIn, now: Now) -> Population:
    """How many people of an employer are eligible. It decides whether there is a report of its own, and whether by quarter and month."""
    await usecases.state_population(db, employer_id, year, body.eligible, now)
    return Population(employer_id=employer_id, year=year, eligible=body.eligible)
