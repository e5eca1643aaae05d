"""Posting to an address that somebody else chose. It is looked up once, and what was looked at is what is connected to."""

import asyncio
import socket
from collections.abc import Mapping

import httpx

from reporting.webhooks.rules import is_public

TOTAL_SECONDS = 15.0


class Refused(Exception):
    """An address that we do not send to."""


class Endpoints:
    """One client for all of them: no cookies, no redirections, no proxy of the environment.

    `local`: over plain HTTP and to this machine, in the local stack.
    """

    def __init__(self, *, local: bool) -> None:
        self.local = local
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, connect=5), follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> int:
        """The status of the answer, whose body is not read. Raises Refused, httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError."""
        async with asyncio.timeout(TOTAL_SECONDS):
            target = httpx.URL(url)
            extensions = {}
            if not self.local:
                headers = {**headers, "host": target.netloc.decode()}
                extensions = {"sni_hostname": target.host}
                target = target.copy_with(host=await _address_of(target))
            async with self._http.stream("POST", target, content=body, headers=headers, extensions=extensions) as answer:
                return answer.status_code


async def _address_of(url: httpx.URL) -> str:
    """Looked up here and connected to as it is: a name that points somewhere else a moment later leads nowhere else."""
    if url.scheme != "https":
        raise Refused("not over HTTPS")
    found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    addresses = [str(address[4][0]) for address in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise Refused("not an address on the internet")
    return addresses[0]
