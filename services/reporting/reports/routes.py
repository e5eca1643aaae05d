"""Reports over HTTP: for each employer its own (R3), for the plan the programme; and what the measures are."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Pool
from common.edge import Parts
from common.http import problems
from common.problems import Problem
from reporting.directions.usecases import check_directed
from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Family
from reporting.release_ledger.cells import ScopeKind
from reporting.reports import usecases
from reporting.reports.documents import Listed, Report
from reporting.reports.files import answer
from reporting.reports.usecases import of_employer, of_plan

router = APIRouter(prefix="/v1", tags=["reports"])
Employer = Annotated[Principal, Depends(Allow(Role.EMPLOYER))]
ByDirection = Annotated[Principal, Depends(Allow(Role.EMPLOYER, Role.PLAN))]
"""C15: the employer itself, or whom it has directed to read its reports."""
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]
Period = Annotated[str, Path(pattern=r"^20\d\d(-Q[1-4]|-(0[1-9]|1[0-2]))?$", description="A year, a quarter (`2026-Q1`), or a month.")]
Code = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
As = Annotated[Literal["json", "csv", "pdf"], Query(alias="format")]
AS_FILES = {**problems("not_found"), 200: {"content": {"text/csv": {}, "application/pdf": {}}}}


async def reader_of(request: Request) -> Pool:
    reader: Pool = request.app.state.reports
    return reader


Reader = Annotated[Pool, Depends(reader_of)]


async def by_direction(request: Request, caller: ByDirection, employer_id: UUID) -> bool:
    """Whether somebody else reads. The employer's own report needs nothing but what was published: nobody else's database is asked."""
    if caller.role is Role.EMPLOYER and caller.id == employer_id:
        return False
    asked = Parts.of(request)
    await check_directed(asked.db, caller, employer_id, asked.now)
    return True


Directed = Annotated[bool, Depends(by_direction)]


class Reports(BaseModel):
    items: Sequence[Listed]


class Explanation(BaseModel):
    """The rules by which this number may be missing, and not which of them it was (D2)."""

    measure: str
    sentences: Sequence[str]


class Measures(BaseModel):
    items: Sequence[Family]


@router.get("/measures", operation_id="listMeasures", dependencies=[Depends(Allow(*Role))], responses=problems())
async def list_measures() -> Measures:
    """The fixed catalogue (D9): what is counted, of whom, and what is computed from it."""
    return Measures(items=list(FAMILIES.values()))


@router.get("/employers/{employer_id}/reports", operation_id="listEmployerReports", responses=problems("not_found"))
async def list_employer_reports(reader: Reader, directed: Directed, employer_id: UUID) -> Reports:
    """Who reads by direction (C15) sees the employer's own, and none of all smaller employers together."""
    listed = await usecases.list_reports(reader, of_employer(employer_id))
    return Reports(items=[one for one in listed if not (directed and one.pooled)])


@router.get("/employers/{employer_id}/reports/{period}", operation_id="getEmployerReport", response_model=Report, responses=AS_FILES)
async def get_employer_report(
    reader: Reader, directed: Directed, employer_id: UUID, period: Period, representation: As = "json"
) -> Response:
    """Of its own people; of all smaller employers together where it is too small for a report of its own (`scope` says so)."""
    report = await usecases.read_report(reader, of_employer(employer_id), period)
    if directed and report.scope is not ScopeKind.EMPLOYER:
        raise Problem("not_found", "There is no report of this employer's own for this period.")
    return await answer(report, representation)


@router.get("/employers/{employer_id}/reports/{period}/explanation", operation_id="explainEmployerReport", responses=problems("not_found"))
async def explain_employer_report(reader: Reader, caller: Employer, employer_id: UUID, period: Period, measure: Code) -> Explanation:
    caller.own(Role.EMPLOYER, employer_id)
    return Explanation(measure=measure, sentences=await usecases.explain_measure(reader, of_employer(employer_id), period, measure))


@router.get("/plans/{plan_id}/reports", operation_id="listPlanReports", responses=problems("not_found"))
async def list_plan_reports(reader: Reader, caller: Plan, plan_id: UUID, programme: Programme | None = None) -> Reports:
    caller.own(Role.PLAN, plan_id)
    return Reports(items=await usecases.list_reports(reader, of_plan(plan_id, programme)))


@router.get("/plans/{plan_id}/reports/{period}", operation_id="getPlanReport", response_model=Report, responses=AS_FILES)
async def get_plan_report(
    reader: Reader, caller: Plan, plan_id: UUID, period: Period, programme: Programme | None = None, representation: As = "json"
) -> Response:
    """Of all its clients, or of those in one programme. Never of an employer's."""
    caller.own(Role.PLAN, plan_id)
    return await answer(await usecases.read_report(reader, of_plan(plan_id, programme), period), representation)


@router.get("/plans/{plan_id}/reports/{period}/explanation", operation_id="explainPlanReport", responses=problems("not_found"))
async def explain_plan_report(
    reader: Reader, caller: Plan, plan_id: UUID, period: Period, measure: Code, programme: Programme | None = None
) -> Explanation:
    caller.own(Role.PLAN, plan_id)
    return Explanation(measure=measure, sentences=await usecases.explain_measure(reader, of_plan(plan_id, programme), period, measure))
