"""Webhooks that an endpoint has not taken, for those who run the network."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.edge import Db
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem
from reporting.webhooks import tables
from reporting.webhooks.rules import Kind

router = APIRouter(prefix="/v1/webhook-deliveries", tags=["webhooks"])
Operators = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]


class Delivery(BaseModel):
    """`next_at`: when it is tried again, while one is under way when that is over. `last_status`: null where there was no answer."""

    delivery_id: UUID
    recipient_id: UUID
    kind: Kind
    recall_id: UUID | None
    correction_id: UUID | None
    created_at: datetime
    attempts: int
    next_at: datetime
    last_status: int | None
    given_up_at: datetime | None


@router.get("", operation_id="listWebhookDeliveries", responses=problems())
async def list_deliveries(db: Db, _: Operators, cursor: Cursor = None, limit: Limit = 100) -> Page[Delivery]:
    """Those that are open, and those that were given up. What was taken is not listed."""
    async with db.pool.acquire() as tx:
        rows = await tables.undelivered(tx, after(cursor), limit + 1)
    return page_of([Delivery.model_validate(row) for row in rows], limit, lambda item: item.delivery_id)


@router.post("/{delivery_id}/retry", operation_id="retryWebhookDelivery", responses=problems("not_found"))
async def retry_delivery(db: Db, _: Operators, delivery_id: UUID) -> Delivery:
    """At once. One that was given up begins anew, under the same id; one that was taken is not there."""
    async with db.begin_event() as tx:
        row = await tables.retry(tx, delivery_id)
    if row is None:
        raise Problem("not_found", "No such delivery is open or given up.")
    return Delivery.model_validate(row)
