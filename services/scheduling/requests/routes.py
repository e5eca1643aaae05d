"""Consultation requests over HTTP: submitting and reading. What is done with one stands in `moves.py`."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Category, Choice, Programme
from common.edge import Db, Now, TheJournal
from common.http import etag, problems
from common.idempotency import Key
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.availability.forms import Moment
from scheduling.providers.vocabulary import Specialty
from scheduling.requests import queue, usecases
from scheduling.requests.choice import Sharing
from scheduling.requests.delivery import ChoiceDelivery, Delivery
from scheduling.requests.notices import NoticeTexts
from scheduling.requests.queue import Queued, ServiceLevel
from scheduling.requests.rules import Asked, ConsultationRequest, SelfBooking
from scheduling.tenancy import narrow

router = APIRouter(prefix="/v1", tags=["consultation requests"])
PATH = "/consultation-requests"
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
TheProvider = Annotated[Principal, Depends(Allow(Role.PROVIDER))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS, Role.CLIENT_MATCHING))]


class SharingIn(BaseModel):
    """C2: an explicit choice. Nothing is pre-ticked: `choice` has no default."""

    model_config = ConfigDict(extra="forbid")

    choice: Choice
    categories: frozenset[Category] = frozenset(DEFAULT_CATEGORIES)
    notice_digest: str = Field(pattern="^[0-9a-f]{64}$")
    """C11: SHA-256 of the notice that was shown, as consent's `GET /v1/notices` gives it."""
    on_version: int = Field(0, ge=0)
    """The version of the client's sharing that the choice was made on; 0 where there was none."""


class BookingIn(BaseModel):
    """S6: the consultation that the client books with the request, from the provider's open slots."""

    model_config = ConfigDict(extra="forbid")

    starts_at: Moment
    hold_id: UUID | None = None
    """Of a hold (`POST /v1/slot-holds`), if the client made one."""


class RequestIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "client_id": "3d0f2b7a-52a5-4e3e-9a51-0b8a2f1c9d44",
                "provider_id": "b7f6c2d1-9a0e-4c57-8f3b-2f9d1e6a7c30",
                "programme": "care_connect",
                "sharing": {"choice": "opt_in", "notice_digest": "9f" * 32, "categories": ["appointments"]},
            }
        },
    )

    client_id: UUID
    provider_id: UUID
    programme: Programme
    sharing: SharingIn | None = None
    """Needed on a client's first request, refused on later ones."""
    specialties: frozenset[Specialty] = Field(frozenset(), max_length=5)
    """What the client looks for, for Client Matching to go by. In no event."""
    booking: BookingIn | None = None


class SubmittedOut(ConsultationRequest):
    """`sharing` says how far the choice has come; absent where the request carried none."""

    sharing: Delivery | None


class ServiceLevels(BaseModel):
    items: list[ServiceLevel]


async def _sharing_of(body: SharingIn | None, programme: Programme, notices: NoticeTexts) -> Sharing | None:
    if body is None:
        return None
    shown = await notices.shown(body.notice_digest, programme)
    return Sharing(
        choice_id=uuid4(),
        choice=body.choice,
        categories=sorted(body.categories) if body.choice is Choice.OPT_IN else (),
        notice_digest=body.notice_digest,
        notice_version=shown.version if shown else "",
        notice_language=shown.language if shown else "",
        on_version=body.on_version,
        notice_current=shown is not None,
    )


@router.post(
    PATH,
    status_code=201,
    operation_id="submitConsultationRequest",
    responses=problems(
        "not_found",
        "unknown_client",
        "unknown_provider",
        "programme_not_offered",
        "not_eligible",
        "provider_not_listed",
        "already_asked",
        "choice_missing",
        "choice_unexpected",
        "notice_not_current",
        "slot_taken",
        "slot_not_open",
        "hold_expired",
        "idempotency_key_reused",
    ),
)
async def submit_consultation_request(
    request: Request, response: Response, db: Db, journal: TheJournal, caller: TheClient, key: Key, body: RequestIn, now: Now
) -> SubmittedOut:
    """The first request carries the choice on sharing, and is taken whatever was chosen (C2, C3) and whether consent is up or not.

    Where the network does not operate it is declined, with an invitation to the waitlist (S12).
    """
    caller.own(Role.CLIENT, body.client_id)
    sharing = await _sharing_of(body.sharing, body.programme, request.app.state.notice_texts)
    booking = SelfBooking(body.booking.starts_at, body.booking.hold_id) if body.booking else None
    asked = Asked(uuid4(), body.client_id, body.provider_id, body.programme, sharing, tuple(sorted(body.specialties)), booking)
    submitted = await usecases.submit_request(db, journal, caller, key, asked, now)
    delivery: ChoiceDelivery = request.app.state.choice_delivery
    delivered = None
    if sharing and submitted.choice_id:  # a repetition tries again, by the first one's id
        delivered = await delivery.deliver(submitted.request, sharing, submitted.choice_id, now)
    response.headers["etag"] = etag(submitted.request.version)
    return SubmittedOut(**submitted.request.model_dump(), sharing=delivered)


@router.get(PATH, operation_id="listConsultationRequests", responses=problems("not_found"))
async def list_consultation_requests(
    db: Db, caller: Reader, client_id: UUID | None = None, provider_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[ConsultationRequest]:
    """A client's or a provider's own; operations may leave the filters out."""
    found = await usecases.list_requests(db, *narrow(caller, client_id, provider_id), after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.request_id)


@router.get(PATH + "/{request_id}", operation_id="readConsultationRequest", responses=problems("not_found"))
async def read_consultation_request(db: Db, caller: Reader, request_id: UUID, response: Response) -> ConsultationRequest:
    found = await usecases.read_request(db, caller, request_id)
    response.headers["etag"] = etag(found.version)
    return found


@router.get(PATH + "/{request_id}/service-levels", operation_id="readServiceLevels", responses=problems("not_found"))
async def read_service_levels(db: Db, caller: Reader, request_id: UUID) -> ServiceLevels:
    """What is still owed in this request and its episode, and until when (S7, S8, S9, S11)."""
    return ServiceLevels(items=await queue.service_levels(db, caller, request_id))


@router.get("/work-queue", operation_id="readWorkQueue", responses=problems())
async def read_work_queue(db: Db, caller: TheProvider) -> Page[Queued]:
    """A provider's open requests, the one that is due soonest first."""
    return Page(items=await queue.work_queue(db, caller.id))
