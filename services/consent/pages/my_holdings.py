"""What is held of the client at this moment, in numbers, as each service counts it (C9, C10). A service that is away is named."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError

from common.auth import Principal, Role
from common.contracts.privacy import SERVICES, RecordCategory
from common.db import Database
from common.edge import Now
from common.holdings.reading import count, snapshot
from common.holdings.routes import Holding, Holdings
from common.pages.errors import PageRoute
from common.pages.session import AllowPage, csrf_of
from consent.holdings import CONSENT
from consent.pages.neighbour import Reporting
from consent.settings import ConsentSettings

AREA = "/my-data-sharing"
router = APIRouter(prefix=AREA, route_class=PageRoute, include_in_schema=False)
Client = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]


@dataclass(frozen=True, slots=True)
class Kind:
    """The records of a category, by service; None for a service that cannot be asked."""

    category: RecordCategory
    by_service: Sequence[int | None]

    @property
    def total(self) -> int:
        return sum(records or 0 for records in self.by_service)


@router.get("/held")
async def show(request: Request, caller: Client, now: Now) -> Response:
    found = await asyncio.gather(*(_asked(request, service, caller.id, now) for service in SERVICES))
    services = list(zip(SERVICES, found, strict=True))
    answer: Response = request.app.state.pages.render(
        request,
        "my_holdings.html",
        csrf=csrf_of(request),
        kinds=kinds_of(services),
        services=services,
        away=[service for service, holdings in services if holdings is None],
    )
    return answer


def kinds_of(services: Sequence[tuple[str, Holdings | None]]) -> list[Kind]:
    """Those of which anything is held."""
    kinds = [Kind(category, [_of(category, holdings) for _, holdings in services]) for category in RecordCategory]
    return [kind for kind in kinds if kind.total]


def _of(category: RecordCategory, holdings: Holdings | None) -> int | None:
    return None if holdings is None else sum(item.records for item in holdings.items if item.category is category)


async def _asked(request: Request, service: str, client_id: UUID, now: datetime) -> Holdings | None:
    """None where it is away."""
    if service == "consent":
        return await _own(request.app.state.db, client_id, now)
    settings: ConsentSettings = request.app.state.settings
    urls = {"scheduling": settings.scheduling_url, "assessments": settings.assessments_url, "reporting": settings.reporting_url}
    neighbour: Reporting = replace(request.app.state.reporting, url=urls[service])
    said = await neighbour.get_json(f"/v1/clients/{client_id}/holdings", {})
    try:
        return Holdings.model_validate(said) if said else None
    except ValidationError:
        return None


async def _own(db: Database, client_id: UUID, now: datetime) -> Holdings:
    async with snapshot(db) as tx:
        found = await count(tx, CONSENT, client_id, now)
    items = [Holding(table=table, category=category, records=records) for table, category, records in found]
    return Holdings(client_id=client_id, service="consent", as_of=now, items=items)
