"""The preview: the very records that would be shared, shown to the client before agreeing, and at any time after."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Category, Programme
from common.edge import Db
from common.http import problems
from reporting.previews import tables

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["previews"])
Shown = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.SERVICE))]
MOST = 500


class Preview(BaseModel):
    """`token` is null: a random one is made with each consent, and no client id leaves."""

    items: list[dict[str, Any]]
    more: bool
    parked: bool
    """Something about this client could not be applied. Until it is mended nothing leaves, whatever was consented to."""


@router.get("/preview", operation_id="previewSharing", responses=problems("not_found"))
async def preview_sharing(
    db: Db, caller: Shown, client_id: UUID, programme: Programme, category: Annotated[list[Category] | None, Query()] = None
) -> Preview:
    """For the client alone (`service`: the page that shows it to the client). Whether anything is shared makes no difference to it."""
    caller.own(Role.CLIENT, client_id)
    async with db.pool.acquire() as tx:
        lines = await tables.preview(tx, client_id, programme, category or DEFAULT_CATEGORIES, MOST + 1)
        parked = await tables.is_parked(tx, client_id)
    return Preview(items=lines[:MOST], more=len(lines) > MOST, parked=parked)
