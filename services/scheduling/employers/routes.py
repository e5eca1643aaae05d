"""Employers over HTTP. An employer sees its own contract here and never a client (C6)."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.employers import usecases
from scheduling.employers.tables import Employer

router = APIRouter(prefix="/v1/employers", tags=["employers"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.EMPLOYER))]


class EmployerIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "Harbor Freightways", "programmes": ["care_connect", "emotional_wellbeing_solutions"]}},
    )

    name: StructuredText = Field(min_length=1, max_length=200)
    programmes: frozenset[Programme] = Field(min_length=1)
    employer_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""


@router.post("", status_code=201, operation_id="addEmployer", responses=problems("already_exists", "idempotency_key_reused"))
async def add_employer(db: Db, caller: Operations, key: Key, body: EmployerIn) -> Employer:
    employer = Employer(employer_id=body.employer_id, name=body.name, programmes=tuple(sorted(body.programmes)))
    return await usecases.add_employer(db, caller, key, employer)


@router.get("", operation_id="listEmployers", responses=problems())
async def list_employers(db: Db, caller: Operations, cursor: Cursor = None, limit: Limit = 100) -> Page[Employer]:
    found = await usecases.list_employers(db, after(cursor), limit + 1)
    return page_of(found, limit, lambda employer: employer.employer_id)


@router.get("/{employer_id}", operation_id="readEmployer", responses=problems("not_found"))
async def read_employer(db: Db, caller: Reader, employer_id: UUID) -> Employer:
    caller.own(Role.EMPLOYER, employer_id)
    return await usecases.read_employer(db, employer_id)
