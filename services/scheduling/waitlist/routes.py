"""Where the network operates, and the waitlists of the other states, over HTTP (S12)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict

from common.auth import Allow, Principal, Role
from common.edge import Db, Now, TheJournal
from common.http import problems
from common.idempotency import Key
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.geography import zone_of
from scheduling.tenancy import narrow
from scheduling.waitlist import usecases
from scheduling.waitlist.rules import ServedState, WaitlistEntry

router = APIRouter(prefix="/v1", tags=["states and waitlists"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
Anyone = Annotated[Principal, Depends(Allow(*(role for role in Role if role is not Role.EMPLOYER)))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]
StateIn = Annotated[str, InPath(pattern="^[A-Z]{2}$")]


class JoinIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"client_id": "3d0f2b7a-52a5-4e3e-9a51-0b8a2f1c9d44"}})

    client_id: UUID


class ServedStates(BaseModel):
    items: list[ServedState]


@router.get("/states", operation_id="listServedStates", responses=problems())
async def list_served_states(db: Db, caller: Anyone) -> ServedStates:
    """Where the network operates, or opens soon."""
    return ServedStates(items=list(await usecases.list_states(db)))


@router.post("/states/{state}/opening", operation_id="openState", responses=problems("idempotency_key_reused"))
async def open_state(db: Db, journal: TheJournal, caller: Operations, key: Key, state: StateIn, now: Now) -> ServedState:
    """Those on the waitlist are told now; it opens to everybody a day later, or at once where nobody waits."""
    zone_of(state)
    return await usecases.open_state(db, journal, caller, key, state, now)


@router.delete("/states/{state}", status_code=204, operation_id="closeState", responses=problems("not_found"))
async def close_state(db: Db, caller: Operations, state: StateIn) -> None:
    """New requests from there are declined; clients stay with their providers."""
    await usecases.close_state(db, state)


@router.post(
    "/waitlist-entries",
    status_code=201,
    operation_id="joinWaitlist",
    responses=problems("not_found", "unknown_client", "already_served", "idempotency_key_reused"),
)
async def join_waitlist(db: Db, journal: TheJournal, caller: TheClient, key: Key, body: JoinIn, now: Now) -> WaitlistEntry:
    """For the state in which the client lives."""
    caller.own(Role.CLIENT, body.client_id)
    return await usecases.join(db, journal, caller, key, body.client_id, now)


@router.get("/waitlist-entries", operation_id="listWaitlistEntries", responses=problems("not_found"))
async def list_waitlist_entries(
    db: Db,
    caller: Reader,
    client_id: UUID | None = None,
    state: Annotated[str | None, Query(pattern="^[A-Z]{2}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[WaitlistEntry]:
    narrowed, _ = narrow(caller, client_id, None)
    found = await usecases.list_entries(db, narrowed, state, after(cursor), limit + 1)
    return page_of(found, limit, lambda entry: entry.entry_id)
