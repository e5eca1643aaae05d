"""When what is sent, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from assessments.schedules import usecases
from assessments.schedules.rules import Schedule
from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem

router = APIRouter(prefix="/v1/assessment-schedules", tags=["schedules"])
Reader = Depends(Allow(Role.PROVIDER, Role.OPERATIONS))
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Code = Annotated[StructuredText, Path(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class SchedulesOut(BaseModel):
    items: list[Schedule]


@router.get("", operation_id="listAssessmentSchedules", dependencies=[Reader], responses=problems())
async def list_schedules(db: Db) -> SchedulesOut:
    """The newest version of each."""
    return SchedulesOut(items=await usecases.list_schedules(db))


@router.put("/{code}", operation_id="putAssessmentSchedule", responses=problems("not_found", "schedule_refused"))
async def put_schedule(db: Db, _: Operations, code: Code, body: Schedule, now: Now) -> Schedule:
    """The next version of a schedule. It is in force at once, also for what is queued and not sent yet."""
    if body.code != code:
        raise Problem("schedule_refused", "The code is another one than the address says.", field="code")
    return await usecases.put_schedule(db, body, now)
