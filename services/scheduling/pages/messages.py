"""The inbox as a part of both pages, in the page's own language."""

from collections.abc import Sequence

from common.pages.language import language_of
from scheduling.notifications import texts, usecases
from scheduling.notifications.inbox import Notification
from scheduling.notifications.routes import inbox_of
from scheduling.pages.doing import Looking

SHOWN = 20


async def messages_of(looking: Looking, zone: str) -> Sequence[Notification]:
    """The newest."""
    language = texts.language_of(language_of(looking.request))
    found = await usecases.list_notifications(looking.db, inbox_of(looking.caller), unread=False, before=None, limit=SHOWN)
    return [n.model_copy(update={"language": language, "text": texts.render(n.template, language, n.starts_at, zone)}) for n in found]
