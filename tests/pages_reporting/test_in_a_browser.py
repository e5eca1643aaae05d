"""The reports in Chromium: by keyboard only, for a screen reader, at 320 pixels, printed, without a script; scanned with axe."""

from typing import Any
from uuid import UUID

from playwright.async_api import Browser, Page, expect

from tests.pages.browser import context
from tests.pages.test_accessibility import violations
from tests.pages_reporting.showing import EMPLOYER, PLAN, SMALL
from tests.reporting.reports.served import Served

SMALL_SCREEN = {"width": 320, "height": 640}
FOCUSED = """() => {
    const e = document.activeElement
    return [(e.getAttribute('aria-label') || e.textContent).trim(), getComputedStyle(e).outlineStyle]
}"""


async def opens(page: Page, site: Served, who: tuple[str, UUID], path: str, language: str = "en") -> None:
    await page.context.add_cookies([{"name": "session", "value": site.issuer.mint(*who), "url": f"{site.url}/reports"}])
    await page.goto(f"{site.url}/reports{path}?lang={language}")


async def test_a_report_is_found_and_a_hidden_number_explained_by_keyboard_alone_without_a_script(site: Served, page: Page) -> None:
    await opens(page, site, ("employer", EMPLOYER), "")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your reports")
    await reaches(page, "2025")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Report: 2025")
    await reaches(page, "Why is this hidden? – Reliable deterioration")
    await page.keyboard.press("Enter")
    tile = page.locator(".tile", has_text="Reliably deteriorated")
    await expect(tile.locator("details[open]")).to_contain_text("at least 11 people")
    await expect(tile.get_by_text("Not shown: protects privacy")).to_be_visible()


async def reaches(page: Page, name: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        found, outline = await page.evaluate(FOCUSED)
        if found == name:
            assert outline == "solid", name
            return
    raise AssertionError(f"{name} is not reached with the keyboard on {page.url}")


async def test_a_screen_reader_is_told_every_chart_and_has_its_table(site: Served, page: Page) -> None:
    await opens(page, site, ("plan", PLAN), "/all/2025")
    waiting = page.get_by_role("img", name="Time until the first full-length session: distribution")
    await expect(waiting).to_be_visible()
    assert "Same or next business day:" in (await waiting.locator("desc").text_content() or "")
    assert await page.get_by_role("img").count() == 14
    assert await page.locator("table").count() == 3 + 1 + 3 + 9, "of the families, the comparison, the courses, the other charts"


async def test_the_promise_stands_between_what_kept_it_and_what_did_not(site: Served, page: Page) -> None:
    await opens(page, site, ("plan", PLAN), "/all/2025")
    chart = page.get_by_role("img", name="Time until the first full-length session: distribution")
    promise: Any = await chart.locator(".promise").evaluate("e => e.getBoundingClientRect().top")
    kept: list[float] = await chart.locator(".bar.within").evaluate_all("all => all.map(e => e.getBoundingClientRect().bottom)")
    broken: list[float] = await chart.locator(".bar.later, .bar.waiting").evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    assert max(kept) < promise < min(broken)


async def test_at_320_pixels_nothing_scrolls_sideways_and_no_chart_is_cut(site: Served, browser: Browser) -> None:
    async with context(browser, viewport=SMALL_SCREEN) as window:
        page = await window.new_page()
        for language in ("en", "es"):
            for who, path in ((("plan", PLAN), "/all/2026-Q3"), (("employer", SMALL), "/all/2025"), (("plan", PLAN), "")):
                await opens(page, site, who, path, language)
                await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
                assert await page.evaluate("document.documentElement.scrollWidth") <= 320, (path, language)
                assert await page.locator(".chart text:visible").evaluate_all(CUT) == [], (path, language)


CUT = """all => all.filter(e => {
    const text = e.getBoundingClientRect(), chart = e.closest('svg.chart').getBoundingClientRect()
    return text.left < chart.left - 8 || text.right > chart.right + 8
}).map(e => e.textContent)"""


async def test_printed_it_is_black_on_white_with_all_charts_and_no_buttons(site: Served, page: Page) -> None:
    await opens(page, site, ("plan", PLAN), "/all/2025")
    await page.emulate_media(media="print", color_scheme="light")
    await expect(page.get_by_role("link", name="Download as PDF")).to_be_hidden()
    await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    for chart in await page.get_by_role("img").all():
        await expect(chart).to_be_visible()
    assert len(await page.pdf()) > 10_000


async def test_no_page_has_a_violation_in_light_or_dark(site: Served, browser: Browser) -> None:
    found: list[str] = []
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await opens(page, site, ("employer", EMPLOYER), "/all/2025")
        for summary in await page.locator(".tile summary").all():
            await summary.click()
        found += await violations(page)
        await opens(page, site, ("plan", PLAN), "")
        found += await violations(page)
    assert not found, "\n".join(found)
