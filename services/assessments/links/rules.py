"""Links that open one assignment's form and nothing else: signed, with an end. Pure."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

from common.problems import Problem

SIGNATURE = 16
"""Bytes of the HMAC that are kept: 128 bits."""
LENGTH = 16 + 4 + SIGNATURE
TOKEN = re.compile(r"[A-Za-z0-9_-]{48}")


def sign(key: bytes, assignment_id: UUID, expires_at: datetime) -> str:
    """What stands in the link's path: 48 characters that are safe in an address."""
    body = assignment_id.bytes + int(expires_at.timestamp()).to_bytes(4, "big")
    return urlsafe_b64encode(body + _signature(key, body)).decode()


def read(key: bytes, token: str, now: datetime) -> UUID:
    """The assignment. Raises Problem: `invalid_link` for what we did not sign, `link_expired` for what we did, and is over."""
    raw = urlsafe_b64decode(token) if TOKEN.fullmatch(token) else b""  # which passes over what is not in its alphabet
    body = raw[: -SIGNATURE or None]
    if len(raw) != LENGTH or not hmac.compare_digest(raw[-SIGNATURE:], _signature(key, body)):
        raise Problem("invalid_link", "This link is not valid.")
    if datetime.fromtimestamp(int.from_bytes(body[16:], "big"), UTC) <= now:
        raise Problem("link_expired", "This link has expired.")
    return UUID(bytes=body[:16])


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"care-connect assessments: link" + body, "sha256")[:SIGNATURE]
