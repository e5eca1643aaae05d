"""Who is let in, and whose forms are taken."""

import asyncio
from uuid import uuid4

import pytest

from tests.pages.test_sharing_over_http import assert_page
from tests.pages.visitor import Form, Forms, Visitor
from tests.story import Story

AREAS = [("client", "/my-data-sharing"), ("privacy_officer", "/privacy-office")]


@pytest.mark.parametrize(("role", "area"), AREAS)
async def test_the_session_is_a_cookie_that_no_script_and_no_other_site_gets(story: Story, role: str, area: str) -> None:
    token = story.stack.issuer.mint(role, uuid4())
    answer = await story.http.post(f"{story.stack.url('consent')}{area}/session?lang=es", data={"access_token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{area}?lang=es")
    cookie = answer.headers["set-cookie"]
    assert all(f"; {part}" in cookie for part in ("HttpOnly", "SameSite=strict", f"Path={area}", "Max-Age=")), cookie


@pytest.mark.parametrize(("role", "area"), AREAS)
async def test_a_page_without_a_session_says_so(story: Story, role: str, area: str) -> None:
    nobody = Visitor(story, area, {})
    assert "You are not signed in" in assert_page(await nobody.get(), 401)
    assert "No ha iniciado sesión" in assert_page(await nobody.get(headers={"accept-language": "es-MX,en;q=0.5"}), 401, "es")
    other = "privacy_officer" if role == "client" else "client"
    for wrong in (story.stack.issuer.mint(other, uuid4()), story.stack.issuer.mint("plan", uuid4())):
        assert_page(await Visitor(story, area, {"session": wrong}).get(), 403)
        assert "set-cookie" not in (await nobody.post(f"{area}/session", [("access_token", wrong)])).headers
    forged = story.stack.issuer.mint(role, uuid4())[:-4] + "AAAA"
    for broken in (forged, "a.b.c", "x", "a.b.c" * 2000):
        assert_page(await nobody.post(f"{area}/session", [("access_token", broken)]), 401)


async def test_an_expired_session_is_over(story: Story) -> None:
    client = uuid4()
    visitor = await Visitor.signs_in(story, "client", client, lifetime=-8)  # within the leeway for clocks that differ
    assert (await visitor.get()).status_code == 200
    form = Forms((await visitor.get()).text).to("/opt-outs")
    await asyncio.sleep(3)
    assert "Your session has ended" in assert_page(await visitor.get(), 401)
    assert_page(await visitor.submit(form), 401)
    assert (await story.sharing(client))["decision"] is None


async def test_signing_out_ends_it(story: Story) -> None:
    visitor = await Visitor.signs_in(story, "client", uuid4())
    answer = await visitor.submit(Forms((await visitor.get()).text).to("/sign-out"))
    assert "You are signed out" in assert_page(answer, 200)
    assert "Max-Age=0" in answer.headers["set-cookie"] and "Path=/my-data-sharing" in answer.headers["set-cookie"]


async def test_a_form_without_the_sessions_own_token_does_nothing(story: Story) -> None:
    client = await story.sharing_client()
    visitor, other = await Visitor.signs_in(story, "client", client), await Visitor.signs_in(story, "client", uuid4())
    mine = Forms((await visitor.get()).text).to("/opt-outs")
    theirs = Forms((await other.get()).text).to("/opt-outs").value("csrf")
    for forged in ([], [("csrf", "")], [("csrf", "0" * 64)], [("csrf", theirs)], [("csrf", mine.value("csrf")[:-1])], [("csrf", "é")]):
        assert "did not come from a page of your session" in assert_page(await visitor.submit(Form(mine.action, forged)), 403)
    assert_page(await visitor.post("/my-data-sharing/sign-out", []), 403)
    assert (await story.sharing(client))["shared"] is True
    assert (await visitor.submit(mine)).status_code == 303


async def test_a_form_from_a_foreign_origin_does_nothing(story: Story) -> None:
    client = await story.sharing_client()
    visitor = await Visitor.signs_in(story, "client", client)
    form = Forms((await visitor.get()).text).to("/opt-outs")
    own = story.stack.url("consent")
    for foreign in ("https://evil.example", "null", f"{own}.evil.example", own.replace("http", "https"), ""):
        assert_page(await visitor.submit(form, headers={"origin": foreign}), 403)
    assert (await story.sharing(client))["shared"] is True
    assert (await visitor.submit(form, headers={"origin": own})).status_code == 303


async def test_C13_no_form_keeps_a_social_security_number(story: Story) -> None:
    officer = await Visitor.signs_in(story, "privacy_officer", uuid4())
    csrf = Forms((await officer.get()).text).to("/sign-out").value("csrf")
    fields = [("csrf", csrf), ("resolution", "opt_out"), ("clients", "078-05-1120")]
    html = assert_page(await officer.post(f"/privacy-office/mails/{uuid4()}/resolution", fields), 422)
    assert "078-05-1120" not in html and "Social Security" in html


async def test_errors_of_pages_are_pages_in_the_persons_language(story: Story) -> None:
    visitor = await Visitor.signs_in(story, "client", uuid4())
    for path in ("opt-outs/nothing", f"opt-outs/{uuid4()}", f"decisions/{uuid4()}/receipt", f"opt-outs/{uuid4()}?also=x"):
        mark = "&" if "?" in path else "?"
        status = 422 if "also" in path else 404
        assert "No ha funcionado" in assert_page(await visitor.get(f"{visitor.area}/{path}{mark}lang=es"), status, "es")


async def test_the_link_pages_say_nothing_about_anybody_and_speak_both_languages(story: Story) -> None:
    client = await story.sharing_client()
    made = await story.call("consent", "POST", f"/v1/clients/{client}/opt-out-links", story.token("service"))
    path = made.json()["url"].removeprefix(story.stack.url("consent"))
    passer_by = Visitor(story, "/opt-out", {})
    pages = [assert_page(await passer_by.get(path), 200), assert_page(await passer_by.get(f"{path}?lang=es"), 200, "es")]
    assert (await story.sharing(client))["shared"] is True, "looking does nothing"
    form = Forms(pages[0]).to(path)
    assert form.fields == [("List-Unsubscribe", "One-Click")]
    pages.append(assert_page(await passer_by.submit(form), 200))
    pages.append(assert_page(await passer_by.get("/opt-out/a.b.c", headers={"accept": "text/html"}), 404))
    assert (await passer_by.get("/opt-out/a.b.c")).headers["content-type"] == "application/problem+json"
    assert (await story.sharing(client))["decision"] == "opted_out"
    assert not any(str(client) in page for page in pages)
