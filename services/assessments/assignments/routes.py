"""What clients are sent, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from assessments.assignments import usecases
from assessments.assignments.rules import Assignment
from assessments.care.usecases import check_may_see
from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of

router = APIRouter(prefix="/v1/assignments", tags=["assignments"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
Operations = Depends(Allow(Role.OPERATIONS))


class Assignments(BaseModel):
    items: list[Assignment]


class FormLink(BaseModel):
    """Opens the form, for whoever has it; for nothing else."""

    url: str


@router.get("", operation_id="listAssignments", responses=problems("not_found"))
async def list_assignments(db: Db, caller: Reader, client_id: UUID) -> Assignments:
    """All of a client's: what was sent, what is going to be, and what was not."""
    await check_may_see(db, caller, client_id)
    return Assignments(items=await usecases.list_assignments(db, client_id))


@router.get("/exceptions", operation_id="listAssignmentExceptions", dependencies=[Operations], responses=problems())
async def list_exceptions(db: Db, now: Now, cursor: Cursor = None, limit: Limit = 100) -> Page[Assignment]:
    """A1, A3: what was not sent in its window, was sent late, or is overdue. Empty where everything is as it should be."""
    found = await usecases.list_exceptions(db, now, after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.assignment_id)


@router.get("/{assignment_id}", operation_id="readAssignment", responses=problems("not_found"))
async def read_assignment(db: Db, caller: Reader, assignment_id: UUID) -> Assignment:
    found = await usecases.read_assignment(db, assignment_id)
    await check_may_see(db, caller, found.client_id)
    return found


@router.post("/{assignment_id}/links", operation_id="makeFormLink", responses=problems("not_found", "assessment_closed"))
async def make_link(request: Request, db: Db, caller: TheClient, assignment_id: UUID) -> FormLink:
    """The client's own link to the form, for a portal to lead to: the same page that the mail leads to."""
    found = await usecases.read_assignment(db, assignment_id)
    caller.own(Role.CLIENT, found.client_id)
    return FormLink(url=usecases.link_to(found, request.app.state.told))
