"""What is held of a client, in numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.privacy import RecordCategory
from common.edge import Db, Now
from common.holdings.reading import count, snapshot
from common.holdings.registry import Registry
from common.http import problems

Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER, Role.SERVICE))]


class Holding(BaseModel):
    table: str
    category: RecordCategory
    records: int


class Holdings(BaseModel):
    """All of it in one snapshot."""

    client_id: UUID
    service: str
    as_of: datetime
    items: Sequence[Holding]


def holdings_of(service: str, registry: Registry) -> APIRouter:
    """The same route in every service, over its own registry."""
    router = APIRouter(prefix="/v1", tags=["holdings"])

    @router.get("/clients/{client_id}/holdings", operation_id="readHoldings", responses=problems("not_found"))
    async def read_holdings(client_id: UUID, db: Db, now: Now, caller: Reader) -> Holdings:
        """How many records this service holds of the client, by table and category (C10). Of an unknown client: none."""
        caller.own(Role.CLIENT, client_id)
        async with snapshot(db) as tx:
            found = await count(tx, registry, client_id, now)
        items = [Holding(table=table, category=category, records=records) for table, category, records in found]
        return Holdings(client_id=client_id, service=service, as_of=now, items=items)

    return router
