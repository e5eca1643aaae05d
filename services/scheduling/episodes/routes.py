"""A client's episodes of seeking care over HTTP: how long it took so far. Nobody but the client and operations sees one by one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from common.auth import Allow, Principal, Role
from common.edge import Db
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from scheduling.episodes import usecases
from scheduling.episodes.rules import Episode

router = APIRouter(prefix="/v1/clients/{client_id}/episodes", tags=["speed to care"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]


@router.get("", operation_id="listEpisodes", responses=problems("not_found"))
async def list_episodes(db: Db, caller: Reader, client_id: UUID, cursor: Cursor = None, limit: Limit = 100) -> Page[Episode]:
    """When care was sought, and when it was scheduled, had and begun."""
    caller.own(Role.CLIENT, client_id)
    found = await usecases.list_episodes(db, client_id, after(cursor), limit + 1)
    return page_of(found, limit, lambda episode: episode.episode_id)
