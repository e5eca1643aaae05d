"""The directory over HTTP (S5)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now
from common.http import problems
from common.never_kept import FreeText
from common.paging import Page
from scheduling.directory import usecases
from scheduling.directory.rules import Order, place_of
from scheduling.directory.searching import Found, Search
from scheduling.providers.record import STORABLE, Language
from scheduling.providers.vocabulary import Degree, Gender, Modality, Specialty

router = APIRouter(prefix="/v1/directory", tags=["directory"])
Searcher = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS, Role.CLIENT_MATCHING))]
FILTERS = ("language", "specialty", "modality", "degree", "gender")
OFFERED = ("virtual", "in_person", "accepting")


class SearchIn(BaseModel):
    """Of several values of one filter any will do; the filters all have to."""

    model_config = ConfigDict(extra="forbid")

    state: str | None = Field(None, pattern="^[A-Z]{2}$")
    """Where the client lives. A client's is always their own."""
    programme: Programme | None = None
    plan_id: UUID | None = None
    language: list[Language] = Field([], max_length=10)
    """BCP 47; a shorter tag finds the longer ones: `es` also `es-MX`."""
    specialty: list[Specialty] = Field([], max_length=30)
    modality: list[Modality] = Field([], max_length=20)
    degree: list[Degree] = Field([], max_length=8)
    gender: list[Gender] = Field([], max_length=3)
    virtual: bool | None = None
    in_person: bool | None = None
    accepting: bool | None = None
    """Whether new clients are taken."""
    q: FreeText | None = Field(None, max_length=200, pattern=STORABLE)
    """Names, specialties, what profiles say; `"a phrase"`, `or`, `-without`."""
    open_before: AwareDatetime | None = None
    order: Order = "rotation"
    """`rotation` favours nobody: another order for each client and day."""
    cursor: str | None = Field(None, pattern="^[A-Za-z0-9_-]{44}$")
    """`next` of the page before."""
    limit: int = Field(20, ge=1, le=100)


class DirectoryItem(BaseModel):
    """What everybody may see of a provider."""

    provider_id: UUID
    name: str
    degree: Degree
    taxonomy_code: str | None
    supervised: bool
    states: list[str]
    """Where clients may live."""
    virtual_care: bool
    in_person: bool
    languages: list[str]
    specialties: list[str]
    modalities: list[str]
    gender: Gender | None
    accepting_clients: bool
    zone: str
    profile: str
    next_open_at: datetime | None


def _search(asked: SearchIn) -> Search:
    wanted: dict[str, list[Any]] = {name: getattr(asked, name) for name in FILTERS}
    any_of = [{f"{name}:{value.lower()}" for value in values} for name, values in wanted.items() if values]
    return Search(
        order=asked.order,
        limit=asked.limit,
        state=asked.state,
        programme=asked.programme,
        plan_id=asked.plan_id,
        any_of=any_of + [{name} for name in OFFERED if getattr(asked, name) is True],
        none_of=[name for name in OFFERED if getattr(asked, name) is False],
        q=asked.q if asked.q and asked.q.strip() else None,
        open_before=asked.open_before,
        after=place_of(asked.cursor, asked.order) if asked.cursor else None,
    )


def _item(found: Found) -> DirectoryItem:
    return DirectoryItem.model_validate({**found.provider, "states": found.states, "next_open_at": found.next_open_at})


@router.get("", operation_id="searchDirectory", responses=problems("unknown_client"))
async def search_directory(db: Db, caller: Searcher, asked: Annotated[SearchIn, Query()], now: Now) -> Page[DirectoryItem]:
    """S5: who takes part and may treat people of this state, programme and plan today."""
    results = await usecases.search(db, caller, _search(asked), now)
    return Page(items=[_item(found) for found in results.items], next=results.next)
