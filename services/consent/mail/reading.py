"""A mail as it came in, made to what the opt-out channel needs of it. Pure: no clock, no I/O."""

import re
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy, compat32
from enum import StrEnum
from typing import Any

from consent.mail.authentication import is_authenticated
from consent.mail.parts import body_of, clean

MAX_HEADER = 1_000
"""Characters of one header that are looked at: the standard library takes quadratic time over some."""
MAX_HEADERS = 1_000
MAX_BODY, MAX_LINES, MAX_DELIMITERS, MAX_BOUNDARIES = 1_000_000, 20_000, 500, 30
"""Bytes, lines, lines that could part two parts, and nested or named parts. Of a bigger mail only the headers are read."""

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
    mail = Mail(None, "", "", "", "", automatic, False, 0, False)
    try:
        mail = _with_headers(mail, BytesHeaderParser(policy=compat32).parsebytes(_head(raw)), authserv_id)
        return _with_body(mail, raw)
    except Exception:  # The standard library's parser raises whatever its indexing and recursion run into (C4: a person looks at it).
        return mail


def _head(raw: bytes) -> bytes:
    lines = raw[:MAX_BODY].splitlines(keepends=True)[: MAX_HEADERS + 1]
    end = next((at for at, line in enumerate(lines) if not line.strip(b"\r\n")), len(lines))
    return b"".join(lines[:end])


def _with_headers(mail: Mail, message: Message, authserv_id: str) -> Mail:
    sender = _sender(message)
    subject = " ".join(clean(str(_parsed(message, "Subject") or "")).split())
    results = _raw(message, "Authentication-Results")
    return replace(
        mail,
        message_id="".join(clean(" ".join(_raw(message, "Message-ID")[:1])).split())[:998] or None,
        sender=sender,
        subject=subject,
        automatic=mail.automatic or _automatic(message, sender, subject),
        authenticated=is_authenticated(results, sender, authserv_id),
    )


def _with_body(mail: Mail, raw: bytes) -> Mail:
    too_big = len(raw) > MAX_BODY or raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n") > MAX_LINES
    if too_big or raw.count(b"\n--") > MAX_DELIMITERS or raw.lower().count(b"boundary") > MAX_BOUNDARIES:
        return mail
    body = body_of(message_from_bytes(raw, policy=_Bounded()))
    readable = body.readable and "\ufffd" not in mail.subject
    return replace(mail, text=body.text, said=body.said, attachments=body.attachments, readable=readable)


def _sender(message: Message) -> str:
    header = _parsed(message, "From") if len(_raw(message, "From")) == 1 else None
    addresses: tuple[Any, ...] = header.addresses if header else ()
    address = addresses[0].addr_spec.lower() if len(addresses) == 1 else ""
    return address if _ADDRESS.fullmatch(address) else ""


def _automatic(message: Message, sender: str, subject: str) -> Automatic | None:
    precedence = _word(message, "Precedence")
    if _word(message, "Content-Type") == "multipart/report" or sender.partition("@")[0] in _BOUNCE_FROM:
        return Automatic.BOUNCE
    if _word(message, "Auto-Submitted") not in ("", "no") or precedence == "auto_reply":
        return Automatic.AUTO_REPLY
    if any(name in message for name in _AUTO_REPLY_HEADERS) or _AUTO_REPLY_SUBJECT.match(subject):
        return Automatic.AUTO_REPLY
    if any(name in message for name in _BULK_HEADERS) or precedence in ("bulk", "list", "junk"):
        return Automatic.BULK
    return None


def _parsed(message: Message, name: str) -> Any:
    """One header alone, so that no other one that breaks the parser hides who sent the mail."""
    return next((_Bounded().header_fetch_parse(name, value[:MAX_HEADER]) for value in _raw(message, name)), None)


def _raw(message: Message, name: str) -> list[str]:
    return [value for found, value in message.raw_items() if found.lower() == name.lower()]


def _word(message: Message, name: str) -> str:
    return re.split(r"[\s;(]", " ".join(_raw(message, name)[:1]).strip(), maxsplit=1)[0].lower()
