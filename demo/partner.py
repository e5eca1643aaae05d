"""The health plan's backend, as a program of its own would be: SMART Backend Services, FHIR Bulk Data, and nothing else of ours."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LASTS = 200
"""Seconds that an access token is used; it is good for 300."""
CATEGORY = "urn:care-connect:category"
TERMS: dict[str, Any] = {
    "reference": "CC-HP-2020/1",
    "legal_name": "Example Health Plan, Inc.",
    "address": "1 Plan Street, Springfield, MA 01101, USA",
    "obligations": [
        "encryption_at_rest",
        "encryption_in_transit",
        "no_redisclosure",
        "no_reidentification",
        "no_rate_or_coverage_use",
        "deletion_on_recall",
        "breach_notice",
        "return_or_destruction_at_end",
    ],
    "delete_within_days": 10,
    "breach_notice_hours": 72,
    "audit_right": True,
    "audit_every_months": 12,
    "document_digest": "5b" * 32,
    "valid_from": "2020-01-01T00:00:00Z",
    "valid_until": "2045-01-01T00:00:00Z",
}
"""What was signed with it (C14)."""


@dataclass
class Partner:
    """`base`: where reporting is reached, as its own settings say it (the assertion is made for its token endpoint)."""

    http: httpx.AsyncClient
    base: str
    plan_id: UUID
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-384", {"kid": "1", "use": "sig", "alg": "ES384"}))
    contract_id: UUID = field(default_factory=uuid4)
    _token: str = ""
    _until: float = 0.0

    @property
    def client(self) -> str:
        return f"plan-{self.plan_id}"

    @property
    def slug(self) -> str:
        """In the names of its topics."""
        return f"plan-{self.plan_id.hex[:12]}"

    async def register(self, operations: Mapping[str, str], **more: Any) -> dict[str, Any]:
        """What the network's staff do once: who it is, and the contract that it acts under. Raises httpx.HTTPStatusError."""
        body = {"slug": self.slug, "smart_client_id": self.client, "jwks": {"keys": [self.key.as_dict(private=False)]}, **more}
        answer = await self.http.put(f"{self.base}/v1/recipients/{self.plan_id}", json=body, headers=dict(operations))
        answer.raise_for_status()
        registered: dict[str, Any] = answer.json()
        (await self.sign(operations)).raise_for_status()
        return registered

    async def sign(self, operations: Mapping[str, str], contract_id: UUID | None = None, **terms: Any) -> httpx.Response:
        """C14: without a contract in force it gets nothing."""
        url = f"{self.base}/v1/recipients/{self.plan_id}/contracts/{contract_id or self.contract_id}"
        return await self.http.put(url, json=TERMS | terms, headers=dict(operations))

    def assertion(self, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": self.client, "sub": self.client, "aud": f"{self.base}/v1/oauth2/token", "exp": now + 240, "jti": str(uuid4())}
        return jwt.encode({"alg": "ES384", "kid": "1", "typ": "JWT"}, said | claims, self.key, algorithms=["ES384"])

    def token_request(self, scope: str = "system/*.rs", **claims: Any) -> dict[str, str]:
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "scope": scope}
        return form | {"client_assertion": self.assertion(**claims)}

    async def ask_for_token(self, scope: str = "system/*.rs", **claims: Any) -> httpx.Response:
        return await self.http.post(f"{self.base}/v1/oauth2/token", data=self.token_request(scope, **claims))

    async def bearer(self) -> dict[str, str]:
        if time.monotonic() > self._until:
            answer = await self.ask_for_token()
            answer.raise_for_status()
            self._token, self._until = answer.json()["access_token"], time.monotonic() + LASTS
        return {"authorization": f"Bearer {self._token}"}

    async def kick_off(self, level: str = "", **parameters: Any) -> httpx.Response:
        """`level`: nothing, `Patient/` or `Group/<id>/`. Lists are repeated."""
        headers = await self.bearer() | {"accept": "application/fhir+json", "prefer": "respond-async"}
        return await self.http.get(f"{self.base}/fhir/{level}$export", params=parameters, headers=headers)

    async def manifest(self, status_url: str, seconds: float = 60) -> dict[str, Any]:
        """Polls until it is there. Raises httpx.HTTPStatusError, TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self.http.get(status_url, headers=await self.bearer() | {"accept": "application/json"})
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found | {"status_url": status_url}
                if answer.status_code not in (202, 429, 503):
                    answer.raise_for_status()
                await asyncio.sleep(0.15)

    async def export(self, level: str = "", **parameters: Any) -> dict[str, Any]:
        """Raises httpx.HTTPStatusError where it is refused."""
        answer = await self.kick_off(level, **parameters)
        answer.raise_for_status()
        return await self.manifest(answer.headers["content-location"])

    async def file(self, url: str) -> httpx.Response:
        return await self.http.get(url, headers=await self.bearer())

    async def recalls(self, *states: str) -> list[dict[str, Any]]:
        """Those in one of these states, all pages; those that wait for an acknowledgement where none is named."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            query = {"limit": "500", **({"state": list(states)} if states else {}), **cursor}
            answer = await self.http.get(f"{self.base}/v1/recalls", params=query, headers=await self.bearer())
            answer.raise_for_status()
            page = answer.json()
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    async def acknowledge(self, recall_id: str) -> None:
        """It has the recall, and uses nothing of it any more."""
        answer = await self.http.post(f"{self.base}/v1/recalls/{recall_id}/acknowledgement", headers=await self.bearer())
        answer.raise_for_status()

    async def attest(self, recall_id: str) -> None:
        """It has deleted everything."""
        url = f"{self.base}/v1/recalls/{recall_id}/attestation"
        answer = await self.http.post(url, json=attestation(), headers=await self.bearer())
        answer.raise_for_status()

    async def resources(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Everything that the manifest's files hold now. Raises httpx.HTTPStatusError."""
        found: list[dict[str, Any]] = []
        for part in manifest["output"]:
            answer = await self.file(part["url"])
            answer.raise_for_status()
            found += [json.loads(line) for line in answer.text.splitlines()]
        return found

    async def deleted(self, manifest: Mapping[str, Any]) -> set[str]:
        """The resources that the manifest tells to drop, as `Type/id`."""
        found: set[str] = set()
        for part in manifest.get("deleted", []):
            answer = await self.file(part["url"])
            answer.raise_for_status()
            for line in answer.text.splitlines():
                found |= {entry["request"]["url"] for entry in json.loads(line)["entry"]}
        return found


def attestation() -> dict[str, str]:
    return {"method": "deleted", "completed_on": f"{datetime.now(UTC):%Y-%m-%d}", "attested_by": "privacy_officer"}


def token_of(resource: Mapping[str, Any]) -> str:
    """Whose it is: the recipient token."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    about = resource.get("subject") or resource.get("patient") or resource["participant"][0]["actor"]
    return str(about["reference"]).removeprefix("Patient/")


def category_of(resource: Mapping[str, Any]) -> str | None:
    """None of what every consent comes with."""
    return next((tag["code"] for tag in resource["meta"]["tag"] if tag["system"] == CATEGORY), None)
