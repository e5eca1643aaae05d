"""Eligibility files over HTTP (docs/guides/eligibility-files.md)."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.problems import Problem
from scheduling.eligibility import files
from scheduling.eligibility.files import FileTaken, Received

router = APIRouter(prefix="/v1/eligibility-files", tags=["eligibility"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
EXAMPLE = "maintenance_type,member_id,employer_id,plan_id,coverage_start,coverage_end\n021,W1234567,6f0a…,0d9c…,2027-01-01,\n"


@router.post(
    "",
    status_code=201,
    operation_id="takeEligibilityFile",
    responses=problems("eligibility_file_refused", "body_too_large"),
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "example": EXAMPLE}}}}},
)
async def take_file(
    request: Request, db: Db, journal: TheJournal, _caller: Operations, now: Now, file_date: date | None = None, accept_ends: bool = False
) -> FileTaken:
    """The whole file or nothing; the same file of the same date once. `file_date` (today) is the last day of who is not in a full file."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
        raise Problem("invalid_request", "An eligibility file is sent as text/csv.", field="Content-Type")
    received = Received(content=await request.body(), file_date=file_date or now.date(), accept_ends=accept_ends)
    return await files.take_file(db, journal, received, now)
