"""Reads what is known of clients: for many at once, in one statement for each kind of fact."""

from collections.abc import Collection
from uuid import UUID
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments.windows import Facts
from assessments.care.tables import care_request, episodes_of
from assessments.clients.tables import known_client
from assessments.responses.tables import completed_of_all

ZONES = frozenset(available_timezones())


async def facts_of(tx: AsyncConnection, client_ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Facts]:
    """Locked, no two plan for the same client at once; in one order, so that none waits for another for ever."""
    known = sa.select(known_client.c.client_id, known_client.c.time_zone).where(known_client.c.client_id.in_(client_ids))
    known = known.order_by(known_client.c.client_id)
    zones = {row.client_id: row.time_zone for row in await tx.execute(known.with_for_update() if lock else known)}
    there = list(zones)
    episodes = await episodes_of(tx, there)
    responses = await completed_of_all(tx, there)
    in_care = await _in_care(tx, there)
    return {
        client_id: Facts(
            client_id, zone if zone in ZONES else "UTC", client_id in in_care, episodes[client_id], responses.get(client_id, ())
        )
        for client_id, zone in zones.items()
    }


async def _in_care(tx: AsyncConnection, client_ids: Collection[UUID]) -> set[UUID]:
    requests = care_request.c
    wanted = sa.select(requests.client_id).distinct().where(requests.client_id.in_(client_ids), requests.state == "in_care")
    return set((await tx.scalars(wanted)).all())
