"""What can be done with the directory: search it (S5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from common.auth import Principal, Role
from common.db import Database
from common.problems import Problem
from scheduling.clients import tables as clients
from scheduling.clients.rules import Client
from scheduling.directory import searching
from scheduling.directory.rules import Place, seed_of
from scheduling.directory.searching import Found, Search
from scheduling.geography import zone_of


@dataclass(frozen=True, slots=True)
class Results:
    items: Sequence[Found]
    next: str | None


async def search(db: Database, caller: Principal, asked: Search, now: datetime) -> Results:
    """Raises Problem where a client asks for another state, or another plan, than their own."""
    async with db.begin() as tx:
        client = await clients.find(tx, caller.id) if caller.role is Role.CLIENT else None
        if caller.role is Role.CLIENT:
            asked = within_reach(asked, client)
        today = day_in(client.time_zone if client else asked.state and zone_of(asked.state), now)
        seed = asked.after.seed if asked.after else seed_of(caller.id, today)
        found = await searching.search(tx, asked, seed, today, now)
    items = found[: asked.limit]
    more = len(found) > asked.limit
    return Results(items, Place(asked.order, seed, items[-1].key, items[-1].provider["provider_id"]).cursor() if more else None)


def within_reach(asked: Search, client: Client | None) -> Search:
    """S5: a client sees who may treat them: licensed where they live, credentialed with their plan."""
    if client is None:
        raise Problem("unknown_client", "No such client.", field="client_id")
    if asked.state not in (None, client.state):
        raise Problem("invalid_request", "The directory shows providers of the state that you live in.", field="state", rule="S5")
    if asked.plan_id not in (None, client.plan_id):
        raise Problem("invalid_request", "The directory shows providers of your own plan.", field="plan_id", rule="S5")
    return replace(asked, state=client.state, plan_id=client.plan_id, programme=asked.programme or client.programme)


def day_in(zone: str | None, now: datetime) -> date:
    """The date where the client is; of a search over all states, that of UTC."""
    return now.astimezone(ZoneInfo(zone) if zone else UTC).date()
