"""The inbox: what a recipient was told, as they read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.clients.tables import client
from scheduling.notifications.rules import Language, Recipient
from scheduling.notifications.tables import contact, notification
from scheduling.notifications.texts import language_of, render
from scheduling.providers.tables import provider

Row = sa.Row[Any]


class Notification(BaseModel):
    """One in an inbox. `text` is in `language`, with moments in the reader's time zone."""

    notification_id: UUID
    template: str
    text: str
    language: Language
    about: UUID | None
    starts_at: datetime | None
    link: str | None
    """Where it leads; None: to the reader's own page."""
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reader:
    language: Language
    zone: str


async def reader_of(tx: AsyncConnection, to: Recipient) -> Reader:
    """The language that was given with the address, else the one the client was registered with, else English."""
    given = sa.select(contact.c.language).where(contact.c.kind == to.kind, contact.c.id == to.id).scalar_subquery()
    found = (await tx.execute(sa.select(given.label("given"), *_registered(to)))).one()
    return Reader(language_of(found.given or found.language or "en"), found.time_zone or found.zone or "UTC")


def _registered(to: Recipient) -> Sequence[sa.ColumnElement[Any]]:
    def of(kind: str, column: sa.Column[str], key: sa.Column[UUID]) -> sa.ColumnElement[Any]:
        known = sa.select(column).where(key == to.id).scalar_subquery() if to.kind == kind else sa.null()
        return known.label(column.name)

    client_id, provider_id = client.c.client_id, provider.c.provider_id
    return [
        of("client", client.c.language, client_id),
        of("client", client.c.time_zone, client_id),
        of("provider", provider.c.zone, provider_id),
    ]


async def rows(tx: AsyncConnection, to: Recipient, *, unread: bool, before: UUID | None, limit: int) -> Sequence[Row]:
    columns = notification.c
    place = sa.tuple_(columns.created_at, columns.notification_id)
    wanted = sa.select(notification).where(_of(to)).order_by(columns.created_at.desc(), columns.notification_id.desc()).limit(limit)
    if unread:
        wanted = wanted.where(columns.read_at.is_(None))
    if before is not None:
        earlier = notification.alias("earlier")
        wanted = wanted.where(
            place < sa.select(earlier.c.created_at, earlier.c.notification_id).where(earlier.c.notification_id == before).scalar_subquery()
        )
    return (await tx.execute(wanted)).all()


async def mark_read(tx: AsyncConnection, to: Recipient, notification_id: UUID, now: datetime) -> Row | None:
    changed = (
        sa.update(notification)
        .where(_of(to), notification.c.notification_id == notification_id)
        .values(read_at=sa.func.coalesce(notification.c.read_at, now))
        .returning(notification)
    )
    found: Row | None = (await tx.execute(changed)).one_or_none()
    return found


def notification_of(row: Row, reader: Reader) -> Notification:
    text = render(row.template, reader.language, row.starts_at, reader.zone)
    return Notification(
        notification_id=row.notification_id,
        template=row.template,
        text=text,
        language=reader.language,
        about=row.about,
        starts_at=row.starts_at,
        link=row.link,
        created_at=row.created_at,
        read_at=row.read_at,
    )


def _of(to: Recipient) -> sa.ColumnElement[bool]:
    return sa.and_(notification.c.recipient_kind == to.kind, notification.c.recipient_id == to.id)
