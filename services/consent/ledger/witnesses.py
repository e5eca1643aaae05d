"""What another service has applied of the ledger: a copy of its heads that an attacker of this database does not reach."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from common.service_token import ServiceToken
from consent.ledger.rules import Head

Witnesses = Callable[[], Awaitable[list[Head] | None]]


def witnesses_at(http: httpx.AsyncClient, token: ServiceToken, url: str, source: str) -> Witnesses:
    """Asks a neighbour; None where it cannot be told."""

    async def ask() -> list[Head] | None:
        try:
            async with asyncio.timeout(5):
                answer = await http.get(f"{url.rstrip('/')}/v1/applied/{source}", headers=await token.header())
            answer.raise_for_status()
            return [Head(item["stream"], item["position"], bytes.fromhex(item["digest"])) for item in answer.json()["items"]]
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError):
            return None

    return ask
