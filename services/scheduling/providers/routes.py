"""Providers over HTTP."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db
from common.http import problems
from common.idempotency import Key
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.providers import usecases
from scheduling.providers.tables import Degree, Provider

router = APIRouter(prefix="/v1/providers", tags=["providers"])
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
State = Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="Where the provider practises, as its two letters.")]


class ProviderIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "R. Alvarez", "state": "TX", "degree": "masters"}})

    name: StructuredText = Field(min_length=1, max_length=200)
    state: str = Field(pattern="^[A-Z]{2}$")
    degree: Degree
    provider_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that loading may be repeated."""


@router.post("", status_code=201, operation_id="addProvider", responses=problems("already_exists", "idempotency_key_reused"))
async def add_provider(db: Db, caller: Operations, key: Key, body: ProviderIn) -> Provider:
    provider = Provider(provider_id=body.provider_id, name=body.name, state=body.state, degree=body.degree)
    return await usecases.add_provider(db, caller, key, provider)


@router.get("", operation_id="listProviders", responses=problems())
async def list_providers(db: Db, caller: Reader, state: State = None, cursor: Cursor = None, limit: Limit = 100) -> Page[Provider]:
    """S5: the directory."""
    found = await usecases.list_providers(db, state, after(cursor), limit + 1)
    return page_of(found, limit, lambda provider: provider.provider_id)
