"""Employers and their contracts over HTTP. An employer sees its own contract here and never a client (C6)."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.employers import usecases
from scheduling.employers.calendars import Holidays, put_holidays
from scheduling.employers.rules import FEDERAL, Contract, LimitPeriod, Terms, first_day
from scheduling.employers.tables import Employer
from scheduling.employers.usecases import Agreement

router = APIRouter(prefix="/v1/employers", tags=["employers"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.OPERATIONS, Role.EMPLOYER))]
State = Annotated[str, Field(pattern="^[A-Z]{2}$")]
SessionLimit = Annotated[int, Field(ge=1, le=52)]
Calendar = Annotated[str, Field(pattern=f"^({FEDERAL}|employer-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})$")]


class EmployerIn(BaseModel):
    """The programmes are covered from `starts_on` (the day of adding), without an end, in every state."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "Harbor Freightways", "programmes": ["care_connect", "emotional_wellbeing_solutions"]}},
    )

    name: StructuredText = Field(min_length=1, max_length=200)
    programmes: frozenset[Programme] = Field(min_length=1)
    employer_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""
    starts_on: date | None = None
    session_limit: SessionLimit | None = None
    """Of EWS a contract year; six where none is given (S13)."""


class TermsIn(BaseModel):
    """The whole terms of one programme. A limit is for EWS only (S13), six where none is given."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"starts_on": "2027-01-01", "ends_on": "2029-12-31", "regions": ["TX", "OK"], "session_limit": 8},
        },
    )

    starts_on: date
    ends_on: date | None = None
    """The last day; absent where there is no end."""
    regions: frozenset[State] | None = None
    """Absent: every state."""
    session_limit: SessionLimit | None = None
    limit_period: LimitPeriod = LimitPeriod.CONTRACT_YEAR
    calendar: Calendar = FEDERAL
    """By which business days are counted: the federal one, or `employer-<id>`, which has the employer's own holidays."""
    applies_from: date | None = None
    """The first day of service by these terms. Absent: the first terms apply from their start, a change from today."""


class HolidaysIn(BaseModel):
    """The whole of what differs from the federal calendar."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"closed": ["2026-12-24"], "opened": ["2026-10-12"]}})

    closed: frozenset[date] = Field(frozenset(), max_length=1000)
    opened: frozenset[date] = Field(frozenset(), max_length=1000)
    """Days that are worked although the federal calendar has them closed."""


@router.post("", status_code=201, operation_id="addEmployer", responses=problems("already_exists", "idempotency_key_reused"))
async def add_employer(db: Db, caller: Operations, key: Key, body: EmployerIn, now: Now) -> Employer:
    employer = Employer(employer_id=body.employer_id, name=body.name, programmes=tuple(sorted(body.programmes)))
    terms = Terms(starts_on=body.starts_on or first_day(now), session_limit=body.session_limit)
    return await usecases.add_employer(db, caller, key, employer, terms, now)


@router.get("", operation_id="listEmployers", responses=problems())
async def list_employers(db: Db, caller: Operations, cursor: Cursor = None, limit: Limit = 100) -> Page[Employer]:
    found = await usecases.list_employers(db, after(cursor), limit + 1)
    return page_of(found, limit, lambda employer: employer.employer_id)


@router.get("/{employer_id}", operation_id="readEmployer", responses=problems("not_found"))
async def read_employer(db: Db, caller: Reader, employer_id: UUID) -> Employer:
    caller.own(Role.EMPLOYER, employer_id)
    return await usecases.read_employer(db, employer_id)


@router.put("/{employer_id}/programmes/{programme}", operation_id="agreeTerms", responses=problems("not_found", "idempotency_key_reused"))
async def agree_terms(db: Db, caller: Operations, key: Key, employer_id: UUID, programme: Programme, body: TermsIn, now: Now) -> Contract:
    """A new version of the contract's terms. Days of service before it are judged by the versions before it."""
    terms = Terms(**body.model_dump(exclude={"applies_from", "regions"}), regions=None if body.regions is None else tuple(body.regions))
    return await usecases.agree_terms(db, caller, key, Agreement(employer_id, programme, terms, body.applies_from), now)


@router.get("/{employer_id}/programmes/{programme}", operation_id="readContract", responses=problems("not_found"))
async def read_contract(db: Db, caller: Reader, employer_id: UUID, programme: Programme, now: Now, on: date | None = None) -> Contract:
    """The terms as of a day of service, else as of today."""
    caller.own(Role.EMPLOYER, employer_id)
    return await usecases.read_contract(db, employer_id, programme, on or now.date())


@router.get("/{employer_id}/programmes", operation_id="listContractVersions", responses=problems("not_found"))
async def list_versions(db: Db, caller: Reader, employer_id: UUID) -> Page[Contract]:
    """Every version of every programme's terms, the newest first."""
    caller.own(Role.EMPLOYER, employer_id)
    return Page(items=await usecases.list_versions(db, employer_id))


@router.put("/{employer_id}/calendar", operation_id="putEmployerCalendar", responses=problems("not_found", "idempotency_key_reused"))
async def put_calendar(db: Db, caller: Operations, key: Key, employer_id: UUID, body: HolidaysIn, now: Now) -> Holidays:
    """A new version of the calendar `employer-<id>`. It is counted by where a contract's terms name it."""
    return await put_holidays(db, caller, key, employer_id, (body.closed, body.opened), now)
