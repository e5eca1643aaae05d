"""Who is let in, whose forms are taken, and that a form that is sent twice is one."""

import re
from datetime import datetime
from html.parser import HTMLParser
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.pages_scheduling.clinic import HERE, Clinic, Visit, at_noon, local, page_of

AREAS = [("provider", "/provider-queue"), ("client", "/my-request")]
Fields = list[tuple[str, str]]


class Forms(HTMLParser):
    """The hidden fields of every form, by where it goes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Fields]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append((given["action"] or "", []))
        elif tag == "input" and given.get("type") == "hidden":
            self.found[-1][1].append((given["name"] or "", given["value"] or ""))

    def to(self, part: str) -> tuple[str, Fields]:
        return next(form for form in self.found if part in form[0])


def assert_page(answer: httpx.Response, status: int, language: str = "en") -> str:
    assert answer.status_code == status, answer.text
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "script" not in answer.headers["content-security-policy"].replace("default-src 'none'", "")
    assert "<script" not in answer.text
    return answer.text


@pytest.mark.parametrize(("role", "area"), AREAS)
async def test_only_its_people_are_let_in(clinic: Clinic, role: str, area: str) -> None:
    assert "You are not signed in" in assert_page(await Visit(clinic, area).get(), 401)
    other = "client" if role == "provider" else "provider"
    for wrong in (other, "employer", "plan", "privacy_officer"):
        token = clinic.stack.issuer.mint(wrong, uuid4())
        assert_page(await Visit(clinic, area, token).get(), 403)
        assert_page(await Visit(clinic, area).post(f"{area}/session", [("access_token", token)]), 403)
    assert "No ha iniciado" in assert_page(await Visit(clinic, area, "a.b").get(accept_language="es"), 401, "es")


@pytest.mark.parametrize(("role", "area"), AREAS)
async def test_the_session_holds_in_its_area_only_and_can_be_ended(clinic: Clinic, role: str, area: str) -> None:
    subject = clinic.provider if role == "provider" else await clinic.client()
    token = clinic.stack.issuer.mint(role, subject)
    opened = await Visit(clinic, area).post(f"{area}/session?lang=es", [("access_token", token)])
    assert (opened.status_code, opened.headers["location"]) == (303, f"{area}?lang=es")
    cookie = opened.headers["set-cookie"]
    assert all(f"; {part}" in cookie for part in ("HttpOnly", "SameSite=strict", f"Path={area}", "Max-Age=")), cookie
    visit = await page_of(clinic, role, subject)
    action, fields = Forms((await visit.get()).text).to("/sign-out")
    closed = await visit.post(action, fields)
    assert_page(closed, 200)
    assert "Max-Age=0" in closed.headers["set-cookie"]


async def test_a_form_without_the_sessions_own_token_does_nothing(clinic: Clinic) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    visit, stranger = await page_of(clinic, "client", client), await page_of(clinic, "client", await clinic.client())
    action, fields = Forms((await visit.get()).text).to("/leaving")
    theirs = dict(Forms((await stranger.get()).text).to("/sign-out")[1])["csrf"]
    without = [(name, value) for name, value in fields if name != "csrf"]
    for csrf in ("", "0" * 64, theirs):
        assert_page(await visit.post(action, [*without, ("csrf", csrf), ("action", "withdraw")]), 403)
    assert_page(await visit.post(action, [*fields, ("action", "withdraw")], origin="https://evil.example"), 403)
    assert (await clinic.request_of(request))["state"] == "submitted"
    assert (await visit.post(action, [*fields, ("action", "withdraw")])).status_code == 303


async def test_of_somebody_elses_request_it_is_not_said_that_it_exists(clinic: Clinic) -> None:
    request = await clinic.asked(await clinic.client())
    colleague = await clinic.colleague("Dr. Other")
    own = await clinic.asked(await clinic.client(), provider=colleague)
    visit = await page_of(clinic, "provider", colleague)
    action, fields = Forms((await visit.get()).text).to("/answer")
    for theirs in (request, uuid4()):
        answer = await visit.post(action.replace(str(own), str(theirs)), [*fields, ("action", "accept")])
        assert "nothing here that you may see" in assert_page(answer, 404)
    stranger = await page_of(clinic, "client", await clinic.client())
    _, own_fields = Forms((await stranger.get()).text).to("/sign-out")
    given = [*own_fields, ("form_id", str(uuid4())), ("action", "withdraw")]
    assert_page(await stranger.post(f"/my-request/requests/{request}/leaving", given), 404)
    assert (await clinic.request_of(request))["state"] == "submitted"


async def test_a_form_that_is_sent_twice_is_one(clinic: Clinic) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    visit = await page_of(clinic, "provider", clinic.provider)
    action, fields = Forms((await visit.get()).text).to("/appointments")
    given = [*fields, ("time", local(at_noon(2)))]
    assert [(await visit.post(action, given)).status_code for _ in range(2)] == [303, 303]
    assert (await clinic.appointment_of(client))["kind"] == "consultation"
    other = await visit.post(action, [*fields, ("time", local(at_noon(3)))])
    assert "This form was sent before" in assert_page(other, 422)
    assert (await clinic.request_of(request))["state"] == "consultation_scheduled"


async def test_times_are_read_and_shown_in_the_zone_of_the_providers_own_hours(clinic: Clinic) -> None:
    client, elsewhere = await clinic.client(), "America/Los_Angeles"
    await clinic.asked(client)
    visit = await page_of(clinic, "provider", clinic.provider)
    assert f"in your time zone, {HERE}." in (await visit.get()).text, "the state's, until they say when they are open"
    await clinic.opens_hours(zone=elsewhere)
    html = (await visit.get()).text
    assert f"in your time zone, {elsewhere}." in html and str(HERE) not in html
    action, fields = Forms(html).to("/appointments")
    assert (await visit.post(action, [*fields, ("time", local(at_noon(2)))])).status_code == 303
    found = datetime.fromisoformat((await clinic.appointment_of(client))["starts_at"])
    assert found.astimezone(ZoneInfo(elsewhere)).strftime("%Y-%m-%dT%H:%M") == local(at_noon(2))
    assert re.search(r"12:00 \(P[SD]T\)", (await visit.get()).text)


@pytest.mark.parametrize("time", ["2026-13-01T10:00", "tomorrow", "2026-03-03", "078-05-1120", "2026-03-03T10:00Z", "0000-01-01T00:00"])
async def test_C13_what_is_no_time_is_refused_and_not_echoed(clinic: Clinic, time: str) -> None:
    await clinic.asked(await clinic.client())
    visit = await page_of(clinic, "provider", clinic.provider)
    action, fields = Forms((await visit.get()).text).to("/appointments")
    answer = await visit.post(action, [*fields, ("time", time)])
    assert time not in assert_page(answer, 422)


async def test_what_is_not_a_form_of_ours_is_refused(clinic: Clinic) -> None:
    await clinic.asked(await clinic.client())
    visit = await page_of(clinic, "provider", clinic.provider)
    action, fields = Forms((await visit.get()).text).to("/answer")
    no_id = [(name, value) for name, value in fields if name != "form_id"]
    for given in (no_id, [*no_id, ("form_id", "x")], [("csrf", dict(fields)["csrf"])]):
        assert_page(await visit.post(action, [*given, ("action", "accept")]), 422)
    for name, value in (("action", "burn"), ("reason", "dislike"), ("version", "x"), ("time", "1" * 400)):
        assert_page(await visit.post(action, [*fields, ("action", "decline"), (name, value)]), 422)
    assert_page(await visit.post("/provider-queue/requests/nothing/answer", [*fields, ("action", "accept")]), 404)


async def test_the_pages_work_without_what_is_not_known(clinic: Clinic) -> None:
    """Somebody with a token whom nobody has registered yet."""
    assert "do not know you" in assert_page(await (await page_of(clinic, "client", uuid4())).get(), 404)
    html = assert_page(await (await page_of(clinic, "provider", uuid4())).get(), 200)
    assert re.search(r"<strong>0</strong>", html)
