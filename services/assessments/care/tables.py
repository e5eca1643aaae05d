"""`care_request` and `care_visit`: who is in whose care, and when they meet, as scheduling has told it."""

from collections.abc import Collection, Sequence
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.care.rules import Episode, Visit
from assessments.schema import metadata
from common.contracts.vocabulary import Programme
from common.schema import moment

care_request = sa.Table(
    "care_request",
    metadata,
    sa.Column("request_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("episode_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("changed_at"),
    sa.CheckConstraint("state in ('requested', 'in_care', 'ended')", name="state"),
)

care_visit = sa.Table(
    "care_visit",
    metadata,
    sa.Column("visit_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("episode_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    moment("booked_at"),
    moment("starts_at"),
    sa.Column("held_on", sa.Date),
    sa.CheckConstraint("state in ('scheduled', 'held', 'cancelled', 'missed')", name="state"),
)


async def episodes_of(tx: AsyncConnection, client_ids: Collection[UUID]) -> dict[UUID, list[Episode]]:
    """By client, the episode that began first before the others. An episode without an appointment is not there yet."""
    visits = care_visit.c
    wanted = sa.select(care_visit).where(visits.client_id.in_(client_ids)).order_by(visits.client_id, visits.episode_id, visits.starts_at)
    rows = (await tx.execute(wanted)).all()
    found: dict[UUID, list[Episode]] = {client_id: [] for client_id in client_ids}
    for (client_id, episode_id), group in groupby(rows, key=lambda row: (row.client_id, row.episode_id)):
        its = list(group)
        found[client_id].append(Episode(episode_id, client_id, Programme(its[0].programme), tuple(map(_visit, its))))
    return {client_id: sorted(episodes, key=lambda e: e.visits[0].starts_at) for client_id, episodes in found.items()}


def _visit(row: sa.Row[tuple[object, ...]]) -> Visit:
    values = row._mapping
    return Visit(
        values["visit_id"],
        values["provider_id"],
        values["kind"],
        values["state"],
        values["booked_at"],
        values["starts_at"],
        values["held_on"],
    )


async def providers_of(tx: AsyncConnection, client_id: UUID) -> Sequence[UUID]:
    """Who takes care of the client now; the last one who began to comes first."""
    requests = care_request.c
    wanted = sa.select(requests.provider_id).where(requests.client_id == client_id, requests.state == "in_care")
    return (await tx.scalars(wanted.order_by(requests.changed_at.desc(), requests.request_id))).all()
