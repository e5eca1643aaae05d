"""Loads the sample programme through the HTTP APIs, many clients side by side, each client's steps in their order."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from common.auth import Role
from demo.calling import Caller, Lanes, side_by_side
from demo.clock import move_clock
from demo.living import Forms, Life
from demo.programme import Client, SampleProgramme
from demo.providers import participating
from demo.system import OPERATIONS, System

Tell = Callable[[int], None]
REGISTERED = ("client_id", "employer_id", "programme", "birth_date", "sex", "state", "language")
CATCHING_UP_SECONDS = 60.0

READERS = {
    "consent": ("scheduling",),
    "assessments": ("scheduling",),
    "reporting": ("consent", "scheduling", "assessments"),
}
"""Who follows whose journal."""


@dataclass
class Loader:
    """Counts what it has done; `tell` is called with the number of steps just taken."""

    system: System
    lanes: Lanes
    programme: SampleProgramme
    done: Counter[str] = field(default_factory=Counter)

    def operations(self, http: httpx.AsyncClient) -> Caller:
        return Caller(self.system, http, Role.OPERATIONS, OPERATIONS)

    async def register(self, tell: Tell) -> None:
        """Plan, employers, the states where the network operates, providers, clients: all before anybody asks for anything."""
        p, operations = self.programme, self.operations(self.lanes[0])
        await move_clock(operations, p.begins_at)
        few: list[tuple[str, dict[str, object]]] = [("plans", {"plan_id": str(p.plan_id), "name": p.plan_name})]
        for e in p.employers:
            few.append(("employers", {"employer_id": str(e.employer_id), "name": e.name, "programmes": list(e.programmes)}))
        for v in p.providers:
            body = participating(v.provider_id, v.name, v.state, p.plan_id, degree=v.degree)
            few.append(("providers", body | {"languages": list(v.languages), "specialties": list(v.specialties)}))
        for what, body in few:
            await operations.post("scheduling", f"/v1/{what}", body)
            self.done[what] += 1
            tell(1)
        for state in {v.state for v in p.providers}:
            await operations.post("scheduling", f"/v1/states/{state}/opening")

        async def register(http: httpx.AsyncClient, client: Client) -> None:
            body = {name: str(getattr(client, name)) for name in REGISTERED} | {"plan_id": str(p.plan_id)}
            await self.operations(http).post("scheduling", "/v1/clients", body, client.registered_at)
            self.done["clients"] += 1
            tell(1)

        await side_by_side(register, p.clients, self.lanes)

    async def live(self, forms: Forms, clients: Sequence[Client], tell: Tell) -> None:
        """All that these clients did."""

        async def live(http: httpx.AsyncClient, client: Client) -> None:
            life = Life(self.system, http, forms, client, self.done)
            for step in client.steps:
                await life.take(step)
                tell(1)

        await side_by_side(live, clients, self.lanes)

    async def forms(self) -> Forms:
        """As the portals read them."""
        operations = self.operations(self.lanes[0])
        notices = await operations.get("consent", "/v1/notices")
        instruments = await operations.get("assessments", "/v1/instruments")
        items = {i["name"]: [item["link_id"] for item in i["items"] if item["scored"]] for i in instruments["items"]}
        return Forms({(n["programme"], n["language"]): n["digest"] for n in notices["items"]}, items)


async def caught_up(system: System, http: httpx.AsyncClient, reader: str) -> float:
    """Waits until the reader has applied what the journals held when this began; the seconds it took. Raises TimeoutError."""
    began, operations = time.monotonic(), Caller(system, http, Role.OPERATIONS, OPERATIONS)
    wanted = {source: await _heads(operations, source) for source in READERS[reader]}
    async with asyncio.timeout(CATCHING_UP_SECONDS):
        while True:
            applied = await _applied(system, http, reader)
            if all(applied.get((source, stream), 0) >= head for source, heads in wanted.items() for stream, head in heads.items()):
                return time.monotonic() - began
            await asyncio.sleep(0.1)


async def _heads(operations: Caller, source: str) -> dict[str, int]:
    answer = await operations.get(source, "/v1/journal/heads")
    return dict(answer["heads"])


async def _applied(system: System, http: httpx.AsyncClient, reader: str) -> dict[tuple[str, str], float]:
    """By source and stream, from the reader's own metrics."""
    answer = await http.get(f"{system.url(reader)}/metrics")
    return {
        (sample.labels["source"], sample.labels["stream"]): sample.value
        for family in text_string_to_metric_families(answer.raise_for_status().text)
        if family.name == "applied_position"
        for sample in family.samples
    }
