"""C7 in a browser: a demand is recorded, approved by another officer, and released once; every state passes the accessibility scan."""

import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from common.contracts.privacy import RecordCategory
from common.pages.language import LANGUAGES, Texts
from consent.app import PAGES_FOLDER
from consent.documents.rules import DocumentKind
from consent.legal_demands.rules import DemandKind, IdentityEvidence, LegalBasis, Statement
from consent.legal_demands.states import Form, Reason, RefusalGround, State
from tests.pages.browser import context, signed_in
from tests.pages.test_accessibility import violations
from tests.story import Story, eventually

NAMED: dict[str, Iterable[str]] = {
    "demand_kind": DemandKind,
    "basis": LegalBasis,
    "statement": Statement,
    "evidence": IdentityEvidence,
    "demand_state": State,
    "refusal": RefusalGround,
    "suspension_form": Form,
    "paper": DocumentKind,
    "demand_detail": [*Reason, *RefusalGround],
    "kind": RecordCategory,
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("language", LANGUAGES)
def test_C7_whatever_a_demand_can_say_has_a_name(kind: str, language: str) -> None:
    texts = Texts.read(PAGES_FOLDER / "texts", language)
    assert [value for value in NAMED[kind] if not texts.has(f"{kind}.{value}")] == []


def test_the_texts_about_demands_say_the_same_in_both_languages() -> None:
    english, spanish = (json.loads((PAGES_FOLDER / "texts" / f"legal.{language}.json").read_text()) for language in LANGUAGES)
    assert english.keys() == spanish.keys()
    for key in english:
        assert sorted(name or "" for _, name, _, _ in Formatter().parse(english[key])) == sorted(
            name or "" for _, name, _, _ in Formatter().parse(spanish[key])
        ), key
        assert english[key] != spanish[key], key


async def fill_in(page: Page, client: object, reference: str, paper: Path) -> None:
    now = datetime.now(UTC)
    await page.get_by_label("Client id").fill(str(client))
    await page.get_by_label("Kind of demand").select_option("administrative_demand")
    await page.get_by_label("Legal basis").select_option("administrative_request")
    await page.get_by_label("Who demands it").fill("Fraud division")
    await page.get_by_label("How we know who it is").select_option("letterhead")
    await page.get_by_label("Reference of the demand").fill(reference)
    await page.get_by_label("Received (UTC)").fill((now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_label("To be answered by (UTC)").fill((now + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M"))
    for label in ("Relevant and material", "Specific and limited", "De-identified information"):
        await page.get_by_label(label).check()
    await page.get_by_role("group", name="What is demanded").get_by_label("satisfaction").check()
    await page.get_by_label("First day").fill(str((now - timedelta(days=30)).date()))
    await page.get_by_label("Why no less would do").fill("It names one month.")
    await page.get_by_label("The demand itself").set_input_files(paper)


async def test_C7_two_officers_answer_a_demand_in_a_browser_at_any_width(story: Story, browser: Browser, tmp_path: Path) -> None:
    client, reference, found = await story.sharing_client(), f"FD-{uuid4().hex[:6]}", []
    paper = tmp_path / "demand.pdf"
    paper.write_bytes(b"%PDF-1.7 a demand")
    first, second = uuid4(), uuid4()
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, story, "privacy_officer", first)
        await page.get_by_role("link", name="Legal demands").click()
        found += await violations(page)
        await page.get_by_role("link", name="Record a demand").click()
        await fill_in(page, client, reference, paper)
        await page.get_by_role("button", name="Record it").click()
        await expect(page.get_by_role("alert")).to_contain_text("for a period")
        await expect(page.get_by_label("Who demands it")).to_have_value("Fraud division")
        found += await violations(page)
        await page.get_by_label("Last day").fill(str(datetime.now(UTC).date()))
        await page.get_by_label("The demand itself").set_input_files(paper)
        await page.get_by_role("button", name="Record it").click()
        await expect(page.get_by_role("status")).to_contain_text("Recorded")
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        found += await violations(page)
        case = page.url.partition("?")[0]
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, story, "privacy_officer", second)
        await page.goto(case)
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("status")).to_contain_text("Approved")
        await suspend(page)
        found += await violations(page)

        async def collected() -> bool:
            await page.goto(case)
            return await page.get_by_role("button", name="Prepare the release").count() == 1

        await eventually(collected, 60)
        await page.get_by_role("button", name="Prepare the release").click()
        found += await violations(page)
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download once").click()
        assert reference_in(await (await download.value).path()) == reference
        await page.get_by_role("button", name="Download once").click()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.set_viewport_size({"width": 320, "height": 700})
        for language, told in (("es", "Entregado"), ("en", "Released")):
            await page.goto(f"{case}?lang={language}")
            await expect(page.locator(".state")).to_have_text(told)
            found += await violations(page)
            for path in ("", "/new"):
                await page.goto(f"{story.stack.url('consent')}/privacy-office/legal-demands{path}?lang={language}")
                assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await page.goto(f"{case}?lang=en")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert not found, "\n".join(found)


def reference_in(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return str(json.loads(archive.read("manifest.json"))["reference"])


async def suspend(page: Page) -> None:
    """Orally, for a week."""
    now = datetime.now(UTC)
    await page.get_by_label("Orally").check()
    await page.get_by_label("Agency and official").fill("Inspector 4417")
    await page.get_by_label("Stated (UTC)").fill((now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_label("Until (UTC)").fill((now + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_label("What was said").fill("The client would warn others.")
    await page.get_by_role("button", name="Put it on file").click()
    await expect(page.get_by_role("status")).to_contain_text("on file")
