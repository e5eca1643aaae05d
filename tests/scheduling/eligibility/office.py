"""The routes of contracts, eligibility and coverage terms over HTTP without a network, on a real database of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

import scheduling
from common.auth import Principal, Role
from common.clock import Clock
from common.contracts.vocabulary import Programme
from common.db import Database
from common.http import add_error_handlers
from common.journal import Journal
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from scheduling.clients.routes import router as clients
from scheduling.coverage.routes import router as coverage
from scheduling.eligibility.check import embedded
from scheduling.eligibility.file_routes import router as files
from scheduling.eligibility.routes import router as eligibility
from scheduling.employers.routes import router as employers
from scheduling.plans.routes import router as plans
from scheduling.schema import metadata

MIGRATIONS = Path(str(scheduling.__file__)).parent / "migrations"
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""A Monday, noon in New York."""
TODAY = NOW.date()
CARE_CONNECT, EWS = Programme.CARE_CONNECT.value, Programme.EWS.value


class Tokens:
    """A token says who its bearer is."""

    async def principal(self, token: str) -> Principal:
        role, _, subject = token.partition(":")
        return Principal(UUID(subject), Role(role), 0)


@dataclass
class Office:
    """Operations at work. `now` is when they do it."""

    app: FastAPI
    http: httpx.AsyncClient
    db: Database
    journal: Journal
    now: datetime = NOW

    async def call(self, method: str, path: str, role: str = "operations", subject: UUID | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {role}:{subject or uuid4()}", "clock-now": self.now.isoformat(), **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def done(self, method: str, path: str, role: str = "operations", subject: UUID | None = None, **more: Any) -> Any:
        answer = await self.call(method, path, role, subject, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def employer(self, *programmes: str, **more: Any) -> UUID:
        body = {"name": "Acme", "programmes": programmes or [CARE_CONNECT, EWS], **more}
        return UUID((await self.done("POST", "/v1/employers", json=body))["employer_id"])

    async def plan(self, **more: Any) -> UUID:
        return UUID((await self.done("POST", "/v1/plans", json={"name": "The plan", **more}))["plan_id"])

    async def client(self, employer_id: UUID, plan_id: UUID, **more: Any) -> UUID:
        return UUID((await self.done("POST", "/v1/clients", json=registration(employer_id, plan_id, **more)))["client_id"])

    async def eligibility(self, client_id: UUID, on: date | None = None, programme: str = CARE_CONNECT) -> tuple[bool, str]:
        asked = {"programme": programme} | ({"on": on.isoformat()} if on else {})
        found = await self.done("GET", f"/v1/clients/{client_id}/eligibility", params=asked)
        return found["eligible"], found["reason"]

    async def coverage(self, client_id: UUID, **asked: str) -> list[tuple[str, str | None]]:
        found = await self.done("GET", f"/v1/clients/{client_id}/coverage", params=asked)
        return [(period["starts_on"], period["ends_on"]) for period in found["items"]]

    async def file(self, *lines: str, header: str, **asked: Any) -> httpx.Response:
        content = "\n".join((header, *lines)) + "\n"
        return await self.call("POST", "/v1/eligibility-files", content=content, params=asked, headers={"content-type": "text/csv"})

    async def told(self, kind: str, recipient: UUID) -> list[str]:
        """The templates of what a recipient was told."""
        wanted = "select template from notification where recipient_kind = $1 and recipient_id = $2 order by template"
        return [row["template"] for row in await self.db.pool.fetch(wanted, kind, recipient)]

    async def events(self, client_id: UUID) -> list[str]:
        rows = await self.db.pool.fetch("select type from journal where subject = $1 order by stream, position", client_id)
        return [row["type"].removeprefix("scheduling.").removesuffix(".v1") for row in rows]

    async def request(self, client_id: UUID, state: str = "accepted") -> UUID:
        """A request of the client's to a provider of its own; answers the provider."""
        provider = uuid4()
        await self.db.pool.execute(
            "insert into provider (provider_id, name, state, degree, zone) values ($1, 'Dr. Reed', 'MA', 'masters', 'America/New_York')",
            provider,
        )
        await self.db.pool.execute(
            "insert into consultation_request (request_id, client_id, provider_id, programme, state, first, version, requested_at)"
            " values ($1, $2, $3, $4, $5, false, 1, $6)",
            *(uuid4(), client_id, provider, CARE_CONNECT, state, self.now),
        )
        return provider


def registration(employer_id: UUID, plan_id: UUID, **more: Any) -> dict[str, Any]:
    body = {"employer_id": str(employer_id), "plan_id": str(plan_id), "programme": CARE_CONNECT, "birth_date": "1985-05-17"}
    return body | {"sex": "female", "state": "MA", "language": "en"} | more


@asynccontextmanager
async def opened(infrastructure: Infrastructure) -> AsyncIterator[Office]:
    name = f"office_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name), 4)
    await migrate(db, "scheduling", MIGRATIONS, metadata, 4)
    app = FastAPI()
    add_error_handlers(app)
    for router in (employers, plans, clients, eligibility, files, coverage):
        app.include_router(router)
    app.state.db, app.state.clock, app.state.verifier = db, Clock(simulated=True), Tokens()
    app.state.journal, app.state.eligibility_check = Journal("scheduling", 4), embedded
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
        yield Office(app, http, db, app.state.journal)
    await db.close()
    await infrastructure.drop_database(name)
