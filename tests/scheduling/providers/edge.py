"""The routes of providers and directory over HTTP without a network, on a real database of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from common.auth import Principal, Role
from common.clock import Clock
from common.db import Database
from common.http import add_error_handlers
from deploy.local.infrastructure import Infrastructure
from scheduling.directory.routes import router as directory
from scheduling.providers.routes import router as providers
from scheduling.schema import metadata
from tests.scheduling.providers.made import NOW, PLAN


@asynccontextmanager
async def own_database(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"providers_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name), 2)
    async with db.engine.begin() as tx:
        await tx.run_sync(metadata.create_all)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


class Tokens:
    """A token says who its bearer is."""

    async def principal(self, token: str) -> Principal:
        role, _, subject = token.partition(":")
        return Principal(UUID(subject), Role(role), 0)


@dataclass
class Portal:
    http: httpx.AsyncClient
    db: Database
    now: datetime = NOW

    async def call(self, method: str, path: str, role: str = "operations", subject: UUID | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {role}:{subject or uuid4()}", "clock-now": self.now.isoformat(), **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def add(self, **changes: Any) -> dict[str, Any]:
        answer = await self.call("POST", "/v1/providers", json=body(**changes))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def search(self, role: str = "operations", subject: UUID | None = None, **asked: Any) -> dict[str, Any]:
        answer = await self.call("GET", "/v1/directory", role, subject, params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ids(self, **asked: Any) -> list[str]:
        """Of all pages."""
        found, page = [], await self.search(**asked)
        while True:
            found += [item["provider_id"] for item in page["items"]]
            if page["next"] is None:
                return found
            page = await self.search(**asked, cursor=page["next"])


@asynccontextmanager
async def opened(db: Database) -> AsyncIterator[Portal]:
    app = FastAPI()
    add_error_handlers(app)
    app.include_router(providers)
    app.include_router(directory)
    app.state.db, app.state.clock, app.state.verifier = db, Clock(simulated=True), Tokens()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
        yield Portal(http, db)


def body(**changes: Any) -> dict[str, Any]:
    """Of a provider who meets all of S3 and has joined Care Connect."""
    return {
        "provider_id": str(uuid4()),
        "name": "R. Alvarez",
        "state": "MA",
        "degree": "masters",
        "licences": [{"state": "MA", "kind": "full", "expires_on": "2027-03-02"}],
        "credentials": [{"plan_id": str(PLAN), "under_network_tax_id": True, "starts_on": "2025-01-01"}],
        "virtual_care": True,
        "manages_in_portal": True,
        "participations": [{"programme": "care_connect", "terms_version": "2026-01", "agreed": ["S7", "S8", "A1", "A3"]}],
    } | changes
