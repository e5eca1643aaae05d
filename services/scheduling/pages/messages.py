"""The inbox as a part of both pages."""

from collections.abc import Sequence

from common.auth import Principal
from common.db import Database
from scheduling.notifications import usecases
from scheduling.notifications.inbox import Notification
from scheduling.notifications.routes import inbox_of

SHOWN = 20


async def messages_of(db: Database, caller: Principal) -> Sequence[Notification]:
    """The newest."""
    return await usecases.list_notifications(db, inbox_of(caller), unread=False, before=None, limit=SHOWN)
