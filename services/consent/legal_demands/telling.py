"""What deadlines of legal demands set off: the officer is warned, and the client is told when a suspension has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.event import Event
from common.contracts.legal import ClientToldOfRelease
from common.deadlines import engine
from common.deadlines.firing import Action, Fired, Firing
from common.notices.rules import Notice
from common.notices.usecases import tell
from consent.legal_demands import tables
from consent.legal_demands.states import Demand

TELL = "legal_client_told"


def actions() -> Mapping[str, Action]:
    return {"warn_of_legal_demand": warn, "tell_client_of_release": tell_clients}


def notice_of(demand: Demand) -> Notice:
    """The text says that something was given to an authority, and where to read what."""
    return Notice("client", demand.content.client_id, "legal_disclosure", f"legal_disclosure:{demand.demand_id}", demand.demand_id)


async def warn(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
    """A line of the case's history; the page shows it."""
    for firing in firings:
        await tables.note(tx, firing.deadline.subject, now, "deadline", None, firing.rung_key)
    return Fired()


async def tell_clients(tx: AsyncConnection, firings: Sequence[Firing], now: datetime) -> Fired:
    """Whoever is being dealt with right now has their turn at the next sweep."""
    events, not_now = list[Event](), set()
    for firing in firings:
        demand = await tables.find(tx, firing.deadline.subject, unless_busy=True)
        if demand is None:
            not_now.add(firing.deadline.deadline_id)
        elif demand.client_told_at is None and demand.tell_client_from and demand.tell_client_from <= now:
            await tables.save(tx, replace(demand, client_told_at=now))
            await tell(tx, [notice_of(demand)], now)
            await tables.note(tx, demand.demand_id, now, "client_told")
            await engine.stop(tx, TELL, subject=demand.demand_id, occurred_at=now, now=now)
            events.append(ClientToldOfRelease(event_id=firing.event_id, occurred_at=now, case_id=demand.demand_id))
    return Fired(events, not_now)
