"""The parts of a MIME message: the one text that is read, and how many others there are. Pure."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from consent.mail.html import text_of
from consent.mail.own_words import own_words

MAX_TEXT = 100_000
"""Characters. Longer texts are cut and count as not readable."""

_CHARSETS = frozenset({"ascii", "utf-8", "iso8859-1", "iso8859-15", "cp1252"})
"""What English and Spanish mail uses. Python decodes much more, some of it (punycode) in quadratic time."""
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Body:
    text: str
    said: str
    attachments: int
    readable: bool


def body_of(message: Message) -> Body:
    leaves = list(_leaves(message))
    texts = [part for part in leaves if part.get_content_type() in ("text/plain", "text/html") and not _is_attached(part)]
    plain = next((part for part in texts if part.get_content_type() == "text/plain"), None)
    html = next((part for part in texts if part.get_content_type() == "text/html"), None)
    attachments = len(leaves) - (plain is not None) - (html is not None)
    encrypted = any(part.get_content_type() in _ENCRYPTED for part in message.walk())
    chosen = plain if plain is not None and (html is None or _decoded(plain)[0].strip()) else html
    if chosen is None:
        return Body("", "", attachments, not encrypted and not attachments)
    text, decoded = _decoded(chosen)
    seen, own, trusted = _read(text, chosen is html)
    broken = any(part.defects for part in message.walk())
    return Body(seen, own_words(own), attachments, decoded and trusted and not encrypted and not broken)


def clean(text: str) -> str:
    """Without what no database and no person can read; single line ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _SURROGATE.sub("\ufffd", _UNSEEN.sub("", lines))


def _read(text: str, is_html: bool) -> tuple[str, str, bool]:
    if not is_html:
        return text, text, True
    found = text_of(text)
    return found.seen, found.own, found.trusted


def _leaves(message: Message) -> Iterator[Message]:
    """A message within a message is one attachment, whatever it holds."""
    if message.get_content_maintype() != "multipart":
        yield message
        return
    payload = message.get_payload()
    if not isinstance(payload, list):
        yield message
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _leaves(part)


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_filename() is not None


def _decoded(part: Message) -> tuple[str, bool]:
    """The text, and whether it is surely what was sent."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    text, known = _decoded_as(data[: 4 * MAX_TEXT], str(part.get_content_charset() or "us-ascii"))
    cleaned = clean(text)
    return cleaned[:MAX_TEXT], known and len(data) <= 4 * MAX_TEXT and len(cleaned) <= MAX_TEXT and cleaned == text.replace("\r\n", "\n")


def _decoded_as(data: bytes, charset: str) -> tuple[str, bool]:
    for name in (charset, "utf-8"):
        try:
            if codecs.lookup(name).name in _CHARSETS:
                return data.decode(name), name == charset or charset == "us-ascii"
        except (LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace"), False
