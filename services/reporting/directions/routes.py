"""Directions (C15): an employer lets another customer read its own aggregate reports. Without one nobody reads another's."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from reporting.directions import usecases
from reporting.directions.tables import Direction

router = APIRouter(prefix="/v1/employers/{employer_id}/directions", tags=["directions"])
Employer = Annotated[Principal, Depends(Allow(Role.EMPLOYER))]
Readers = Annotated[Principal, Depends(Allow(Role.EMPLOYER, Role.PRIVACY_OFFICER))]


class DirectionIn(BaseModel):
    """Who may read: another employer, or the plan. A broker or consultant is registered as an employer is."""

    model_config = ConfigDict(extra="forbid")

    reader_role: Literal["employer", "plan"]
    reader_id: UUID
    valid_from: AwareDatetime
    valid_until: AwareDatetime


class Directions(BaseModel):
    items: list[Direction]


@router.put("/{direction_id}", operation_id="giveDirection", responses=problems("not_found", "already_exists"))
async def give_direction(db: Db, caller: Employer, employer_id: UUID, direction_id: UUID, body: DirectionIn, now: Now) -> Direction:
    caller.own(Role.EMPLOYER, employer_id)
    said = body.model_dump()
    return await usecases.direct(db, Direction(direction_id=direction_id, employer_id=employer_id, recorded_at=now, **said), now)


@router.post("/{direction_id}/end", operation_id="endDirection", responses=problems("not_found"))
async def end_direction(db: Db, caller: Employer, employer_id: UUID, direction_id: UUID, now: Now) -> Direction:
    """From the next request on nobody reads anything by it."""
    caller.own(Role.EMPLOYER, employer_id)
    return await usecases.end_direction(db, employer_id, direction_id, now)


@router.get("", operation_id="listDirections", responses=problems("not_found"))
async def list_directions(db: Db, caller: Readers, employer_id: UUID) -> Directions:
    caller.own(Role.EMPLOYER, employer_id)
    return Directions(items=await usecases.directions_of(db, employer_id))
