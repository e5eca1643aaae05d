"""A service's own bearer token: OAuth 2 client credentials (RFC 6749, 4.4), fetched when needed and kept until shortly before it ends."""

import asyncio
import time

import httpx


class ServiceToken:
    """Kept for the life of the process."""

    def __init__(self, http: httpx.AsyncClient, token_url: str, client_id: str, client_secret: str) -> None:
        self._http, self._url = http, token_url
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._header: dict[str, str] = {}
        self._until = 0.0
        self._fetching = asyncio.Lock()

    async def header(self) -> dict[str, str]:
        """Raises httpx.HTTPError where the issuer cannot be reached and the last token is over."""
        async with self._fetching:
            if time.monotonic() > self._until:
                answer = await self._http.post(self._url, data=self._form)
                answer.raise_for_status()
                grant = answer.json()
                self._header = {"authorization": f"Bearer {grant['access_token']}"}
                self._until = time.monotonic() + grant["expires_in"] * 0.8
        return self._header
