"""The keys that recipients publish: fetched within bounds, kept for a short while."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

log = logging.getLogger(__name__)
KEPT = 300
"""Seconds. A key that was taken out of its set is good for so long yet."""
AT_MOST_EVERY = 3
"""Seconds between two fetches of one set: anybody can name a client and a key that nobody knows."""
SECONDS = 3.0
BYTES = 65_536


@dataclass
class Known:
    keys: KeySet | None = None
    fetched_at: float = float("-inf")
    """Also of a fetch that failed: a server that is down is not asked at every request."""
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    def key(self, kid: str) -> Key | None:
        return named(self.keys, kid) if self.keys else None


PUBLISHED: dict[str, Known] = {}
"""By address. They are the same whoever asks, so the process keeps one of each; addresses come from the registrations only."""


async def published_key(http: httpx.AsyncClient, url: str, kid: str) -> Key | None:
    """None: the set cannot be had, or has no such key."""
    known = PUBLISHED.setdefault(url, Known())
    async with known.fetching:
        age = time.monotonic() - known.fetched_at
        unknown = known.key(kid) is None and age > AT_MOST_EVERY
        if age > KEPT or unknown:
            known.keys = await _fetched(http, url)
            known.fetched_at = time.monotonic()
        return known.key(kid)


async def _fetched(http: httpx.AsyncClient, url: str) -> KeySet | None:
    try:
        async with asyncio.timeout(SECONDS):
            return imported(json.loads(await _bytes(http, url)))
    except (httpx.HTTPError, JoseError, ValueError, TypeError, KeyError, TimeoutError) as error:
        log.warning("a recipient's keys cannot be read", extra={"url": url, "error": type(error).__name__})
        return None


async def _bytes(http: httpx.AsyncClient, url: str) -> bytes:
    """No redirect is followed: the address is what was registered."""
    async with http.stream("GET", url, headers={"accept": "application/json"}, follow_redirects=False) as answer:
        if answer.status_code != 200:
            raise ValueError("no key set")
        read = bytearray()
        async for chunk in answer.aiter_bytes():
            read += chunk
            if len(read) > BYTES:
                raise ValueError("too large for a key set")
        return bytes(read)


def imported(jwks: Mapping[str, Any]) -> KeySet:
    """Raises JoseError, ValueError, KeyError, TypeError."""
    return KeySet.import_key_set({"keys": list(jwks["keys"])})


def named(keys: KeySet, kid: str) -> Key | None:
    """joserfc would take the only key of a set for whatever key is meant."""
    return next((key for key in keys if key.kid == kid), None)
