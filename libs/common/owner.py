"""The owner of a journal over HTTP: its heads, and pages of its entries to mend a gap."""

from base64 import b64decode
from uuid import UUID

import httpx

from common.cloudevents import Entry
from common.service_token import ServiceToken


class Owner:
    """A neighbour that publishes a journal."""

    def __init__(self, source: str, url: str, http: httpx.AsyncClient, token: ServiceToken) -> None:
        self.source, self.url = source, url.rstrip("/")
        self._http, self._token = http, token

    async def heads(self) -> dict[int, int]:
        """Raises httpx.HTTPError when it cannot be told."""
        answer = await self._http.get(f"{self.url}/v1/journal/heads", headers=await self._token.header())
        answer.raise_for_status()
        return {int(stream): position for stream, position in answer.json()["heads"].items()}

    async def page(self, stream: int, after: int) -> list[Entry]:
        """Raises httpx.HTTPError."""
        answer = await self._http.get(
            f"{self.url}/v1/journal/streams/{stream}/entries", params={"after": after}, headers=await self._token.header()
        )
        answer.raise_for_status()
        return [self._entry(item) for item in answer.json()["items"]]

    def _entry(self, item: dict[str, str]) -> Entry:
        return Entry(
            source=self.source,
            stream=int(item["stream"]),
            position=int(item["position"]),
            event_id=UUID(item["event_id"]),
            type=item["type"],
            subject=UUID(item["subject"]),
            payload=item["payload"],
            digest=b64decode(item["digest"]),
            traceparent=item.get("traceparent"),
        )
