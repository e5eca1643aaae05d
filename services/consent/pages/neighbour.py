"""What the pages show of reporting: the preview of a client's records, and its parked clients. Reporting may be away: then None."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from common.contracts.vocabulary import Category, Programme
from common.operating import ParkedClients
from common.service_token import ServiceToken

PATIENCE = 4.0
"""Seconds."""


Shown = TypeVar("Shown", bound=BaseModel)


class Preview(BaseModel):
    """The very records that would be shared."""

    items: list[dict[str, Any]]
    more: bool
    parked: bool


@dataclass(frozen=True, slots=True)
class Reporting:
    """The neighbour, asked with this service's own token. Open for the life of the process."""

    http: httpx.AsyncClient
    token: ServiceToken
    url: str

    async def preview(self, client_id: UUID, programme: Programme, categories: Collection[Category]) -> Preview | None:
        query = {"programme": str(programme), "category": [str(category) for category in categories]}
        body = await self._get(f"/v1/clients/{client_id}/preview", query)
        return _read(Preview, body)

    async def parked(self) -> ParkedClients | None:
        return _read(ParkedClients, await self._get("/v1/parked-clients", {}))

    async def get_json(self, path: str, query: dict[str, Any]) -> dict[str, Any] | None:
        """An object, or None where there was no such answer."""
        body = await self._get(path, query)
        try:
            said = json.loads(body) if body else None
        except ValueError:
            return None
        return said if isinstance(said, dict) else None

    async def _get(self, path: str, query: dict[str, Any]) -> bytes | None:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self.http.get(f"{self.url.rstrip('/')}{path}", params=query, headers=await self.token.header())
            answer.raise_for_status()
        except (httpx.HTTPError, TimeoutError):
            return None
        return answer.content


def _read(model: type[Shown], body: bytes | None) -> Shown | None:
    try:
        return model.model_validate_json(body) if body else None
    except ValidationError:
        return None
