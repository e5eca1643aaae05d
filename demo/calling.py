"""Calls of the services' APIs as somebody. Whatever changes something carries an idempotency key, so that it can be repeated."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx

from common.auth import Role
from demo.system import System

T = TypeVar("T")
Lanes = Sequence[httpx.AsyncClient]
ATTEMPTS = 5


class Refused(RuntimeError):
    """An answer that was not hoped for."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
        self.answer = answer


class Caller:
    """Somebody with a token."""

    def __init__(self, system: System, http: httpx.AsyncClient, role: Role, subject: UUID) -> None:
        self.system, self.http, self.role, self.id = system, http, role, subject

    async def get(self, service: str, path: str, **query: str) -> Any:
        """Raises Refused."""
        return succeeded(await self.send("GET", service, path, query=query)).json()

    async def post(self, service: str, path: str, body: object = None, now: datetime | None = None, **headers: str) -> Any:
        """Raises Refused."""
        return succeeded(await self.send("POST", service, path, body, now, **headers)).json()

    async def put(self, service: str, path: str, body: object) -> Any:
        """Raises Refused."""
        return succeeded(await self.send("PUT", service, path, body)).json()

    async def send(
        self, method: str, service: str, path: str, body: object = None, now: datetime | None = None, **headers: Any
    ) -> httpx.Response:
        """Whatever the answer is. A service that is away for a moment is asked again, with the same key."""
        url, query = self.system.url(service) + path, headers.pop("query", None)
        sent = {**await self.system.bearer(self.role, self.id), **{name.replace("_", "-"): value for name, value in headers.items()}}
        if method != "GET":
            sent["idempotency-key"] = str(uuid4())
        if now is not None:
            sent["clock-now"] = now.isoformat()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = await self.http.request(method, url, params=query or None, json=body, headers=sent)
                if answer.status_code != 503 or attempt == ATTEMPTS:
                    return answer
            except httpx.TransportError:
                if attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(0.2 * attempt)
        raise AssertionError("answered or raised")


def succeeded(answer: httpx.Response) -> httpx.Response:
    """Raises Refused unless the answer is 2xx."""
    if not answer.is_success:
        raise Refused(answer)
    return answer


@asynccontextmanager
async def lanes(count: int) -> AsyncIterator[Lanes]:
    """Clients with a connection each: one shared pool looks through all its connections at every request, which costs twice the rest."""
    trusted = ssl.create_default_context()  # reading the authorities takes longer than all the rest: once
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(httpx.AsyncClient(timeout=30, verify=trusted, trust_env=False)) for _ in range(count)]


async def side_by_side(work: Callable[[httpx.AsyncClient, T], Awaitable[None]], items: Iterable[T], over: Lanes) -> None:
    """Every item, one at a time on each lane; the first error ends it all."""
    waiting = iter(items)

    async def take(http: httpx.AsyncClient) -> None:
        for item in waiting:
            await work(http, item)

    async with asyncio.TaskGroup() as group:
        for http in over:
            group.create_task(take(http))


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> bool:
    """Asks again and again; whether it came to hold in time."""
    give_up = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(0.05)
    return True
