"""Corrections of a client's record, for the service that they are asked for and decided in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.corrections import Applying
from common.edge import Db, Now, TheJournal
from common.http import problems
from scheduling.corrections import usecases

router = APIRouter(prefix="/v1/corrections", tags=["corrections"])
Neighbour = Annotated[Principal, Depends(Allow(Role.SERVICE))]


class Applied(BaseModel):
    correction_id: UUID
    applied_at: datetime


@router.put(
    "/{correction_id}", operation_id="applyCorrection", responses=problems("unknown_client", "under_age", "ssn_refused", "already_exists")
)
async def apply_correction(db: Db, journal: TheJournal, _: Neighbour, correction_id: UUID, body: Applying, now: Now) -> Applied:
    """It may come again: the first time counts. C12, C13: what registration refuses is refused here."""
    applied_at = await usecases.apply_correction(db, journal, correction_id, body, now)
    return Applied(correction_id=correction_id, applied_at=applied_at)
