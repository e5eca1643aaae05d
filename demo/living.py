"""One client's steps, each over HTTP as the person who took it and at the time at which it was taken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from common.auth import Role
from demo.calling import Caller
from demo.programme import Client
from demo.steps import Answer, Ask, FillIn, Hold, Recommend, Schedule, Step
from demo.system import System

SUBMITTED = '"1"'
"""The ETag of a request that nobody has answered."""


@dataclass(frozen=True)
class Forms:
    """What the portals show: the notice on sharing, and each instrument's scored items."""

    notices: Mapping[tuple[str, str], str]
    """Digests by programme and language."""
    items: Mapping[str, Sequence[str]]

    def notice(self, programme: str, language: str) -> str:
        return self.notices[programme, language]


@dataclass
class Life:
    """Where a client stands: the provider and the request under way, the appointment scheduled last."""

    system: System
    http: httpx.AsyncClient
    forms: Forms
    client: Client
    done: Counter[str]
    provider: Caller = field(init=False)
    request_id: str = ""
    appointment_id: str = ""

    def __post_init__(self) -> None:
        self.me = Caller(self.system, self.http, Role.CLIENT, self.client.client_id)

    async def take(self, step: Step) -> None:
        """Raises Refused where a service does not take it."""
        match step:
            case Ask():
                await self._ask(step)
            case Answer():
                await self._answer(step)
            case Schedule():
                body = {"kind": step.kind, "starts_at": step.starts_at.isoformat()}
                made = await self.provider.post("scheduling", f"/v1/consultation-requests/{self.request_id}/appointments", body, step.at)
                self.appointment_id = made["appointment_id"]
            case Hold():
                body = {"held_on": step.held_on.isoformat()}
                await self.provider.post("scheduling", f"/v1/appointments/{self.appointment_id}/completion", body, step.at)
            case FillIn():
                await self._fill_in(step)
            case Recommend():
                await self.me.post(
                    "assessments", "/v1/satisfaction-responses", {"client_id": str(self.me.id), "score": step.score}, step.at
                )
        self.done[type(step).__name__] += 1

    def request(self, step: Ask) -> dict[str, Any]:
        """C2: the first one carries the choice."""
        body = {"client_id": str(self.me.id), "provider_id": str(step.provider_id), "programme": self.client.programme}
        if step.sharing is None:
            return body
        notice = {"notice_digest": self.forms.notice(self.client.programme, self.client.language)}
        return {**body, "sharing": {"choice": step.sharing.choice, "categories": list(step.sharing.categories), **notice}}

    async def _ask(self, step: Ask) -> None:
        self.provider = Caller(self.system, self.http, Role.PROVIDER, step.provider_id)
        submitted = await self.me.post("scheduling", "/v1/consultation-requests", self.request(step), step.at)
        self.request_id = submitted["request_id"]
        if step.sharing:
            self.done[f"choice {submitted['sharing']['delivery']}"] += 1

    async def _answer(self, step: Answer) -> None:
        path = f"/v1/consultation-requests/{self.request_id}/{'acceptance' if step.accepted else 'refusal'}"
        await self.provider.post("scheduling", path, None, step.at, if_match=SUBMITTED)

    async def _fill_in(self, step: FillIn) -> None:
        answers = dict(zip(self.forms.items[step.instrument], step.scores, strict=True))
        body = {"client_id": str(self.me.id), "instrument": step.instrument, "answers": answers}
        await self.me.post("assessments", "/v1/assessment-responses", body, step.at)
