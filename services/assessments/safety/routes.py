"""Safety flags over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from assessments.safety import usecases
from assessments.safety.rules import SafetyFlag
from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.paging import Cursor, Limit, Page, after, page_of

router = APIRouter(prefix="/v1/safety-flags", tags=["safety"])
Clinician = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.OPERATIONS))]
OnlyUnacknowledged = Annotated[bool, Query(description="Only those that nobody has acknowledged yet.")]


@router.get("", operation_id="listSafetyFlags", responses=problems())
async def list_safety_flags(
    db: Db, caller: Clinician, unacknowledged: OnlyUnacknowledged = False, cursor: Cursor = None, limit: Limit = 100
) -> Page[SafetyFlag]:
    """The newest first. A provider's are those of the clients in their care now; operations read all, for the clinical team.
    A flag says that there is something to look at; an aid, and no monitoring service."""
    before = after(cursor) if cursor else None
    found = await usecases.list_flags(db, caller, before, limit + 1, unacknowledged=unacknowledged)
    return page_of(found, limit, lambda flag: flag.flag_id)


@router.post(
    "/{flag_id}/acknowledgement",
    operation_id="acknowledgeSafetyFlag",
    responses=problems("not_found", "already_acknowledged", "idempotency_key_reused"),
)
async def acknowledge_safety_flag(db: Db, journal: TheJournal, caller: Clinician, key: Key, flag_id: UUID, now: Now) -> SafetyFlag:
    """A clinician looks after it from here on, and nobody is reminded any more. Operations acknowledge for the clinical team."""
    return await usecases.acknowledge(db, journal, caller, key, flag_id, now)
