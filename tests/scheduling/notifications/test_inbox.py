"""The inbox and the contact over HTTP: everybody their own, in their language and time zone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from common.auth import Verifier
from common.clock import Clock
from common.db import Database
from common.http import add_error_handlers
from deploy.local.issuer import AUDIENCE, Issuer, create_app
from scheduling.notifications import usecases
from scheduling.notifications.neighbours import router as neighbours
from scheduling.notifications.routes import router
from scheduling.notifications.rules import CLINICAL_TEAM, MATCHING_TEAM, Notice, Recipient
from tests.scheduling.notifications.people import NOON, told

HERE = "http://scheduling"


@dataclass
class Caller:
    http: httpx.AsyncClient
    issuer: Issuer

    async def __call__(self, method: str, path: str, role: str, subject: UUID, **more: Any) -> httpx.Response:
        return await self.http.request(method, f"{HERE}{path}", headers=self.issuer.bearer(role, subject), **more)

    async def inbox(self, role: str, subject: UUID, query: str = "") -> list[dict[str, Any]]:
        answer = await self("GET", f"/v1/notifications{query}", role, subject)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def call(db: Database, tmp_path: Path) -> AsyncIterator[Caller]:
    issuer = Issuer.at(tmp_path / "issuer.pem", "http://issuer")
    app = FastAPI()
    app.include_router(router)
    app.include_router(neighbours)
    add_error_handlers(app)
    keys = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(issuer, "secret")))
    app.state.db, app.state.clock = db, Clock(simulated=True)
    app.state.verifier = Verifier(keys, "http://issuer/jwks.json", "http://issuer", AUDIENCE)
    async with keys, httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        yield Caller(http, issuer)


async def tell(db: Database, *notices: Notice) -> None:
    """One after the other, an hour apart."""
    for hours, notice in enumerate(notices):
        async with db.begin() as tx:
            await usecases.notify(tx, [notice], NOON + timedelta(hours=hours))


async def test_everybody_reads_their_own_and_the_teams_is_one(db: Database, call: Caller) -> None:
    same = uuid4()
    client, provider = Recipient("client", same), Recipient("provider", same)
    await tell(
        db, told(client, "c:1"), told(provider, "p:1", "request_submitted_provider"), told(MATCHING_TEAM, "t:1", "matching_case_team")
    )
    assert [item["template"] for item in await call.inbox("client", same)] == ["request_accepted_client"]
    assert [item["template"] for item in await call.inbox("provider", same)] == ["request_submitted_provider"]
    for role in ("client_matching", "operations"):
        assert [item["template"] for item in await call.inbox(role, uuid4())] == ["matching_case_team"]
    assert await call.inbox("client", uuid4()) == []
    assert (await call("GET", "/v1/notifications", "employer", same)).status_code == 403


async def test_the_newest_come_first_and_pages_stay_right_while_news_arrives(db: Database, call: Caller) -> None:
    client = Recipient("client", uuid4())
    await tell(db, *(told(client, f"a:{n}") for n in range(7)))
    seen, path = [], "/v1/notifications?limit=3"
    while path:
        page = (await call("GET", path, "client", client.id)).json()
        seen += [item["notification_id"] for item in page["items"]]
        path = f"/v1/notifications?limit=3&cursor={page['next']}" if page["next"] else ""
        async with db.begin() as tx:
            await usecases.notify(tx, [told(client, f"late:{len(seen)}")], NOON + timedelta(days=1))
    assert len(seen) == len(set(seen)) == 7
    everything = await call.inbox("client", client.id)
    assert [item["created_at"] for item in everything] == sorted((item["created_at"] for item in everything), reverse=True)
    assert [item["notification_id"] for item in everything[-7:]] == seen


async def test_pages_are_right_where_all_came_at_the_same_moment(db: Database, call: Caller) -> None:
    client = Recipient("client", uuid4())
    async with db.begin() as tx:
        await usecases.notify(tx, [told(client, f"a:{n}") for n in range(5)], NOON)
    first = (await call("GET", "/v1/notifications?limit=2", "client", client.id)).json()
    rest = await call.inbox("client", client.id, f"?cursor={first['next']}")
    assert len({item["notification_id"] for item in [*first["items"], *rest]}) == 5


async def test_what_was_read_is_marked_once_and_left_out_of_the_unread(db: Database, call: Caller) -> None:
    client = Recipient("client", uuid4())
    await tell(db, told(client, "a:1"), told(client, "b:1"))
    newest, older = await call.inbox("client", client.id)
    path = f"/v1/notifications/{newest['notification_id']}/read"
    when = {"clock-now": "2026-03-03T12:00:00Z"}
    bearer = call.issuer.bearer("client", client.id)
    first = (await call.http.post(f"{HERE}{path}", headers=bearer | when)).json()
    again = (await call("POST", path, "client", client.id)).json()
    assert first["read_at"] == again["read_at"] == "2026-03-03T12:00:00Z", "the first time counts"
    assert [item["notification_id"] for item in await call.inbox("client", client.id, "?unread=true")] == [older["notification_id"]]
    assert len(await call.inbox("client", client.id)) == 2


async def test_of_somebody_elses_it_is_not_said_that_it_exists(db: Database, call: Caller) -> None:
    client = Recipient("client", uuid4())
    await tell(db, told(client))
    (item,) = await call.inbox("client", client.id)
    for role, subject in (("client", uuid4()), ("provider", client.id), ("operations", uuid4())):
        answer = await call("POST", f"/v1/notifications/{item['notification_id']}/read", role, subject)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await call.inbox("client", client.id))[0]["read_at"] is None


async def test_texts_are_in_the_language_given_with_the_address(db: Database, call: Caller) -> None:
    client = Recipient("client", uuid4())
    await tell(db, told(client, template="appointment_scheduled_client", starts_at=NOON, about=(about := uuid4())))
    (item,) = await call.inbox("client", client.id)
    assert (item["language"], item["text"]) == ("en", "An appointment has been scheduled for you. It begins on 2 March 2026, 17:00 (UTC).")
    assert (item["about"], item["starts_at"]) == (str(about), "2026-03-02T17:00:00Z")
    body = {"email": "jane@mail.example", "language": "es"}
    assert (await call("PUT", f"/v1/clients/{client.id}/contact", "client", client.id, json=body)).status_code == 200
    (item,) = await call.inbox("client", client.id)
    assert item["text"].startswith("Se ha programado una cita para usted. Empieza el 2 de marzo de 2026")


async def test_a_provider_reads_moments_in_their_own_zone(db: Database, call: Caller) -> None:
    provider = Recipient("provider", uuid4())
    insert = "insert into provider (provider_id, name, state, degree, zone) values ($1, 'Dr. Reed', 'TN', 'masters', 'America/New_York')"
    await db.pool.execute(insert, provider.id)
    await tell(db, told(provider, template="appointment_reminder_provider", starts_at=NOON))
    (item,) = await call.inbox("provider", provider.id)
    assert item["text"] == "You have an appointment soon. It begins on 2 March 2026, 12:00 (EST)."


async def test_a_contact_is_its_persons_and_can_be_taken_back(call: Caller) -> None:
    for kind in ("client", "provider"):
        person, path = uuid4(), f"/v1/{kind}s"
        path = f"{path}/{person}/contact"
        assert (await call("GET", path, kind, person)).status_code == 404
        for address in ("old@mail.example", "jane.o'neil+news@mail.example"):
            put = await call("PUT", path, kind, person, json={"email": address, "language": "en"})
            assert put.status_code == 200, put.text
        for role, subject in ((kind, person), ("operations", uuid4())):
            found = (await call("GET", path, role, subject)).json()
            assert (found["email"], found["language"]) == ("jane.o'neil+news@mail.example", "en")
        for method in ("GET", "DELETE"):
            assert (await call(method, path, kind, uuid4())).status_code == 404
            assert (await call(method, path, "client_matching", uuid4())).status_code == 403
        for _ in range(2):
            assert (await call("DELETE", path, kind, person)).status_code == 204
        assert (await call("GET", path, kind, person)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"email": "jane", "language": "en"},
        {"email": "jane@mail.example\nBcc: all@mail.example", "language": "en"},
        {"email": "jane@mail.example\n", "language": "en"},
        {"email": "<jane@mail.example>", "language": "en"},
        {"email": "a@b@mail.example", "language": "en"},
        {"email": "078-05-1120@mail.example", "language": "en"},
        {"email": f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example", "language": "en"},
        {"email": "jane@mail.example", "language": "fr"},
        {"email": "jane@mail.example"},
    ],
)
async def test_C13_what_is_no_address_is_refused_and_not_echoed(call: Caller, body: dict[str, str]) -> None:
    client = uuid4()
    answer = await call("PUT", f"/v1/clients/{client}/contact", "client", client, json=body)
    assert answer.status_code == 422
    assert body["email"] not in answer.text


async def test_another_service_has_somebody_told_once_for_each_reason_and_where_it_leads(call: Caller) -> None:
    client, reason = uuid4(), "assignment:1:sent"
    item = {"recipient_kind": "client", "recipient_id": str(client), "template": "assessment_sent_client", "reason": reason}
    for link in ("https://forms.example/forms/1", "https://forms.example/forms/2"):
        answer = await call("POST", "/v1/notices", "service", uuid4(), json={"items": [item | {"link": link}]})
        assert answer.json() == {"taken": 1}
    assert [found["link"] for found in await call.inbox("client", client)] == ["https://forms.example/forms/1"]


async def test_of_notices_with_an_unknown_text_or_a_strange_link_none_is_taken(call: Caller) -> None:
    client = uuid4()
    good = {"recipient_kind": "client", "recipient_id": str(client), "template": "assessment_sent_client", "reason": "a"}
    for wrong, field in (({"template": "no_such_text"}, "items.1.template"), ({"link": "javascript:alert(1)"}, "/body/items/1/link")):
        answer = await call("POST", "/v1/notices", "service", uuid4(), json={"items": [good, good | {"reason": "b"} | wrong]})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await call.inbox("client", client) == []
    assert (await call("POST", "/v1/notices", "operations", uuid4(), json={"items": [good]})).status_code == 403


async def test_the_clinical_team_has_an_inbox_of_its_own_that_operations_read(call: Caller) -> None:
    team = {"recipient_kind": "team", "recipient_id": str(CLINICAL_TEAM.id), "template": "safety_flag_team", "reason": str(uuid4())}
    await call("POST", "/v1/notices", "service", uuid4(), json={"items": [team]})
    assert "safety_flag_team" in [found["template"] for found in await call.inbox("operations", uuid4(), "?team=clinical")]
    assert "safety_flag_team" not in [found["template"] for found in await call.inbox("operations", uuid4())]
    assert (await call("GET", "/v1/notifications?team=clinical", "client_matching", uuid4())).status_code == 403
