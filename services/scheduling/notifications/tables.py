"""`notification`: what a recipient is told, once for each reason. `contact`: where and in which language they are told it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.schema import moment
from scheduling.notifications.rules import Contact, MailState, Notice, Recipient
from scheduling.schema import metadata

contact = sa.Table(
    "contact",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    moment("updated_at"),
)

notification = sa.Table(
    "notification",
    metadata,
    sa.Column("notification_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("recipient_kind", sa.Text, nullable=False),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("about", pg.UUID(as_uuid=True)),
    moment("starts_at", nullable=True),
    sa.Column("calendar", pg.BYTEA),
    sa.Column("link", sa.Text),
    moment("not_after", nullable=True),
    moment("created_at"),
    moment("read_at", nullable=True),
    sa.Column("mail_state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_attempt_at", filled=True),
    moment("mailed_at", nullable=True),
    sa.UniqueConstraint("recipient_kind", "recipient_id", "reason"),
    sa.Index("notification_inbox_idx", "recipient_kind", "recipient_id", "created_at", "notification_id"),
    sa.Index("notification_unread_idx", "recipient_kind", "recipient_id", "created_at", postgresql_where=sa.text("read_at is null")),
    sa.Index("notification_to_mail_idx", "next_attempt_at", postgresql_where=sa.text("mail_state = 'pending'")),
)


async def insert(tx: AsyncConnection, notices: Sequence[Notice], now: datetime) -> None:
    """Whoever has given no address gets no mail, also not later. What a recipient was told already is left out.

    In one order, so that two who tell the same people the same things wait for each other and do not deadlock.
    """
    given = _given(notices)
    reachable = sa.exists().where(contact.c.kind == given.c.recipient_kind, contact.c.id == given.c.recipient_id)
    mail_state = sa.case((reachable, MailState.PENDING.value), else_=MailState.NONE.value)
    ordered = sa.select(*given.c, sa.literal(now), mail_state).order_by(given.c.recipient_kind, given.c.recipient_id, given.c.reason)
    added = pg.insert(notification).from_select([*GIVEN, "created_at", "mail_state"], ordered)
    await tx.execute(added.on_conflict_do_nothing(constraint="notification_recipient_kind_recipient_id_reason_key"))


GIVEN = ("notification_id", "recipient_kind", "recipient_id", "reason", "template", "about", "starts_at", "calendar", "link", "not_after")


def _given(notices: Sequence[Notice]) -> sa.TableValuedAlias:
    """As arrays: the statement is the same for one notice and for a thousand."""
    rows = [(uuid4(), n.to.kind, n.to.id, n.reason, n.template, n.about, n.starts_at, n.calendar, n.link, n.not_after) for n in notices]
    columns = [notification.c[name] for name in GIVEN]
    arrays = [sa.cast(list(values), pg.ARRAY(column.type)) for column, values in zip(columns, zip(*rows, strict=True), strict=True)]
    return sa.func.unnest(*arrays).table_valued(*(sa.column(c.name, c.type) for c in columns)).render_derived(name="given")


async def set_contact(tx: AsyncConnection, of: Recipient, given: Contact) -> None:
    values = given.model_dump()
    added = pg.insert(contact).values(kind=of.kind, id=of.id, **values)
    await tx.execute(added.on_conflict_do_update(index_elements=["kind", "id"], set_=values))


async def find_contact(tx: AsyncConnection, of: Recipient) -> Contact | None:
    row = (await tx.execute(sa.select(contact).where(contact.c.kind == of.kind, contact.c.id == of.id))).one_or_none()
    return Contact.model_validate(row, from_attributes=True) if row else None


async def remove_contact(tx: AsyncConnection, of: Recipient) -> None:
    await tx.execute(sa.delete(contact).where(contact.c.kind == of.kind, contact.c.id == of.id))
