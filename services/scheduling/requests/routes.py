"""Consultation requests over HTTP."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Category, Choice, Programme
from common.edge import Db, Now, TheJournal
from common.http import etag, problems, version_of
from common.idempotency import Key
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.requests import usecases
from scheduling.requests.delivery import ChoiceDelivery, Delivery
from scheduling.requests.notices import NoticeTexts
from scheduling.requests.rules import Answer, Asked, ConsultationRequest, RequestState, Sharing
from scheduling.tenancy import narrow

router = APIRouter(prefix="/v1/consultation-requests", tags=["consultation requests"])
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT))]
TheProvider = Annotated[Principal, Depends(Allow(Role.PROVIDER))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
IfMatch = Annotated[StructuredText | None, Header(description="The version of the request that is answered: its ETag.", max_length=40)]
ANSWERING = problems("not_found", "state_changed", "if_match_missing", "wrong_state", "idempotency_key_reused")


class SharingIn(BaseModel):
    """C2: an explicit choice. Nothing is pre-ticked: `choice` has no default."""

    model_config = ConfigDict(extra="forbid")

    choice: Choice
    categories: frozenset[Category] = frozenset(DEFAULT_CATEGORIES)
    notice_digest: str = Field(pattern="^[0-9a-f]{64}$")
    """C11: SHA-256 of the notice that was shown, as consent's `GET /v1/notices` gives it."""
    on_version: int = Field(0, ge=0)
    """The version of the client's sharing that the choice was made on; 0 where there was none."""


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


class SubmittedOut(ConsultationRequest):
    """`sharing` says how far the choice has come; absent where the request carried none."""

    sharing: Delivery | None


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
    "",
    status_code=201,
    operation_id="submitConsultationRequest",
    responses=problems(
        "not_found",
        "unknown_client",
        "unknown_provider",
        "programme_not_offered",
        "choice_missing",
        "choice_unexpected",
        "notice_not_current",
        "idempotency_key_reused",
    ),
)
async def submit_consultation_request(
    request: Request, response: Response, db: Db, journal: TheJournal, caller: TheClient, key: Key, body: RequestIn, now: Now
) -> SubmittedOut:
    """The first request carries the choice on sharing, and is taken whatever was chosen (C2, C3) and whether consent is up or not."""
    caller.own(Role.CLIENT, body.client_id)
    sharing = await _sharing_of(body.sharing, body.programme, request.app.state.notice_texts)
    asked = Asked(uuid4(), body.client_id, body.provider_id, body.programme, sharing)
    submitted = await usecases.submit_request(db, journal, caller, key, asked, now)
    delivery: ChoiceDelivery = request.app.state.choice_delivery
    delivered = None
    if sharing and submitted.choice_id:  # a repetition tries again, by the first one's id
        delivered = await delivery.deliver(submitted.request, sharing, submitted.choice_id, now)
    response.headers["etag"] = etag(submitted.request.version)
    return SubmittedOut(**submitted.request.model_dump(), sharing=delivered)


@router.get("", operation_id="listConsultationRequests", responses=problems("not_found"))
async def list_consultation_requests(
    db: Db, caller: Reader, client_id: UUID | None = None, provider_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[ConsultationRequest]:
    """A client's or a provider's own; operations may leave the filters out."""
    found = await usecases.list_requests(db, *narrow(caller, client_id, provider_id), after(cursor), limit + 1)
    return page_of(found, limit, lambda item: item.request_id)


@router.get("/{request_id}", operation_id="readConsultationRequest", responses=problems("not_found"))
async def read_consultation_request(db: Db, caller: Reader, request_id: UUID, response: Response) -> ConsultationRequest:
    found = await usecases.read_request(db, caller, request_id)
    response.headers["etag"] = etag(found.version)
    return found


@router.post("/{request_id}/acceptance", operation_id="acceptConsultationRequest", responses=ANSWERING)
async def accept(
    response: Response, db: Db, journal: TheJournal, caller: TheProvider, key: Key, request_id: UUID, now: Now, if_match: IfMatch = None
) -> ConsultationRequest:
    given = Answer(request_id, RequestState.ACCEPTED, version_of(if_match))
    answered = await usecases.answer_request(db, journal, caller, key, given, now)
    response.headers["etag"] = etag(answered.version)
    return answered


@router.post("/{request_id}/refusal", operation_id="declineConsultationRequest", responses=ANSWERING)
async def decline(
    response: Response, db: Db, journal: TheJournal, caller: TheProvider, key: Key, request_id: UUID, now: Now, if_match: IfMatch = None
) -> ConsultationRequest:
    """S10: the provider is free to."""
    given = Answer(request_id, RequestState.DECLINED, version_of(if_match))
    answered = await usecases.answer_request(db, journal, caller, key, given, now)
    response.headers["etag"] = etag(answered.version)
    return answered
