"""The client's copy and the privacy officer's requests in a real browser, without a script: keyboard, 320 pixels, accessibility (C10)."""

import io
import json
import re
import zipfile
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from common.contracts.access import AccessExtension, AccessGround
from common.contracts.vocabulary import IdentityCheck
from consent.access_requests.rules import State
from consent.access_requests.tables import What
from consent.app import PAGES_FOLDER
from tests.flows.test_access_requests import ask, down, rows
from tests.pages.browser import context, signed_in
from tests.pages.test_accessibility import violations
from tests.pages.test_in_a_browser import assert_fits, focus
from tests.pages.visitor import Forms, Visitor
from tests.story import Story, eventually

NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1200, "height": 900}


@pytest.mark.parametrize("language", ["en", "es"])
def test_whatever_a_request_can_be_has_a_name(language: str) -> None:
    said = json.loads((PAGES_FOLDER / "texts" / f"access.{language}.json").read_text(encoding="utf-8"))
    kinds = {"state": State, "did": What.__args__, "extension": AccessExtension, "ground": AccessGround}
    assert {f"access.{kind}.{value}" for kind, values in kinds.items() for value in values} <= said.keys()


async def seen(page: Page, found: list[str]) -> None:
    """Fits, and breaks no rule."""
    await page.set_viewport_size(NARROW)
    await assert_fits(page)
    await page.set_viewport_size(WIDE)
    found += await violations(page)


async def test_C10_a_client_asks_sees_how_far_it_is_and_takes_it_and_the_officer_sees_the_deadline(
    story: Story, browser: Browser, tmp_path: Path
) -> None:
    client, found = await story.sharing_client(), list[str]()
    async with context(browser, script=True, viewport=WIDE) as window, context(browser, script=True, viewport=WIDE) as office:
        page, desk = await window.new_page(), await office.new_page()
        await signed_in(page, story, "client", client)
        await page.get_by_role("link", name="A copy of everything").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("A copy of what is held about you")
        async with down(story, "assessments"):
            await focus(page, page.get_by_role("button", name="Ask for a copy"))
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("status")).to_contain_text("You have asked for a copy")

            async def all_but_one() -> bool:
                await page.reload()
                return await page.get_by_text("Has answered").count() == 3

            await eventually(all_but_one)
            await expect(page.locator('[data-service="assessments"]')).to_contain_text("Is being asked")
            await expect(page.get_by_role("button", name="Ask for a copy")).to_have_count(0)
            await seen(page, found)
            await extended_by_officer(story, desk, client, found)
        await page.reload()
        await expect(page.get_by_text("A service that holds records cannot be reached")).to_be_visible()
        await eventually(lambda: is_ready(page))
        await seen(page, found)
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="Download everything").click()
        await (await downloading.value).save_as(tmp_path / "copy.zip")
        with zipfile.ZipFile(tmp_path / "copy.zip") as files:
            assert {"index.html", "manifest.json"} <= set(files.namelist())
        await page.get_by_role("link", name="Read it here").click()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await seen(page, found)
        assert await page.evaluate("document.styleSheets[0].cssRules.length") > 10, "the page's own style is let through"
    assert found == []


async def is_ready(page: Page) -> bool:
    await page.reload()
    return await page.get_by_role("link", name="Read it here").count() == 1


async def extended_by_officer(story: Story, desk: Page, client: UUID, found: list[str]) -> None:
    await signed_in(desk, story, "privacy_officer", uuid4())
    await desk.get_by_role("link", name="Requests for a copy, and for correction").click()
    card = desk.locator("[data-request]").filter(has_text=str(client))
    await expect(card).to_contain_text("Deadline:")
    await seen(desk, found)
    await card.get_by_label("Why it takes longer").select_option("service_away")
    await card.get_by_role("button", name="Extend by 30 days").click()
    await expect(desk.get_by_role("status")).to_contain_text("The deadline is extended")
    await expect(card.get_by_role("button", name="Extend by 30 days")).to_have_count(0)
    await card.get_by_text("History").click()
    await expect(card).to_contain_text("Extended by 30 days")


async def test_C10_the_officer_records_a_request_with_a_check_of_identity_and_hands_the_copy_over(story: Story) -> None:
    client, officer = await story.client(), await Visitor.signs_in(story, "privacy_officer", uuid4())
    here = "/privacy-office/requests"
    form = Forms((await officer.get(f"{here}?lang=es")).text).to(f"{here}/access")
    said = [*form.fields, ("asked_by", "client"), ("language", "es")]

    async def known() -> bool:
        return bool(await rows(story, "select from known_client where client_id = $1", client))

    await eventually(known)
    page = (await officer.get(here)).text
    assert f'value="{IdentityCheck.NOT_CHECKED}"' not in page, "it is not even offered"
    answer = await officer.post(form.action, [*said, ("client_id", str(client)), ("identity_check", "not_checked")])
    assert answer.status_code == 422 and "compruebe antes" in answer.text
    answer = await officer.post(form.action, [*said, ("client_id", str(uuid4())), ("identity_check", "in_person")])
    assert answer.status_code == 404 and "ningún cliente" in answer.text
    answer = await officer.post(form.action, [*said, ("client_id", str(client)), ("identity_check", "in_person")])
    assert answer.status_code == 303, answer.text
    assert "La solicitud está registrada" in (await officer.get(answer.headers["location"])).text

    async def handed_over() -> str:
        html = (await officer.get(here)).text
        part = next((part for part in html.split("<article") if str(client) in part), "")
        link = re.search(r'href="([^"]*copy\.zip[^"]*)"', part)
        return link[1] if link else ""

    copy = await officer.get(str(await eventually(handed_over)))
    assert copy.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(copy.content)) as files:
        assert b'lang="es"' in files.read("index.html")


async def test_C10_a_client_sees_and_does_nothing_with_somebody_elses_request(story: Story) -> None:
    owner, other = await story.client(), await story.client()
    request = (await ask(story, owner)).json()["request_id"]
    visitor = await Visitor.signs_in(story, "client", other)
    here = "/my-data-sharing/access"
    page = (await visitor.get(here)).text
    assert request not in page and "You have not asked for a copy" in page
    for path in ("copy.zip", "page"):
        assert (await visitor.get(f"{here}/{request}/{path}")).status_code == 404
    form = Forms(page).to(here)
    assert (await visitor.post(f"{here}/{request}/withdrawal", form.fields)).status_code == 404
    assert (await visitor.post(here, [("csrf", "0" * 64)])).status_code == 403, "without a form of ours"
    assert (await visitor.get("/privacy-office/requests")).status_code in (401, 403)
