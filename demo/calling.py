"""Calls of the services' APIs as somebody. Whatever changes something carries an idempotency key, so that it can be repeated."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx

from common.auth import Role
from demo.system import System

T = TypeVar("T")
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


async def side_by_side(work: Callable[[T], Awaitable[None]], items: Iterable[T], at_once: int) -> None:
    """Every item, so many at a time; the first error ends it all."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(take())


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> bool:
    """Asks again and again; whether it came to hold in time."""
    give_up = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(0.05)
    return True
