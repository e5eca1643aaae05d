"""The scores over time, over HTTP: who may see whose, what is drawn, and that the table says the same."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.pages_assessments.practice import Practice, assert_page

ANSWERED = """
insert into assessment_response (response_id, client_id, programme, instrument, instrument_version, language, state, answers, answered_by,
    answered_by_id, source, started_at, saved_at, completed_at, scoring_version, answered, raw_sum, total, total_method, severity,
    stated_total_differs)
values ($1, $2, 'care_connect', $3, '1', 'en', 'completed', '{}', $4, $2, 'portal', $5, $5, $5, 1, $6, $7, $8, $9, $10, false)"""
IN_CARE = """
insert into care_request (request_id, client_id, provider_id, episode_id, programme, state, changed_at)
values ($1, $2, $3, $4, 'care_connect', 'in_care', now())"""
HELD = """
insert into care_visit (visit_id, client_id, episode_id, provider_id, programme, kind, state, booked_at, starts_at, held_on)
values ($1, $2, $3, $4, 'care_connect', 'session', 'held', $5::timestamptz - interval '3 days', $5, $6)"""


@dataclass
class Charted(Practice):
    """A client with scores of every kind, in the care of a provider."""

    client_id: UUID = field(default_factory=uuid4)
    carer: UUID = field(default_factory=uuid4)

    async def scored(self, client: UUID, instrument: str, day: int, total: int | None, method: str, severity: str | None, by: str) -> None:
        answered = {"complete": 9, "prorated": 8, "invalid": 3}[method]
        at = datetime(2026, 3, day, 15, tzinfo=UTC)
        await self.fetch(ANSWERED, uuid4(), client, instrument, by, at, answered, total or 0, total, method, severity)

    async def meets(self, client: UUID, day: int) -> None:
        episode, at = uuid4(), datetime(2026, 3, day, 15, tzinfo=UTC)
        await self.fetch(IN_CARE, uuid4(), client, self.carer, episode)
        await self.fetch(HELD, uuid4(), client, episode, self.carer, at, date(2026, 3, day))

    async def signs_in(self, role: str, subject: UUID) -> str:
        token = self.stack.issuer.mint(role, subject)
        opened = await self.http.post(f"{self.stack.url('assessments')}/scores/session", data={"access_token": token})
        assert (opened.status_code, opened.headers["location"]) == (303, "/scores?lang=en")
        return str(opened.cookies["session"])

    async def looks(self, role: str, subject: UUID, path: str = "/scores", **more: Any) -> httpx.Response:
        cookie = {"cookie": f"session={await self.signs_in(role, subject)}"}
        return await self.http.get(f"{self.stack.url('assessments')}{path}", headers=cookie, **more)


async def charted_of(practice: Practice) -> Charted:
    known = {name: value for name, value in vars(practice).items() if name != "partner"}
    charted = Charted(**known, client_id=await practice.known())
    client = charted.client_id
    await charted.meets(client, 5)
    for day, total, method, severity in (
        (1, 16, "complete", "moderately_severe"),
        (15, 9, "prorated", "mild"),
        (20, None, "invalid", None),
    ):
        await charted.scored(client, "phq-9", day, total, method, severity, "client")
    await charted.scored(client, "phq-9", 30, 3, "complete", "minimal", "provider")
    await charted.scored(client, "gad-7", 1, 12, "complete", "moderate", "client")
    await charted.scored(client, "satisfaction", 8, 2, "complete", "detractor", "client")
    return charted


@pytest.fixture(scope="module")
async def charted(practice: Practice) -> Charted:
    return await charted_of(practice)


async def test_the_client_and_the_provider_in_care_see_the_scores_and_nobody_else(charted: Charted) -> None:
    here = f"/scores/{charted.client_id}"
    for role, subject, path in (
        ("client", charted.client_id, "/scores"),
        ("client", charted.client_id, here),
        ("provider", charted.carer, here),
    ):
        assert "Moderately severe" in assert_page(await charted.looks(role, subject, path), 200)
    for role in ("client", "provider"):
        assert "nothing here that you may see" in assert_page(await charted.looks(role, uuid4(), here), 404)
    assert_page(await charted.http.get(f"{charted.stack.url('assessments')}{here}"), 401)
    for role in ("employer", "plan", "operations", "privacy_officer"):
        token = {"access_token": charted.stack.issuer.mint(role, uuid4())}
        assert_page(await charted.http.post(f"{charted.stack.url('assessments')}/scores/session", data=token), 403)


async def test_C6_C16_of_care_only_the_first_session_is_shown(charted: Charted) -> None:
    await charted.meets(client := await charted.known(), 5)
    await charted.scored(client, "gad-7", 1, 12, "complete", "moderate", "client")
    episode = (await charted.fetch("select episode_id from care_visit where client_id = $1", client))[0][0]
    for day in (12, 19):
        await charted.fetch(HELD, uuid4(), client, episode, charted.carer, datetime(2026, 3, day, 15, tzinfo=UTC), date(2026, 3, day))
    html = assert_page(await charted.looks("client", client), 200)
    assert "5 Mar 2026" in html and html.count("First session</text>") == 1
    assert "12 Mar" not in html and "19 Mar" not in html


async def test_the_chart_draws_what_has_a_total_and_the_table_has_all(charted: Charted) -> None:
    html = assert_page(await charted.looks("client", charted.client_id), 200)
    phq, gad = html.split("<section")[1:3]
    assert re.findall(r'circle class="(\w+)"', phq) == ["complete", "prorated", "complete"]
    assert re.findall(r'class="score"[^>]*>(\d+)<', phq) == ["16", "9", "3"]
    assert phq.count('class="stripe') == 5 and gad.count('class="stripe') == 4
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr role=\"row\"><th scope=\"row\".*?</tr>", phq)]
    wanted = [
        ("Total 16", "Moderately severe", "All answered", "You"),
        ("Total 9", "Mild", "Estimated from 8 answers", "You"),
        ("No total", "–", "Only 3 answers", "You"),
        ("Total 3", "Minimal", "All answered", "Your provider, for you"),
    ]
    assert len(rows) == len(wanted)
    for row, texts in zip(rows, wanted, strict=True):
        assert all(text in row for text in texts), row
    assert "1 March 2026, 10:00 (EST)" in rows[0], "on the client's clock"
    assert "Scores: 3. The first was 16 (Moderately severe) on 1 Mar 2026, the last 3 (Minimal) on 30 Mar 2026." in phq
    assert "One score: 12 (Moderate) on 1 Mar 2026." in gad


async def test_A4_satisfaction_is_no_score_of_the_client(charted: Charted) -> None:
    html = assert_page(await charted.looks("provider", charted.carer, f"/scores/{charted.client_id}"), 200)
    assert "The provider, for the client" in html
    assert "detractor" not in html.lower() and "atisfaction" not in html


async def test_without_totals_there_is_a_table_only_and_without_scores_a_sentence(charted: Charted) -> None:
    client = await charted.known()
    assert "There are no scores yet" in assert_page(await charted.looks("client", client), 200)
    await charted.scored(client, "phq-9", 20, None, "invalid", None, "client")
    html = assert_page(await charted.looks("client", client), 200)
    assert "<svg" not in html and "Only 3 answers" in html


async def test_a_provider_chooses_among_the_clients_in_their_care(charted: Charted) -> None:
    html = assert_page(await charted.looks("provider", charted.carer), 200)
    assert f'href="/scores/{charted.client_id}?lang=en"' in html
    assert "No client is in your care" in assert_page(await charted.looks("provider", uuid4()), 200)
    html = assert_page(await charted.looks("provider", charted.carer, f"/scores/{charted.client_id}?lang=es"), 200, "es")
    assert "Moderadamente grave" in html and "Primera sesión" in html


async def test_signing_out_ends_the_session(charted: Charted) -> None:
    here = charted.stack.url("assessments")
    cookie = {"cookie": f"session={await charted.signs_in('client', charted.client_id)}"}
    page = (await charted.http.get(f"{here}/scores", headers=cookie)).text
    csrf = re.findall(r'name="csrf" value="(\w+)"', page)[0]
    assert_page(await charted.http.post(f"{here}/scores/sign-out", headers=cookie, data={"csrf": "0" * 64}), 403)
    closed = await charted.http.post(f"{here}/scores/sign-out", headers=cookie, data={"csrf": csrf})
    assert_page(closed, 200)
    assert "Max-Age=0" in closed.headers["set-cookie"]
