"""People seeking care and giving it, over HTTP on the real stack, while two services' clocks are moved through the weeks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import httpx

from common.contracts.vocabulary import Programme
from common.journal import stream_of
from consent.notices.shipped import shipped
from demo.providers import participating
from tests.story import Story, eventually

BOSTON = ZoneInfo("America/New_York")
STREAMS = 16
JOURNAL = "/v1/journal/streams/{}/entries?limit=1000&after={}"


def monday(hour: int = 9) -> datetime:
    """2026-11-30, after Thanksgiving, with no holiday within two weeks."""
    return datetime(2026, 11, 30, hour, tzinfo=BOSTON)


@dataclass
class Care:
    """A story's people, and what they do in it. What is done happens when the clock says."""

    story: Story
    now: datetime = field(default_factory=monday)

    async def at(self, now: datetime) -> "Care":
        """The clock stands there, and goes on from there."""
        for service in ("scheduling", "assessments"):
            answer = await self.story.call(service, "PUT", "/v1/clock", self.story.token("operations"), json={"now": now.isoformat()})
            assert answer.status_code == 200, answer.text
        self.now = now
        return self

    async def quiet(self) -> None:
        """Until the sweep has fired all that is due."""
        db = await asyncpg.connect(self.story.stack.database("scheduling"))

        async def none_due() -> bool:
            return bool(await db.fetchval("select count(*) = 0 from deadline where state = 'open' and next_fire_at <= $1", self.now))

        await eventually(none_due, 20)
        await db.close()

    async def later(self, **passed: float) -> "Care":
        return await self.at(self.now + timedelta(**passed))

    async def does(self, role: str, who: UUID, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        more = {} if body is None else {"json": body}
        return await self.story.call("scheduling", method, path, self.story.token(role, who), headers=headers, **more)

    async def done(self, role: str, who: UUID, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await self.does(role, who, method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def provider(self, name: str = "Dr. Hale", **more: Any) -> UUID:
        """Listed for the story's people, and open on weekdays from nine to five."""
        provider = uuid4()
        body = participating(provider, name, "MA", self.story.plan) | more
        await self.done("operations", uuid4(), "POST", "/v1/providers", body)
        await self.open(provider)
        return provider

    async def open(self, provider: UUID) -> None:
        hours = [{"weekday": day, "starts": "09:00", "ends": "17:00"} for day in range(5)]
        body = {"time_zone": "America/New_York", "hours": hours}
        await self.done("operations", uuid4(), "PUT", f"/v1/providers/{provider}/availability", body)

    async def ask(self, client: UUID, provider: UUID, choice: str | None = None, **more: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"client_id": str(client), "provider_id": str(provider), "programme": "care_connect", **more}
        if choice:
            body["sharing"] = self.choice(choice, body["programme"])
        asked: dict[str, Any] = await self.done("client", client, "POST", "/v1/consultation-requests", body)
        return asked

    def choice(self, choice: str, programme: str = "care_connect") -> dict[str, str]:
        shown = {(n.programme, n.version, n.language): n.digest for n in shipped()}
        return {"choice": choice, "notice_digest": shown[Programme(programme), "2026-01", "en"]}

    async def request(self, client: UUID, request: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.done("client", client, "GET", f"/v1/consultation-requests/{request}")
        return found

    async def answer(self, provider: UUID, request: str, how: str, body: Any = None, version: int = 1) -> httpx.Response:
        path = f"/v1/consultation-requests/{request}/{how}"
        return await self.does("provider", provider, "POST", path, body, **{"if-match": f'"{version}"'})

    async def schedule(self, role: str, who: UUID, request: str, kind: str, starts_at: datetime) -> dict[str, Any]:
        body = {"kind": kind, "starts_at": starts_at.isoformat()}
        made: dict[str, Any] = await self.done(role, who, "POST", f"/v1/consultation-requests/{request}/appointments", body)
        return made

    async def hold(self, provider: UUID, appointment: str, on: date) -> dict[str, Any]:
        path = f"/v1/appointments/{appointment}/completion"
        held: dict[str, Any] = await self.done("provider", provider, "POST", path, {"held_on": on.isoformat()})
        return held

    async def cases(self, client: UUID) -> list[dict[str, Any]]:
        """The oldest first."""
        found: list[dict[str, Any]] = (await self.done("client", client, "GET", "/v1/matching-cases"))["items"]
        return sorted(found, key=lambda case: str(case["opened_at"]))

    async def told(self, role: str, who: UUID) -> list[str]:
        """The templates of what somebody was told, the newest first."""
        found = await self.done(role, who, "GET", "/v1/notifications?limit=100")
        return [item["template"] for item in found["items"]]

    async def facts(self, client: UUID, *names: str) -> list[dict[str, Any]]:
        """What scheduling has published about the client, in its order; only these, where some are named."""
        found: list[dict[str, Any]] = []
        after = 0
        while entries := await self._entries(client, after):
            after = entries[-1]["position"]
            own = (entry for entry in entries if entry["subject"] == str(client))
            found += [{"fact": entry["type"].split(".")[1], **json.loads(entry["payload"])} for entry in own]
        return [fact for fact in found if not names or fact["fact"] in names]

    async def _entries(self, client: UUID, after: int) -> Sequence[dict[str, Any]]:
        path = JOURNAL.format(stream_of(client, STREAMS), after)
        found: Sequence[dict[str, Any]] = (await self.done("operations", uuid4(), "GET", path))["items"]
        return found

    async def names(self, client: UUID) -> list[str]:
        return [fact["fact"] for fact in await self.facts(client)]

    async def eventually(self, client: UUID, fact: str, count: int = 1) -> list[dict[str, Any]]:
        """The sweep of deadlines looks every second."""

        async def there() -> list[dict[str, Any]] | None:
            found = await self.facts(client, fact)
            return found if len(found) >= count else None

        found: list[dict[str, Any]] = await eventually(there, 20)
        return found
