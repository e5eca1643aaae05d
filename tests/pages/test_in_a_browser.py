"""The pages in a real Chromium with JavaScript switched off, as a person uses them."""

import asyncio
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from playwright.async_api import Browser, Locator, Page, expect

from consent.ledger.signing import verify_with
from consent.receipts.rules import PROOF_TYPE, RECEIPT_TYPE
from tests.pages.browser import context, signed_in
from tests.pages.mail import knows_address, sends
from tests.pages.test_sharing_over_http import undecided
from tests.story import Story, eventually

STOP = "Stop sharing everything"
FREQUENCY = "How often I have sessions"


def care_connect(page: Page) -> Locator:
    return page.locator("#care_connect")


async def keys_of(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = (await story.http.get(f"{story.stack.url('consent')}/v1/ledger/keys")).json()
    return found


async def downloaded(page: Page, link: Locator) -> str:
    async with page.expect_download() as waiting:
        await link.click()
    download = await waiting.value
    assert download.suggested_filename.endswith(".jws")
    return await asyncio.to_thread(Path(await download.path()).read_text)


async def test_C2_nothing_is_pre_ticked(story: Story, page: Page) -> None:
    client, _ = await undecided(story)
    await signed_in(page, story, "client", client)
    assert await page.get_by_role("checkbox").count() == 10
    assert await page.get_by_role("checkbox", checked=True).count() == 0
    await care_connect(page).get_by_role("button", name="Share what I ticked").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was ticked")
    assert (await story.sharing(client))["decision"] is None


async def test_C16_session_frequency_is_never_ticked_for_the_client(story: Story, page: Page) -> None:
    client, _ = await undecided(story)
    await signed_in(page, story, "client", client)
    for box in await care_connect(page).locator("fieldset:not(.apart) input[type=checkbox]").all():
        await box.check()
    await care_connect(page).get_by_role("button", name="Share what I ticked").click()
    await expect(page.locator(".message[role=status]")).to_contain_text("Saved")
    frequency = care_connect(page).get_by_role("checkbox", name=FREQUENCY)
    await expect(frequency).not_to_be_checked()
    assert "session_frequency" not in (await story.sharing(client))["categories"]
    await frequency.check()
    await care_connect(page).get_by_role("button", name="Save my choice").click()
    await expect(page.locator(".message[role=status]")).to_contain_text("Saved")
    assert "session_frequency" in (await story.sharing(client))["categories"]


async def test_C11_the_decision_names_the_digest_of_the_text_on_the_page(story: Story, page: Page) -> None:
    client, _ = await undecided(story)
    await signed_in(page, story, "client", client, "es")
    shown = await care_connect(page).locator(".notice").text_content() or ""
    await care_connect(page).get_by_role("checkbox", name="Satisfacción").check()
    await care_connect(page).get_by_role("button", name="Compartir lo que marqué").click()
    await expect(page.locator(".message[role=status]")).to_contain_text("Guardado")
    assert (await story.sharing(client))["notice_digest"] == sha256(shown.encode()).hexdigest()
    assert await care_connect(page).locator("code.digest").first.text_content() == sha256(shown.encode()).hexdigest()


async def test_C4_stop_sharing_takes_one_button_and_shows_its_progress_to_the_proof(story: Story, page: Page) -> None:
    client = await story.sharing_client()
    await story.export_of(1)
    await signed_in(page, story, "client", client)
    await page.get_by_role("button", name=STOP).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Stopping, step by step")
    await expect(page.get_by_role("status")).to_contain_text("Removed from everything prepared for your health plan")
    await expect(page.locator(".state.good")).to_have_count(2)
    decision = page.url.split("/opt-outs/")[1].split("?")[0]
    proof = verify_with(await keys_of(story), PROOF_TYPE, await downloaded(page, page.get_by_role("link", name="signed proof").first))
    assert proof["record_id"] == decision
    assert proof["propagation"]["status"] in ("effective", "complete")
    assert (await story.sharing(client))["decision"] == "opted_out"
    await page.get_by_role("link", name="Look again").click()
    await expect(page.locator(".state.good")).to_have_count(2)


async def test_C9_a_receipt_from_the_history_verifies(story: Story, page: Page) -> None:
    client = await story.sharing_client()
    await signed_in(page, story, "client", client)
    jws = await downloaded(page, page.get_by_role("link", name="Receipt").first)
    assert verify_with(await keys_of(story), RECEIPT_TYPE, jws)["pii_principal_id"] == str(client)


async def test_C4_a_stale_page_overwrites_nothing(story: Story, page: Page) -> None:
    client, _ = await undecided(story)
    await signed_in(page, story, "client", client)
    await care_connect(page).get_by_role("checkbox", name="Satisfaction").check()
    await story.opt_out(client)
    await care_connect(page).get_by_role("button", name="Share what I ticked").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your sharing has changed")
    await expect(care_connect(page).locator(".state")).to_contain_text("You stopped sharing")
    assert (await story.sharing(client))["shared"] is False


async def focus(page: Page, target: Locator) -> None:
    """With the Tab key alone; where the focus is can be seen at every step."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        style = await page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] })()"
        )
        assert style == ["solid", "3px"], style
        if await target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("it cannot be reached with the keyboard")


async def test_an_opt_in_and_an_opt_out_with_nothing_but_the_keyboard(story: Story, page: Page) -> None:
    client, _ = await undecided(story)
    await signed_in(page, story, "client", client)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await focus(page, care_connect(page).get_by_role("checkbox", name="Satisfaction"))
    await page.keyboard.press("Space")
    await focus(page, care_connect(page).get_by_role("button", name="Share what I ticked"))
    await page.keyboard.press("Enter")
    await expect(page.locator(".message[role=status]")).to_contain_text("Saved")
    assert (await story.sharing(client))["categories"] == ["satisfaction"]
    await focus(page, page.get_by_role("button", name=STOP))
    await page.keyboard.press("Enter")
    await expect(page.locator(".state")).to_have_count(2)
    assert (await story.sharing(client))["decision"] == "opted_out"


async def test_in_spanish_the_language_stays(story: Story, browser: Browser) -> None:
    client = await story.sharing_client()
    async with context(browser, locale="es-MX") as window:
        page = await window.new_page()
        await signed_in(page, story, "client", client, "es")
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        await page.get_by_role("button", name="Dejar de compartir todo").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Dejar de compartir, paso a paso")
        await page.get_by_role("link", name="Volver al resumen").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Lo que comparto")
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("My data sharing")
        await page.goto(f"{story.stack.url('consent')}/my-data-sharing")
        await expect(page.locator("html")).to_have_attribute("lang", "es")


async def test_at_320_pixels_nothing_scrolls_sideways(story: Story, browser: Browser) -> None:
    client = await story.sharing_client()
    address = f"n{uuid4().hex[:8]}@a-rather-long-name-of-a-domain.example.com"
    await sends(story, address, "Averylongsubjectwithoutanyspaces" * 5, "https://example.com/" + "x" * 300)
    async with context(browser, viewport={"width": 320, "height": 640}) as window:
        page = await window.new_page()
        await signed_in(page, story, "client", client)
        await assert_fits(page)
        await page.get_by_role("button", name=STOP).click()
        await expect(page.locator(".state")).to_have_count(2)
        await assert_fits(page)
        await signed_in(page, story, "privacy_officer", uuid4())
        await eventually(lambda: mail_there(page, address))
        await assert_fits(page)


async def mail_there(page: Page, text: str) -> bool:
    await page.reload()
    return await page.get_by_text(text).count() > 0


async def assert_fits(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, page.url


async def test_a_session_of_another_sites_portal_begins_with_a_link(story: Story, page: Page) -> None:
    """A browser does not send a strict cookie with a redirect that another site began."""
    client = await story.sharing_client()
    here, token = story.stack.url("consent"), story.stack.issuer.mint("client", client)
    form = (
        f'<form method="post" action="{here}/my-data-sharing/session"><input name="access_token" value="{token}"><button>Go</button></form>'
    )

    async def portal(route: Any) -> None:
        await route.fulfill(content_type="text/html", body=form)

    await page.route("http://portal.localhost/", portal)
    await page.goto("http://portal.localhost/")
    await page.get_by_role("button").click()
    await page.get_by_role("link", name="Continue").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My data sharing")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    await page.goto(f"{here}/my-data-sharing")
    await expect(page.get_by_role("alert")).to_contain_text("You are not signed in")


async def unclear_mail_of(story: Story) -> tuple[UUID, str]:
    client, address = await story.sharing_client(), f"b{uuid4().hex[:8]}@example.com"
    await knows_address(story, client, address)
    await sends(story, address, f"About {address}", "What do you share about me?")
    return client, address


async def test_C4_the_officer_resolves_mails_both_ways(story: Story, page: Page) -> None:
    (stops, first), (goes_on, second) = [await unclear_mail_of(story) for _ in range(2)]
    await signed_in(page, story, "privacy_officer", uuid4())
    for address, button, said in ((first, "It is an opt-out", "Recorded as an opt-out"), (second, "It is not", "Recorded as no opt-out")):
        await eventually(partial(mail_there, page, address))
        card = page.get_by_role("article", name=f"About {address}")
        await card.get_by_role("button", name=button, exact=True).click()
        await expect(page.locator(".message[role=status]")).to_contain_text(said)
        await expect(card).to_have_count(0)
    assert (await story.sharing(stops))["decision"] == "opted_out"
    assert (await story.sharing(goes_on))["shared"] is True
