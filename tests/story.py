"""The people of a test, acting over HTTP on the real stack: what a test says reads as what they do."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from common.contracts.vocabulary import Programme
from consent.notices.shipped import shipped
from demo.partner import Partner, category_of, token_of
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
    """One employer, one plan with its backend, one provider, and clients as they come."""

    stack: Stack
    http: httpx.AsyncClient
    employer: UUID = field(default_factory=uuid4)
    plan: UUID = field(default_factory=uuid4)
    provider: UUID = field(default_factory=uuid4)
    partner: Partner = field(init=False)
    """The plan's backend, which is registered as a recipient."""

    def __post_init__(self) -> None:
        self.partner = Partner(self.http, self.stack.url("reporting"), self.plan)

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
        await self.partner.register(operations)
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

    async def export_attempt(self, **parameters: Any) -> httpx.Response:
        return await self.partner.kick_off(**parameters)

    async def export(self, **parameters: Any) -> dict[str, Any]:
        """Of what reporting knows at this moment; `export_id` beside what a manifest has."""
        return _with_id(await self.partner.export(**parameters))

    async def export_of(self, records: int, **parameters: Any) -> dict[str, Any]:
        """An export once reporting has applied all that was said so far, of at least so many records."""
        await self.settled()
        manifest = await self.export(**parameters)
        assert sum(part["count"] for part in manifest["output"]) >= records, manifest
        return manifest

    async def manifest(self, export_id: str) -> dict[str, Any]:
        return _with_id(await self.partner.manifest(f"{self.stack.url('reporting')}/fhir/bulk/{export_id}"))

    async def lines(self, manifest: dict[str, Any]) -> list[dict[str, Any]]:
        """The records that the manifest's parts hold now, each once, in short: what follows from one (an Encounter, the form behind a
        score) and what every consent comes with is left out."""
        return [short(found) for found in await self.partner.resources(manifest) if found["resourceType"] in RECORDS and category_of(found)]

    async def deleted(self, manifest: dict[str, Any]) -> list[str]:
        """The tokens of the people whom the manifest tells to drop."""
        found = await self.partner.deleted(manifest)
        return sorted(reference.removeprefix("Patient/") for reference in found if reference.startswith("Patient/"))

    async def delete_recalled(self, recall_id: str) -> None:
        """The plan acknowledges a recall, deletes what it has, and says so."""
        plan, path = self.token("plan", self.plan), f"/v1/recalls/{recall_id}"
        deleted = {"method": "deleted", "completed_on": datetime.now(UTC).date().isoformat(), "attested_by": "privacy_officer"}
        for step, body in (("acknowledgement", None), ("attestation", deleted)):
            answer = await self.call("reporting", "POST", f"{path}/{step}", plan, json=body)
            assert answer.status_code == 200, answer.text

    async def settled(self) -> None:
        """Returns when reporting has applied all that the others have said so far: what is missing then, is missing for good."""
        wanted = {source: await self.heads(source) for source in ("scheduling", "assessments", "consent")}

        async def applied() -> bool:
            for source, positions in wanted.items():
                answer = await self.call("reporting", "GET", f"/v1/applied/{source}", self.token("operations"))
                if answer.status_code != 200:
                    return False
                at = {item["stream"]: item["position"] for item in answer.json()["items"]}
                if any(at.get(stream, 0) < position for stream, position in positions.items()):
                    return False
            return True

        await eventually(applied)

    async def heads(self, service: str) -> dict[int, int]:
        answer = await self.call(service, "GET", "/v1/journal/heads", self.token("operations"))
        assert answer.status_code == 200, answer.text
        return {int(stream): position for stream, position in answer.json()["heads"].items()}


RECORDS = ("Patient", "Appointment", "Observation")


def short(resource: dict[str, Any]) -> dict[str, Any]:
    """Whose it is, its category, and what tells two records of a category apart."""
    kinds = resource.get("appointmentType", {}).get("coding", [{}])
    told = {
        "kind": kinds[0].get("code"),
        "start": resource.get("start"),
        "value": resource.get("valueQuantity", {}).get("value"),
        "birthYear": resource.get("birthDate"),
    }
    known = {name: value for name, value in told.items() if value is not None}
    return {"token": token_of(resource), "category": category_of(resource), **known}


def as_previewed(resources: list[dict[str, Any]]) -> list[str]:
    """Without the token, the ids that are made of it, and the time: what a preview cannot know."""
    return sorted(RANDOM.sub("-", UPDATED.sub("", json.dumps(found, sort_keys=True))) for found in resources)


RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UPDATED = re.compile(r'"lastUpdated": "[^"]+"')


def _with_id(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest | {"export_id": manifest["status_url"].rpartition("/")[2]}
