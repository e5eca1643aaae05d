"""The notice texts that consent has published (C11), kept for a minute. Texts are publications, not decisions (invariant 8)."""

import asyncio
import time
from dataclasses import dataclass
from math import inf

import httpx

from common.contracts.vocabulary import Programme

KEPT_SECONDS = 60.0
PAUSE_SECONDS = 1.0
"""Between two looks, so that a consent service that hangs holds up requests for one look at a time and not for one each."""
TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Shown:
    """Which text it is; version and language are empty where consent could not be asked."""

    programme: Programme
    version: str
    language: str


class NoticeTexts:
    """Kept for the life of the process. Whoever asks while somebody looks takes what that look finds."""

    def __init__(self, http: httpx.AsyncClient, consent_url: str) -> None:
        self._http, self._url = http, f"{consent_url.rstrip('/')}/v1/notices"
        self._texts: dict[str, Shown] = {}
        self._read_at = self._tried_at = -inf
        self._looking = asyncio.Lock()

    async def shown(self, digest: str, programme: Programme) -> Shown | None:
        """The notice, if it can be decided on, as far as that is known: None where it cannot.

        A text that is not there may be newer than the look: look again.

        Where consent cannot be reached and nothing is kept, it is taken for current: care does not wait for consent (C3), and
        consent looks at the notice again when the choice arrives. What it then refuses is not shared, which is the safe side.
        """
        for age in (KEPT_SECONDS, PAUSE_SECONDS):
            texts = await self._known(age)
            if texts is None:
                return Shown(programme, "", "")
            if digest in texts and texts[digest].programme == programme:
                return texts[digest]
        return None

    async def _known(self, age: float) -> dict[str, Shown] | None:
        async with self._looking:
            now = time.monotonic()
            if now - self._read_at > age and now - self._tried_at > PAUSE_SECONDS:
                await self._look()
        return self._texts if time.monotonic() - self._read_at <= KEPT_SECONDS else None

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._http.get(self._url)
            answer.raise_for_status()
            items = answer.json()["items"]
            self._texts = {item["digest"]: Shown(Programme(item["programme"]), item["version"], item["language"]) for item in items}
            self._read_at = time.monotonic()
        except (httpx.HTTPError, TimeoutError):
            pass  # what was read before goes on until it is too old
        self._tried_at = time.monotonic()
