"""What was disclosed of a client (C9), with the recipient as its contract names it. Consent's accounting is put together from it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Category, Programme, Purpose, Recipient
from common.edge import Db
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from reporting.disclosures import tables

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["disclosures"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER, Role.SERVICE))]


class Disclosure(BaseModel):
    disclosure_id: UUID
    programme: Programme
    recipient: Recipient
    recipient_name: str
    """The legal entity, as the contract names it that it was released under."""
    recipient_address: str | None
    contract_id: UUID | None
    """None: from before there were contracts."""
    purpose: Purpose
    path: str
    export_id: UUID | None
    categories: list[Category]
    records: int
    disclosed_at: datetime
    recalled_by: UUID | None
    """The decision that recalled it."""
    recall: str | None
    """How far the recall is; None where none was needed."""


@router.get("/disclosures", operation_id="listDisclosures", responses=problems("not_found"))
async def list_disclosures(db: Db, caller: Reader, client_id: UUID, cursor: Cursor = None, limit: Limit = 100) -> Page[Disclosure]:
    """In the order in which they left."""
    caller.own(Role.CLIENT, client_id)
    async with db.pool.acquire() as tx:
        rows = await tables.disclosures_of(tx, client_id, after(cursor), limit + 1)
    return page_of([Disclosure.model_validate(row) for row in rows], limit, lambda item: item.disclosure_id)
