"""Requests that nobody has answered, and that nobody needs to answer any more."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.requests import outcomes, tables
from scheduling.requests.rules import ConsultationRequest
from scheduling.requests.states import RequestState
from scheduling.service_levels.rules import Consequences


async def leave(
    tx: AsyncConnection, requests: Collection[ConsultationRequest], states: Collection[RequestState], now: datetime
) -> Consequences:
    """Withdraws those in these states, in the network's name. The client's row is locked."""
    left = Consequences()
    for request in requests:
        if request.state in states:
            over, consequences = outcomes.withdraw(request, "network", now)
            await tables.change(tx, over)
            left += consequences
    return left
