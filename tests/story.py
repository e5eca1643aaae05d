"""The people of a test, acting over HTTP on the real stack: what a test says reads as what they do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from common.contracts.vocabulary import Programme
from consent.notices.shipped import shipped
from demo.providers import participating
from deploy.local.stack import Stack

NOTICE, WITHDRAWN = (
    next(n.digest for n in shipped() if (n.programme, n.version, n.language) == (Programme.CARE_CONNECT, version, "en"))
    for version in ("2026-01", "2025-07")
)
PURPOSE = "personalised_health_recommendations"


async def eventually(true: Callable[[], Awaitable[Any]], seconds: float = 30) -> Any:
    """Waits until it is so, and answers it; fails loudly when it never is."""
    async with asyncio.timeout(seconds):
        while not (found := await true()):
            await asyncio.sleep(0.03)
        return found


@dataclass
class Story:
    """One employer, one plan, one provider, and clients as they come."""

    stack: Stack
    http: httpx.AsyncClient
    employer: UUID = field(default_factory=uuid4)
    plan: UUID = field(default_factory=uuid4)
    provider: UUID = field(default_factory=uuid4)

    def token(self, role: str, subject: UUID | None = None) -> dict[str, str]:
        return self.stack.issuer.bearer(role, subject or uuid4())

    async def call(self, service: str, method: str, path: str, caller: dict[str, str], **more: Any) -> httpx.Response:
        headers = caller | more.pop("headers", {})
        return await self.http.request(method, f"{self.stack.url(service)}{path}", headers=headers, **more)

    async def open(self) -> "Story":
        operations = self.token("operations")
        opened = await self.call("scheduling", "POST", "/v1/states/MA/opening", operations)
        assert opened.status_code == 200, opened.text
        for path, body in (
            ("/v1/employers", {"name": "Acme", "programmes": ["care_connect"], "employer_id": str(self.employer)}),
            ("/v1/plans", {"name": "The plan", "plan_id": str(self.plan)}),
            ("/v1/providers", participating(self.provider, "Dr. Reed", "MA", self.plan, degree="psychology_doctorate")),
        ):
            answer = await self.call("scheduling", "POST", path, operations, json=body)
            assert answer.status_code == 201, answer.text
        return self

    async def client(self) -> UUID:
        body = {
            "employer_id": str(self.employer),
            "plan_id": str(self.plan),
            "programme": "care_connect",
            "birth_date": "1985-05-17",
            "sex": "female",
            "state": "MA",
            "language": "en",
        }
        answer = await self.call("scheduling", "POST", "/v1/clients", self.token("operations"), json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["client_id"])

    async def another_provider(self) -> UUID:
        body = participating(provider := uuid4(), "Dr. Other", "MA", self.plan)
        answer = await self.call("scheduling", "POST", "/v1/providers", self.token("operations"), json=body)
        assert answer.status_code == 201, answer.text
        return provider

    async def request(self, client: UUID, choice: str | None, provider: UUID | None = None, **more: Any) -> httpx.Response:
        body: dict[str, Any] = {"client_id": str(client), "provider_id": str(provider or self.provider), "programme": "care_connect"}
        if choice:
            body["sharing"] = {"choice": choice, "notice_digest": NOTICE, **more}
        return await self.call("scheduling", "POST", "/v1/consultation-requests", self.token("client", client), json=body)

    async def sharing_client(self, **more: Any) -> UUID:
        """A client who opted in on the first request and has answered a questionnaire, as reporting knows it."""
        client = await self.client()
        answer = await self.request(client, "opt_in", **more)
        assert answer.status_code == 201, answer.text
        await eventually(lambda: self.answered(client))
        return client

    async def answered(self, client: UUID) -> bool:
        body = {"client_id": str(client), "score": 9}
        answer = await self.call("assessments", "POST", "/v1/satisfaction-responses", self.token("client", client), json=body)
        return answer.status_code == 201

    async def sharing(self, client: UUID) -> dict[str, Any]:
        answer = await self.call("consent", "GET", f"/v1/clients/{client}/sharing/care_connect", self.token("client", client))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def decide(self, client: UUID, choice: str, version: int | None, **more: Any) -> httpx.Response:
        headers = {} if version is None else {"if-match": f'"{version}"'}
        body = {"choice": choice, "programme": "care_connect", "notice_digest": NOTICE, **more}
        return await self.call(
            "consent", "POST", f"/v1/clients/{client}/decisions", self.token("client", client), json=body, headers=headers
        )

    async def opt_out(self, client: UUID, wait: int = 10) -> dict[str, Any]:
        answer = await self.call(
            "consent",
            "POST",
            f"/v1/clients/{client}/opt-outs",
            self.token("client", client),
            json={"programme": "care_connect"},
            headers={"prefer": f"wait={wait}"},
        )
        assert answer.status_code == 200, answer.text
        item: dict[str, Any] = answer.json()["items"][0]
        return item

    async def export_attempt(self) -> httpx.Response:
        return await self.call("reporting", "POST", "/v1/exports", self.token("plan", self.plan), json={"purpose": PURPOSE})

    async def export(self) -> dict[str, Any]:
        answer = await self.export_attempt()
        assert answer.status_code == 201, answer.text
        manifest: dict[str, Any] = answer.json()
        return manifest

    async def export_of(self, records: int) -> dict[str, Any]:
        """An export once the projections have caught up with so many records."""

        async def complete() -> dict[str, Any] | None:
            answer = await self.export_attempt()
            if answer.status_code == 503:  # what was decided just now is not applied yet
                return None
            manifest: dict[str, Any] = answer.json()
            return manifest if sum(part["count"] for part in manifest["output"]) >= records else None

        found: dict[str, Any] = await eventually(complete)
        return found

    async def manifest(self, export_id: str) -> dict[str, Any]:
        answer = await self.call("reporting", "GET", f"/v1/exports/{export_id}", self.token("plan", self.plan))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def lines(self, manifest: dict[str, Any]) -> list[dict[str, Any]]:
        """Everything that the manifest's parts hold now."""
        lines: list[dict[str, Any]] = []
        for part in manifest["output"]:
            answer = await self.call("reporting", "GET", part["url"], self.token("plan", self.plan))
            assert answer.status_code == 200, answer.text
            lines += [httpx.Response(200, content=line).json() for line in answer.text.splitlines()]
        return lines
