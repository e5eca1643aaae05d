"""Providers over HTTP. Searching them is in `directory/`."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now
from common.http import etag, problems, version_of
from common.idempotency import Key
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.providers import usecases
from scheduling.providers.record import Provider, ProviderRecord, TermsAgreed
from scheduling.providers.requirements import Unmet

router = APIRouter(prefix="/v1/providers", tags=["providers"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Owner = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.OPERATIONS, Role.CLIENT_MATCHING))]
State = Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="A state, as its two letters.")]
IfMatch = Annotated[StructuredText | None, Header(description="The version that was changed.", max_length=40)]

EXAMPLE: dict[str, Any] = {
    "name": "R. Alvarez",
    "state": "TX",
    "degree": "masters",
    "licences": [{"state": "TX", "kind": "full", "expires_on": "2028-06-30"}],
    "credentials": [{"plan_id": "0d9c8a58-6a6e-4f0e-8a43-6d8c3b4f7b21", "under_network_tax_id": True, "starts_on": "2025-01-01"}],
    "virtual_care": True,
    "manages_in_portal": True,
    "languages": ["en", "es"],
    "specialties": ["anxiety", "work"],
    "modalities": ["cbt"],
}


class ProviderIn(ProviderRecord):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    provider_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""
    participations: tuple[TermsAgreed, ...] = Field((), max_length=2)
    """For loading: programmes that the provider has agreed to join."""


class ListingOut(BaseModel):
    """Whether clients find this provider, as of a day, and everything that stands against it."""

    provider_id: UUID
    programme: Programme
    state: str | None
    as_of: date
    listed: bool
    unmet: list[Unmet]


@router.post(
    "",
    status_code=201,
    operation_id="addProvider",
    responses=problems("already_exists", "requirement_not_met", "idempotency_key_reused", "ssn_refused"),
)
async def add_provider(db: Db, caller: Operations, key: Key, body: ProviderIn, now: Now) -> Provider:
    """A name, a state and a degree are enough to begin with: the provider is not listed until S3 is met."""
    provider = Provider(**body.model_dump(exclude={"participations"}))
    return await usecases.add_provider(db, caller, key, provider, body.participations, now)


@router.get("", operation_id="listProviders", responses=problems())
async def list_providers(db: Db, caller: Operations, state: State = None, cursor: Cursor = None, limit: Limit = 100) -> Page[Provider]:
    """All of them, listed or not. Clients search the directory."""
    found = await usecases.list_providers(db, state, after(cursor), limit + 1)
    return page_of(found, limit, lambda provider: provider.provider_id)


@router.get("/{provider_id}", operation_id="readProvider", responses=problems("not_found"))
async def read_provider(db: Db, caller: Reader, provider_id: UUID, response: Response) -> Provider:
    """The whole record. Its ETag is the version that a change must name."""
    caller.own(Role.PROVIDER, provider_id)
    return _tagged(response, await usecases.read_provider(db, provider_id))


@router.put(
    "/{provider_id}", operation_id="changeProvider", responses=problems("not_found", "state_changed", "if_match_missing", "ssn_refused")
)
async def change_provider(
    db: Db, caller: Owner, provider_id: UUID, body: ProviderRecord, response: Response, if_match: IfMatch = None
) -> Provider:
    """The whole record anew. Degree, licences and credentials are changed by operations only, who see the papers."""
    caller.own(Role.PROVIDER, provider_id)
    return _tagged(response, await usecases.change_provider(db, caller, provider_id, body, version_of(if_match)))


@router.post(
    "/{provider_id}/participations",
    status_code=201,
    operation_id="joinProgramme",
    responses=problems("not_found", "requirement_not_met", "idempotency_key_reused"),
)
async def join_programme(db: Db, caller: Owner, key: Key, provider_id: UUID, body: TermsAgreed, now: Now) -> Provider:
    """S3: refused with the list of all that is not met."""
    caller.own(Role.PROVIDER, provider_id)
    return await usecases.join_programme(db, caller, key, provider_id, body, now)


@router.post(
    "/{provider_id}/participations/{programme}/departure",
    operation_id="leaveProgramme",
    responses=problems("not_found", "idempotency_key_reused"),
)
async def leave_programme(db: Db, caller: Owner, key: Key, provider_id: UUID, programme: Programme, now: Now) -> Provider:
    """S4: at once. Clients stay with their provider; requests that were made are not touched."""
    caller.own(Role.PROVIDER, provider_id)
    return await usecases.leave_programme(db, caller, key, provider_id, programme, now)


@router.post(
    "/{provider_id}/insurance-departure",
    operation_id="giveInsuranceNotice",
    responses=problems("not_found", "idempotency_key_reused"),
)
async def give_notice(db: Db, caller: Owner, key: Key, provider_id: UUID, now: Now) -> Provider:
    """S4: leaving the insurance programme takes 30 days. Until then the provider is listed as before."""
    caller.own(Role.PROVIDER, provider_id)
    return await usecases.give_notice(db, caller, key, provider_id, now)


@router.delete("/{provider_id}/insurance-departure", operation_id="withdrawInsuranceNotice", responses=problems("not_found", "wrong_state"))
async def withdraw_notice(db: Db, caller: Owner, provider_id: UUID, now: Now) -> Provider:
    """Until it has taken effect."""
    caller.own(Role.PROVIDER, provider_id)
    return await usecases.withdraw_notice(db, provider_id, now)


@router.get("/{provider_id}/listing", operation_id="explainListing", responses=problems("not_found"))
async def explain_listing(
    db: Db, caller: Reader, provider_id: UUID, programme: Programme, now: Now, state: State = None, plan_id: UUID | None = None
) -> ListingOut:
    """Why am I not listed? Every requirement that is not met today, with its rule."""
    caller.own(Role.PROVIDER, provider_id)
    as_of, unmet = await usecases.explain_listing(db, provider_id, programme, state, plan_id, now)
    return ListingOut(provider_id=provider_id, programme=programme, state=state, as_of=as_of, listed=not unmet, unmet=unmet)


def _tagged(response: Response, provider: Provider) -> Provider:
    response.headers["etag"] = etag(provider.version)
    return provider
