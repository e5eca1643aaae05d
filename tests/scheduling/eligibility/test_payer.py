"""A payer is asked over FHIR R4, on a real HTTP server: active, inactive, and every way of not answering (S1)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from scheduling.eligibility.fhir_adapter import fhir_check
from tests.scheduling.eligibility.office import CARE_CONNECT, Office, registration


def response(*, inforce: bool | None, **changes: Any) -> dict[str, Any]:
    insurance = {} if inforce is None else {"inforce": inforce}
    return {"resourceType": "CoverageEligibilityResponse", "status": "active", "outcome": "complete", "insurance": [insurance]} | changes


@dataclass
class Payer:
    """Answers what it is told to, and notes what it was asked."""

    says: dict[str, Any] | str = field(default_factory=lambda: response(inforce=True))
    status: int = 200
    pause: float = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        await asyncio.sleep(self.pause)
        body = self.says if isinstance(self.says, str) else json.dumps(self.says)
        return Response(body, self.status, media_type="application/fhir+json")


@pytest.fixture
async def payer() -> AsyncIterator[Payer]:
    found = Payer()
    app = FastAPI()
    app.post("/fhir/CoverageEligibilityRequest")(found.answer)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    found.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/fhir"
    yield found
    server.should_exit = True
    await serving


@asynccontextmanager
async def asking(office: Office, url: str) -> AsyncIterator[None]:
    async with httpx.AsyncClient() as http:
        office.app.state.eligibility_check = fhir_check(http, url, 0.5)
        yield


async def member(office: Office, **more: Any) -> UUID:
    return await office.client(await office.employer(), await office.plan(payer_id="87726"), member_id="W1234567", **more)


async def check(office: Office, client: UUID) -> dict[str, Any]:
    found: dict[str, Any] = await office.done("POST", f"/v1/clients/{client}/eligibility-checks", json={"programme": CARE_CONNECT})
    return found


async def test_S1_the_payer_is_asked_when_plan_details_arrive_and_its_no_counts(office: Office, payer: Payer) -> None:
    payer.says = response(inforce=False)
    async with asking(office, payer.url):
        client = await member(office)
    assert await office.eligibility(client) == (False, "refused_by_payer")
    assert await office.events(client) == ["client_registered", "eligibility_verified", "eligibility_verified"]
    payer.says = response(inforce=True)
    async with asking(office, payer.url):
        found = await check(office, client)
    assert (found["eligible"], found["source"]) == (True, "payer")
    assert await office.eligibility(client) == (True, "")


async def test_C17_the_payer_is_told_the_member_the_plan_and_the_day_and_nothing_else(office: Office, payer: Payer) -> None:
    async with asking(office, payer.url):
        client = await member(office, birth_date="1961-07-19")
    (asked,) = payer.asked
    assert (asked["resourceType"], asked["purpose"], asked["status"]) == ("CoverageEligibilityRequest", ["validation"], "active")
    assert (asked["servicedDate"], asked["insurer"]["identifier"]["value"]) == ("2026-03-02", "87726")
    assert asked["patient"]["identifier"]["value"] == "W1234567"
    text = str(asked)
    assert not any(word in text for word in (str(client), "1961", CARE_CONNECT, "female"))


Breaking = Callable[[Payer], Awaitable[None]]


def breaking(**changes: Any) -> Breaking:
    async def breaks(payer: Payer) -> None:
        for name, value in changes.items():
            setattr(payer, name, value)

    return breaks


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(breaking(url="http://127.0.0.1:9/fhir"), id="nobody listens"),
        pytest.param(breaking(status=500), id="a defect"),
        pytest.param(breaking(status=401), id="not let in"),
        pytest.param(breaking(pause=2), id="too slow"),
        pytest.param(breaking(says="not json"), id="no JSON"),
        pytest.param(breaking(says="[]"), id="another JSON"),
        pytest.param(breaking(says=response(inforce=False, outcome="queued")), id="queued"),
        pytest.param(breaking(says=response(inforce=False, outcome="error")), id="an error"),
        pytest.param(breaking(says=response(inforce=False, resourceType="OperationOutcome")), id="an outcome"),
        pytest.param(breaking(says=response(inforce=None)), id="nothing said"),
        pytest.param(breaking(says=response(inforce=None, insurance=[])), id="no insurance"),
    ],
)
async def test_S1_where_the_payer_cannot_be_asked_our_own_records_count_and_it_is_said(
    office: Office, payer: Payer, breaks: Breaking
) -> None:
    await breaks(payer)
    async with asking(office, payer.url):
        client = await member(office)
        found = await check(office, client)
    assert (found["eligible"], found["source"]) == (True, "payer_unavailable")
    assert await office.eligibility(client) == (True, "")


async def test_S1_what_the_payer_said_before_outlives_an_outage(office: Office, payer: Payer) -> None:
    payer.says = response(inforce=False)
    async with asking(office, payer.url):
        client = await member(office)
        payer.status = 500
        found = await check(office, client)
    assert (found["eligible"], found["source"]) == (False, "payer_unavailable")


async def test_C17_nobody_is_asked_about_who_is_not_eligible_anyway_or_has_no_number(office: Office, payer: Payer) -> None:
    employer, addressed, unknown = await office.employer(), await office.plan(payer_id="87726"), await office.plan()
    closed = await office.plan(payer_id="87726", participating=False)
    async with asking(office, payer.url):
        for body in (
            registration(employer, addressed),
            registration(employer, unknown, member_id="W0000001"),
            registration(employer, closed, member_id="W0000002"),
        ):
            await office.done("POST", "/v1/clients", json=body)
    assert payer.asked == []


async def test_S1_a_new_coverage_asks_anew(office: Office, payer: Payer) -> None:
    payer.says = response(inforce=False)
    async with asking(office, payer.url):
        client = await member(office)
        known = await office.done("GET", f"/v1/clients/{client}")
        payer.says, office.now = response(inforce=True), office.now + timedelta(hours=1)
        body = {"employer_id": known["employer_id"], "plan_id": known["plan_id"], "starts_on": "2026-03-02", "ends_on": "2026-12-31"}
        await office.done("POST", f"/v1/clients/{client}/coverage", json=body)
    assert len(payer.asked) == 2
    assert await office.eligibility(client) == (True, "")
