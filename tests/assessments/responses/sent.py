"""A client in care who was sent something to answer, on the real stack, as if scheduling had told so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from tests.story import Story

KNOWN = "insert into known_client (client_id, programme) values ($1, 'care_connect')"
IN_CARE = """
insert into care_request (request_id, client_id, provider_id, episode_id, programme, state, changed_at)
values ($1, $2, $3, $4, 'care_connect', 'in_care', now())"""
ASKED = """
insert into assignment (assignment_id, client_id, episode_id, programme, schedule, schedule_version, instruments, state, send_at, due_at,
                        closes_at, sent_at)
values ($1, $2, $3, 'care_connect', 'first', 1, $4, 'sent', $5, $6, $6, $5)"""


@dataclass
class Sent:
    """`does` is what somebody does over HTTP; `at` when."""

    story: Story
    provider: UUID
    client: UUID = field(default_factory=uuid4)
    episode: UUID = field(default_factory=uuid4)
    assignment: UUID = field(default_factory=uuid4)
    closes_at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=2))

    @property
    def path(self) -> str:
        return f"/v1/assignments/{self.assignment}"

    async def begin(self, *instruments: str) -> "Sent":
        await self.run(KNOWN, self.client)
        await self.into_care_of(self.provider)
        sent_at = self.closes_at - timedelta(days=3)
        await self.run(ASKED, self.assignment, self.client, self.episode, list(instruments), sent_at, self.closes_at)
        return self

    async def into_care_of(self, provider: UUID) -> None:
        await self.run("update care_request set state = 'ended' where client_id = $1", self.client)
        await self.run(IN_CARE, uuid4(), self.client, provider, self.episode)

    async def run(self, statement: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.story.stack.database("assessments"))
        try:
            found: list[Any] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    async def does(self, role: str, who: UUID, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        more = {} if body is None else {"json": body}
        return await self.story.call("assessments", method, path, self.story.token(role, who), headers=headers, **more)

    async def saves(
        self, instrument: str, link_id: str, answer: Any, *, by: tuple[str, UUID] | None = None, **headers: str
    ) -> httpx.Response:
        role, who = by or ("client", self.client)
        return await self.does(role, who, "PUT", f"{self.path}/answers/{instrument}/{link_id}", {"answer": answer}, **headers)

    async def submits(self, *, by: tuple[str, UUID] | None = None, **headers: str) -> httpx.Response:
        role, who = by or ("client", self.client)
        return await self.does(role, who, "POST", f"{self.path}/submission", **headers)

    async def told(self) -> list[tuple[str, str]]:
        """Type and payload of what assessments has published about the client, in its order."""
        rows = await self.run("select type, payload from journal where subject = $1 order by position", self.client)
        return [(row["type"].split(".")[1], row["payload"]) for row in rows]

    async def facts(self) -> list[str]:
        return [kind for kind, _ in await self.told()]
