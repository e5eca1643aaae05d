"""The mail that goes with a notification. It says that there is news and where to read it, and nothing of what it is: the same for all.

A calendar invitation goes with it where the notice has one. No name of a person, a programme, or the network stands in it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from scheduling.notifications.rules import RecipientKind
from scheduling.notifications.texts import TEXTS, language_of

PAGES: Mapping[RecipientKind, str] = {"client": "/my-request", "provider": "/provider-queue", "team": ""}
METHOD = re.compile(rb"^METHOD:([A-Z]{3,20})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Post:
    """Where mails are handed to, whom they come from, and where their link leads."""

    host: str
    port: int
    sender: str
    public_url: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One that is to be sent now. `email` is None where the person has taken the address back."""

    notification_id: UUID
    recipient_kind: RecipientKind
    created_at: datetime
    calendar: bytes | None
    link: str | None
    not_after: datetime | None
    attempts: int
    email: str | None
    language: str | None


def message_of(mail: Outgoing, post: Post) -> EmailMessage:
    """Sent again it is the same message, by its Message-ID: whoever got it before can tell. Raises ValueError for what is no address."""
    language = language_of(mail.language or "")
    texts = TEXTS[language]
    message = EmailMessage()
    message["From"], message["To"] = post.sender, mail.email
    message["Subject"] = texts["mail.subject"]
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.notification_id}@{post.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's vacation answers it
    link = mail.link or post.public_url.rstrip("/") + PAGES[mail.recipient_kind]
    message.set_content(f"{texts['mail.text']}\n\n{link}\n\n{texts['mail.why']}\n")
    message["Content-Language"] = language
    if mail.calendar:
        _attach(message, mail.calendar)
    return message


def _attach(message: EmailMessage, calendar: bytes) -> None:
    """RFC 6047, 2.4: the content type repeats the method."""
    found = METHOD.search(calendar)
    parameters = {"charset": "utf-8", "method": found[1].decode()} if found else {"charset": "utf-8"}
    message.add_attachment(calendar, maintype="text", subtype="calendar", filename="invitation.ics", params=parameters)
