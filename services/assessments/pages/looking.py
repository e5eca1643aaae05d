"""What the pages show of clients: no more than is needed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from assessments.care.tables import care_request
from assessments.clients.tables import known_client
from common.db import Database

LONGEST = 500
"""A provider with more clients than that sees these."""


@dataclass(frozen=True, slots=True)
class Known:
    language: str
    zone: str


async def client_of(db: Database, client_id: UUID) -> Known:
    wanted = sa.select(known_client.c.language, known_client.c.time_zone).where(known_client.c.client_id == client_id)
    async with db.begin() as tx:
        row = (await tx.execute(wanted)).one_or_none()
    return Known(row.language.split("-")[0], row.time_zone) if row else Known("en", "UTC")


async def clients_of(db: Database, provider_id: UUID) -> Sequence[UUID]:
    """Whom the provider takes care of now."""
    requests = care_request.c
    wanted = sa.select(requests.client_id).where(requests.provider_id == provider_id, requests.state == "in_care")
    async with db.begin() as tx:
        return (await tx.scalars(wanted.distinct().order_by(requests.client_id).limit(LONGEST))).all()


def short(client_id: UUID) -> str:
    """What people call a client by: nothing that would name them."""
    return client_id.hex[:8].upper()
