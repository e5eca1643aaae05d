"""A correction from the client's form to the officer's answer and the client's disagreement, in a browser without a script (C10)."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.pages.browser import context, signed_in
from tests.pages.test_accessibility import violations
from tests.story import Story

OFFICE, MINE = "/privacy-office/corrections", "/my-data-sharing/corrections"


async def looks_at(page: Page, story: Story, path: str, found: list[str]) -> None:
    await page.goto(f"{story.stack.url('consent')}{path}")
    found += await violations(page)


@pytest.fixture
async def found() -> list[str]:
    """What axe has found."""
    return []


async def test_C10_a_client_asks_the_officer_refuses_and_the_client_disagrees(story: Story, browser: Browser, found: list[str]) -> None:
    client = await story.client()
    async with context(browser, script=True) as mine, context(browser, script=True) as theirs:
        page, office = await mine.new_page(), await theirs.new_page()
        await signed_in(page, story, "client", client)
        await page.goto(f"{story.stack.url('consent')}{MINE}")
        await expect(page.get_by_text("You have not asked for a correction.")).to_be_visible()
        await page.get_by_label("What is wrong").select_option("birth_date")
        await page.get_by_label("What is right").fill("2020-01-01")
        await page.get_by_label("Why").fill("It is another day.")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("alert")).to_contain_text("child under 13")
        found += await violations(page)
        await page.get_by_label("What is wrong").select_option("state")
        await page.get_by_label("What is right").fill("VT")
        await page.get_by_label("Why").fill("I have moved. 078-05-1120")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("status")).to_contain_text("has been recorded")
        await expect(page.locator("article")).to_contain_text("I have moved. ***-**-****")
        correction = await page.locator("article").get_attribute("data-correction")

        await signed_in(office, story, "privacy_officer", client)
        await office.goto(f"{story.stack.url('consent')}{OFFICE}")
        case = office.locator(f'[data-correction="{correction}"]')
        await expect(case).to_contain_text("Deadline:")
        await case.get_by_label("Ground of the refusal").select_option("accurate_and_complete")
        await case.get_by_role("button", name="Refuse").click()
        await expect(office.get_by_role("status")).to_contain_text("Refused")

        await looks_at(page, story, f"{MINE}?lang=es", found)
        await expect(page.locator("article")).to_contain_text("Es exacto y está completo")
        await page.get_by_label("Declaración de desacuerdo").fill("Vivo en Vermont.")
        await page.get_by_role("button", name="Declarar que no estoy de acuerdo").click()
        await expect(page.get_by_role("status")).to_contain_text("se guarda con el registro")
        await looks_at(office, story, OFFICE, found)
        await case.get_by_label("Rebuttal").fill("The mail came back.")
        await case.get_by_role("button", name="Add the rebuttal").click()
        await page.goto(f"{story.stack.url('consent')}{MINE}")
        await expect(page.locator("article")).to_contain_text("The mail came back.")
    assert not found, "\n".join(found)


async def test_C10_the_officer_records_on_behalf_and_accepts_without_a_script_on_a_small_screen(
    story: Story, window: BrowserContext, page: Page
) -> None:
    client = await story.client()
    await page.set_viewport_size({"width": 320, "height": 800})
    await signed_in(page, story, "privacy_officer", client)
    await page.goto(f"{story.stack.url('consent')}{OFFICE}")
    await page.get_by_label("Client id").fill(str(client))
    await page.get_by_label("What is wrong").select_option("language")
    await page.get_by_label("What is right").fill("es")
    await page.get_by_role("textbox", name="Why", exact=True).fill("Asked on the telephone.")
    await page.get_by_label("How identity was checked").select_option("called_back")
    await page.get_by_role("button", name="Record", exact=True).click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    case = page.locator("article", has_text=str(client))
    await expect(case).to_contain_text("recorded by staff")
    await case.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("status")).to_contain_text("Accepted")
    await expect(page.locator("article", has_text=str(client))).to_contain_text(re.compile("Accepted, being made|Corrected"))
