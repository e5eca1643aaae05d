"""What can be done about notifications: tell somebody, read what one was told, and say where one is reached."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Database, after_commit
from common.problems import Problem
from scheduling.notifications import inbox, tables, texts
from scheduling.notifications.inbox import Notification
from scheduling.notifications.rules import Contact, Notice, Recipient
from scheduling.notifications.sending import mails

NOTHING = "There is nothing here that you may see."


async def notify(tx: AsyncConnection, notices: Sequence[Notice], now: datetime) -> None:
    """In the caller's transaction, in one statement: each recipient is told at most once for each reason.

    Raises ValueError for a template that there is not.
    """
    for notice in notices:
        texts.check(notice.template)
    if notices:
        await tables.insert(tx, notices, now)
        after_commit(mails.wake)


async def list_notifications(db: Database, to: Recipient, *, unread: bool, before: UUID | None, limit: int) -> list[Notification]:
    """The newest first, in the language and the time zone of whoever reads them."""
    async with db.begin() as tx:
        reader = await inbox.reader_of(tx, to)
        return [inbox.notification_of(row, reader) for row in await inbox.rows(tx, to, unread=unread, before=before, limit=limit)]


async def read_notification(db: Database, to: Recipient, notification_id: UUID, now: datetime) -> Notification:
    """The first time counts. Raises Problem alike where there is none and where it is somebody else's."""
    async with db.begin() as tx:
        row = await inbox.mark_read(tx, to, notification_id, now)
        if row is None:
            raise Problem("not_found", NOTHING)
        return inbox.notification_of(row, await inbox.reader_of(tx, to))


async def set_contact(db: Database, of: Recipient, contact: Contact) -> Contact:
    """Also of somebody who is not registered yet: the portal may know the address first."""
    async with db.begin() as tx:
        await tables.set_contact(tx, of, contact)
        return contact


async def read_contact(db: Database, of: Recipient) -> Contact:
    async with db.begin() as tx:
        found = await tables.find_contact(tx, of)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found


async def remove_contact(db: Database, of: Recipient) -> None:
    """Mails that wait are not sent any more. Removing what is not there is no error."""
    async with db.begin() as tx:
        await tables.remove_contact(tx, of)
