"""A mail as it came in, made to what the opt-out channel needs of it. Pure: no clock, no I/O."""

import re
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from email.policy import EmailPolicy
from enum import StrEnum
from typing import Any

from consent.mail.authentication import is_authenticated
from consent.mail.parts import body_of, clean

MAX_HEADER = 10_000
"""Characters of one header that are looked at; the standard library parses some in quadratic time."""
MAX_BOUNDARIES = 30
"""Deeper or wider mails are not parsed: each line would be compared with each boundary around it."""

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")
_BOUNCE_FROM = ("mailer-daemon", "postmaster")
_AUTO_REPLY_HEADERS = ("X-Autoreply", "X-Autorespond")
_BULK_HEADERS = ("List-Id", "List-Unsubscribe")
_AUTO_REPLY_SUBJECT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[ -]?reply|auto[ -]?response|auto:|out of (?:the )?office|vacation (?:reply|responder)"
    r"|away from (?:the |my )?(?:office|desk|e-?mail)"
    r"|respuesta autom[aá]tica|contestaci[oó]n autom[aá]tica|autorrespuesta|fuera de (?:la )?oficina"
    r"|mensaje de ausencia|ausente de la oficina)",
    re.IGNORECASE,
)
"""Only what no person writes of an opt-out: an automatic answer is filed and nobody looks at it."""


class Automatic(StrEnum):
    """RFC 3464 (bounces), RFC 3834 (automatic answers), RFC 2919 and 2369 (lists)."""

    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Mail:
    message_id: str | None
    sender: str
    """The one From address, lower case, no display name; empty where there is none or several."""
    subject: str
    text: str
    said: str
    """What the sender wrote now: no quoted text, signature, footer or forwarded part."""
    automatic: Automatic | None
    authenticated: bool
    attachments: int
    """How many parts are not kept."""
    readable: bool


class _Bounded(EmailPolicy):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_HEADER]


def read_mail(raw: bytes, mail_from: str, authserv_id: str) -> Mail:
    """mail_from: the envelope's sender, empty for the null path. Never raises: what cannot be read is a mail that is not readable."""
    automatic = Automatic.BOUNCE if mail_from.strip() in ("", "<>") else None
    unread = Mail(None, "", "", "", "", automatic, False, 0, False)
    try:
        if raw.lower().count(b"boundary") > MAX_BOUNDARIES:
            return unread
        message = message_from_bytes(raw, policy=_Bounded())
        unread = replace(unread, message_id=_message_id(message), sender=_sender(message))
        return _read(message, unread, authserv_id)
    except Exception:  # The standard library's parser raises whatever its indexing and recursion run into (C4: a person looks at it).
        return unread


def _read(message: Message, unread: Mail, authserv_id: str) -> Mail:
    body = body_of(message)
    subject = " ".join(clean(str(message["Subject"] or "")).split())
    results = [value for name, value in message.raw_items() if name.lower() == "authentication-results"]
    whole = all(len(value) < MAX_HEADER for value in results[:1])
    return replace(
        unread,
        subject=subject,
        text=body.text,
        said=body.said,
        automatic=unread.automatic or _automatic(message, unread.sender, subject),
        authenticated=whole and is_authenticated(results, unread.sender, authserv_id),
        attachments=body.attachments,
        readable=body.readable and "\ufffd" not in subject,
    )


def _message_id(message: Message) -> str | None:
    return "".join(clean(_raw(message, "Message-ID")).split())[:998] or None


def _sender(message: Message) -> str:
    found: list[Any] = message.get_all("From", [])
    addresses: tuple[Any, ...] = found[0].addresses if len(found) == 1 else ()
    address = addresses[0].addr_spec.lower() if len(addresses) == 1 else ""
    return address if _ADDRESS.fullmatch(address) else ""


def _automatic(message: Message, sender: str, subject: str) -> Automatic | None:
    precedence = _word(_raw(message, "Precedence"))
    if message.get_content_type() == "multipart/report" or sender.partition("@")[0] in _BOUNCE_FROM:
        return Automatic.BOUNCE
    if _word(_raw(message, "Auto-Submitted")) not in ("", "no") or precedence == "auto_reply":
        return Automatic.AUTO_REPLY
    if any(name in message for name in _AUTO_REPLY_HEADERS) or _AUTO_REPLY_SUBJECT.match(subject):
        return Automatic.AUTO_REPLY
    if any(name in message for name in _BULK_HEADERS) or precedence in ("bulk", "list", "junk"):
        return Automatic.BULK
    return None


def _raw(message: Message, name: str) -> str:
    return next((value for found, value in message.raw_items() if found.lower() == name.lower()), "")


def _word(value: str) -> str:
    return re.split(r"[\s;(]", value.strip(), maxsplit=1)[0].lower()
