"""Availability, open slots and holds over HTTP (S6)."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response

from common.auth import Allow, Principal, Role
from common.contracts.scheduling import AppointmentKind
from common.edge import Db, Now
from common.http import etag, problems, version_of
from common.idempotency import Key
from common.never_kept import StructuredText
from common.problems import Problem
from scheduling.availability import usecases
from scheduling.availability.forms import (
    AvailabilityIn,
    AvailabilityOut,
    ExceptionIn,
    HoldIn,
    Moment,
    availability_out,
    exception_in,
    terms_in,
    weekly_in,
)
from scheduling.availability.rules import Hold
from scheduling.availability.usecases import Availability, OpenSlots, Wish

router = APIRouter(prefix="/v1", tags=["availability"])
Editor = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.OPERATIONS))]
Looker = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS, Role.CLIENT_MATCHING))]
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
IfMatch = Annotated[StructuredText | None, Header(description="The version that is replaced; checked where it is given.", max_length=40)]
LONGEST = timedelta(days=62)


@router.put(
    "/providers/{provider_id}/availability", operation_id="setAvailability", responses=problems("unknown_provider", "state_changed")
)
async def set_availability(
    db: Db, caller: Editor, provider_id: UUID, body: AvailabilityIn, now: Now, response: Response, if_match: IfMatch = None
) -> AvailabilityOut:
    """The weekly hours and how one may be booked. What is booked already stays."""
    caller.own(Role.PROVIDER, provider_id)
    on_version = version_of(if_match) if if_match else None
    return _shown(await usecases.set_availability(db, provider_id, terms_in(body), weekly_in(body), on_version, now), response)


@router.get("/providers/{provider_id}/availability", operation_id="readAvailability", responses=problems("not_found"))
async def read_availability(db: Db, caller: Editor, provider_id: UUID, now: Now, response: Response) -> AvailabilityOut:
    caller.own(Role.PROVIDER, provider_id)
    return _shown(await usecases.read_availability(db, provider_id, now), response)


@router.post(
    "/providers/{provider_id}/availability/exceptions",
    status_code=201,
    operation_id="addAvailabilityException",
    responses=problems("not_found", "unknown_provider", "already_exists"),
)
async def add_exception(db: Db, caller: Editor, provider_id: UUID, body: ExceptionIn, now: Now) -> ExceptionIn:
    """A day that is not as every week: closed, or open beyond the weekly hours. What is opened is open whatever is closed."""
    caller.own(Role.PROVIDER, provider_id)
    await usecases.add_exception(db, provider_id, body.exception_id, exception_in(body), now)
    return body


@router.delete(
    "/providers/{provider_id}/availability/exceptions/{exception_id}",
    status_code=204,
    operation_id="removeAvailabilityException",
    responses=problems("not_found"),
)
async def remove_exception(db: Db, caller: Editor, provider_id: UUID, exception_id: UUID, now: Now) -> None:
    caller.own(Role.PROVIDER, provider_id)
    await usecases.remove_exception(db, provider_id, exception_id, now)


@router.get("/providers/{provider_id}/slots", operation_id="listOpenSlots", responses=problems("not_found"))
async def list_open_slots(
    db: Db,
    caller: Looker,
    provider_id: UUID,
    kind: AppointmentKind,
    first: Annotated[Moment, Query(alias="from")],
    last: Annotated[Moment, Query(alias="to")],
    now: Now,
) -> OpenSlots:
    """What can be booked now, soonest first: beginning from `from` and before `to`, which are at most 62 days apart."""
    caller.own(Role.PROVIDER, provider_id)
    if not timedelta(0) < last - first <= LONGEST:
        raise Problem("invalid_request", "`to` is after `from`, by at most 62 days.", field="to")
    return await usecases.list_open_slots(db, provider_id, kind, first, last, now)


@router.post(
    "/slot-holds",
    status_code=201,
    operation_id="holdSlot",
    responses=problems("slot_taken", "slot_not_open", "wrong_state", "idempotency_key_reused"),
)
async def hold_slot(db: Db, caller: TheClient, key: Key, body: HoldIn, now: Now) -> Hold:
    """An open time is kept for ten minutes; at most two at once."""
    return await usecases.hold_slot(db, caller, key, Wish(body.provider_id, body.kind, body.starts_at), now)


@router.delete("/slot-holds/{hold_id}", status_code=204, operation_id="letGoOfSlot", responses=problems("not_found"))
async def let_go(db: Db, caller: TheClient, hold_id: UUID, now: Now) -> None:
    await usecases.let_go(db, caller, hold_id, now)


def _shown(found: Availability, response: Response) -> AvailabilityOut:
    response.headers["etag"] = etag(found.version)
    return availability_out(found.provider_id, found.terms, found.weekly, found.exceptions, found.version)
