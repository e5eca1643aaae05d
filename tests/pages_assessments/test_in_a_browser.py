"""The pages in Chromium: by keyboard only, for a screen reader, on the smallest phone, left and come back to; scanned with axe."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.pages.browser import context
from tests.pages.test_accessibility import violations
from tests.pages_assessments.practice import ITEM_9, Practice, Sent
from tests.pages_assessments.test_scores import Charted, charted_of

SMALL = {"width": 320, "height": 640}


@pytest.fixture
async def sent(practice: Practice) -> Sent:
    return await practice.sends(await practice.known())


async def reaches(page: Page, name: str) -> None:
    """With the tab key alone, from wherever the page puts it. What has the focus has a line around it."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        found, outline = await page.evaluate(FOCUSED)
        if found == name:
            assert outline == "solid", name
            return
    raise AssertionError(f"{name} is not reached with the keyboard on {page.url}")


FOCUSED = """() => {
    const e = document.activeElement
    return [(e.getAttribute('aria-label') || e.innerText).trim(), getComputedStyle(e).outlineStyle]
}"""


async def test_both_instruments_are_filled_in_and_sent_by_keyboard_alone_without_a_script(
    practice: Practice, sent: Sent, browser: Browser
) -> None:
    async with context(browser, script=False) as window:
        page = await window.new_page()
        await page.goto(sent.url)
        await reaches(page, "Begin")
        await page.keyboard.press("Enter")
        for number in range(1, 19):
            await expect(page.get_by_role("progressbar", name=f"Question {number} of 18")).to_be_visible()
            await reaches(page, "Not difficult at all" if number in (10, 18) else "Not at all" if number % 2 else "Several days")
            await page.keyboard.press("Space" if number % 3 else "Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your answers")
        await expect(page.get_by_text("You have answered 18 of 18 questions")).to_be_visible()
        await reaches(page, "Send my answers")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Your answers were sent")
    found = await practice.fetch(
        "select instrument, state, total, source from assessment_response where assignment_id = $1 order by 1", sent.assignment_id
    )
    assert [tuple(row) for row in found] == [("gad-7", "completed", 3, "form"), ("phq-9", "completed", 4, "form")]


async def test_a_screen_reader_is_told_the_question_the_choices_and_how_far_it_is(sent: Sent, page: Page) -> None:
    await page.goto(f"{sent.url}/questions/phq-9/44250-9")
    prompt = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
    choices = page.get_by_role("group", name=f"{prompt} Little interest or pleasure in doing things")
    assert await choices.get_by_role("button").all_inner_texts() == [
        "Not at all",
        "Several days",
        "More than half the days",
        "Nearly every day",
    ]
    await expect(page.get_by_role("heading", level=1, name="Little interest or pleasure in doing things")).to_be_visible()
    await expect(page.get_by_role("progressbar", name="Question 1 of 18")).to_have_attribute("value", "1")
    moving = page.get_by_role("navigation", name="Move between questions")
    assert await moving.get_by_role("link").all_inner_texts() == ["Back", "Skip this question"]
    for line in ("Call 988", "Text 988", "Call 911"):
        await expect(page.get_by_role("link", name=line)).to_be_visible()
    await choices.get_by_role("button", name="Several days").click()
    await page.get_by_role("link", name="Back").click()
    await expect(page.get_by_role("button", name="Several days your answer")).to_be_visible()
    await page.get_by_role("link", name="Next question").click()
    await page.get_by_role("link", name="Skip this question").click()
    await expect(page.get_by_text("Question 3 of 18")).to_be_visible()


async def test_a_closed_tab_is_gone_on_with_in_the_same_browser_and_tells_nothing_in_another(
    practice: Practice, sent: Sent, browser: Browser
) -> None:
    async with context(browser, script=False) as own, context(browser, script=False) as other:
        page = await own.new_page()
        await page.goto(sent.url)
        await page.get_by_role("link", name="Begin").click()
        await page.get_by_role("button", name="More than half the days").click()
        await page.get_by_role("button", name="Several days").click()
        await page.close()
        page = await own.new_page()
        await page.goto(sent.url)
        await expect(page.get_by_text("Answered so far: 2 of 18")).to_be_visible()
        await page.get_by_role("link", name="Go on", exact=True).click()
        await expect(page.get_by_text("Question 3 of 18")).to_be_visible()
        await page.goto(f"{sent.url}/review")
        assert await page.locator(".as-written").all_inner_texts() == ["More than half the days", "Several days"]
        await stranger_sees_nothing(sent, other)
        await page.get_by_role("link", name="Change – Question 1 of 18").click()
        await page.get_by_role("button", name="Nearly every day").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your answers")
        assert await page.locator(".as-written").all_inner_texts() == ["Nearly every day", "Several days"]


async def stranger_sees_nothing(sent: Sent, other: BrowserContext) -> None:
    page = await other.new_page()
    await page.goto(sent.url)
    await page.get_by_role("link", name="See all questions").click()
    await expect(page.locator(".badge.good")).to_have_text(["✓ Answered", "✓ Answered"])
    await expect(page.locator(".as-written")).to_have_count(0)
    await page.get_by_role("link", name="Change – Question 1 of 18").click()
    await expect(page.get_by_text("You have answered this question")).to_be_visible()
    await expect(page.locator(".chosen")).to_have_count(0)


async def test_an_answer_that_worries_brings_the_crisis_lines_at_once_and_then_goes_on(sent: Sent, page: Page) -> None:
    await page.goto(f"{sent.url}/questions/{ITEM_9}")
    await page.get_by_role("button", name="Several days").click()
    lines = page.get_by_role("region", name="You can talk to somebody now")
    await expect(lines.get_by_role("link", name="Call 988")).to_have_attribute("href", "tel:988")
    await expect(lines.get_by_role("link", name="Text 988")).to_have_attribute("href", "sms:988")
    assert await page.title() == "Before you go on – Your care", "what stays in the browser's history says nothing"
    await page.get_by_role("link", name="Go on with the questions").click()
    await expect(page.get_by_text("Question 10 of 18")).to_be_visible()


async def narrow(page: Page, *paths: str) -> None:
    for path in paths:
        await page.goto(path)
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path


async def test_at_320_pixels_nothing_scrolls_sideways(practice: Practice, sent: Sent, browser: Browser) -> None:
    scale = await practice.sends(sent.client_id, "satisfaction")
    charted = await charted_of(practice)
    async with context(browser, script=False, viewport=SMALL) as window:
        page = await window.new_page()
        for language in ("en", "es"):
            paths = ["", "/questions/phq-9/44253-3", "/questions/gad-7/69722-7", f"/help/{ITEM_9}", "/review"]
            await narrow(page, *(f"{sent.url}{path}?lang={language}" for path in paths))
            await narrow(page, *(f"{scale.url}{path}?lang={language}" for path in ("/questions/satisfaction/recommend", "/review")))
            sizes = await buttons(page, f"{scale.url}/questions/satisfaction/recommend?lang={language}")
            assert len(sizes) == 11
            assert all(size["width"] >= 44 and size["height"] >= 44 for size in sizes), "a thumb's width"
            await signed_in(page, charted)
            await narrow(page, f"{charted.stack.url('assessments')}/scores?lang={language}")
            assert await outside(page) == []


async def buttons(page: Page, url: str) -> list[dict[str, float]]:
    await page.goto(url)
    found: list[dict[str, float]] = await page.locator(".scale button").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().toJSON())"
    )
    return found


async def outside(page: Page) -> list[str]:
    """What of a chart is written over its edge, or over another writing."""
    texts: list[dict[str, Any]] = await page.locator(".chart text:visible").evaluate_all(WRITTEN)
    assert len(texts) > 20
    over = [t["said"] for t in texts if t["left"] < t["chart"]["left"] - 0.5 or t["right"] > t["chart"]["right"] + 0.5]
    days = sorted((t for t in texts if t["top"] > t["chart"]["bottom"] - 30), key=lambda t: (t["chart"]["top"], t["left"]))
    beside = [(one, next_one) for one, next_one in pairwise(days) if one["chart"] == next_one["chart"]]
    return over + [f"{one['said']} / {next_one['said']}" for one, next_one in beside if one["right"] > next_one["left"]]


WRITTEN = """all => all.map(e => {
    const box = e => e.getBoundingClientRect().toJSON()
    return {...box(e), said: e.textContent, chart: box(e.closest('svg'))}
})"""


async def signed_in(page: Page, charted: Charted) -> None:
    url = f"{charted.stack.url('assessments')}/scores"
    await page.context.add_cookies([{"name": "session", "value": await charted.signs_in("client", charted.client_id), "url": url}])


async def test_no_page_of_the_form_has_a_violation(practice: Practice, sent: Sent, browser: Browser) -> None:
    found: list[str] = []
    scale = await practice.sends(sent.client_id, "satisfaction")
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await page.goto(sent.url)
        found += await violations(page)
        await page.get_by_role("link", name="Begin").click()
        found += await violations(page)
        await page.goto(f"{sent.url}/questions/{ITEM_9}")
        await page.get_by_role("button", name="Several days").click()
        found += await violations(page)
        await page.goto(f"{scale.url}/questions/satisfaction/recommend?lang=es")
        found += await violations(page)
        await page.get_by_role("button", name="7").click()
        found += await violations(page)
        await page.goto(f"{sent.url}/review")
        found += await violations(page)
        await page.get_by_role("button", name="Send my answers").click()
        found += await violations(page)
        await page.goto(sent.url)
        found += await violations(page)
    assert not found, "\n".join(found)


async def test_no_page_of_the_scores_has_a_violation_and_the_chart_has_its_words(practice: Practice, browser: Browser) -> None:
    charted = await charted_of(practice)
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, charted)
        await page.goto(f"{charted.stack.url('assessments')}/scores")
        chart = page.get_by_role("img", name="PHQ-9 over time")
        await expect(chart).to_be_visible()
        await expect(chart).to_have_accessible_name(
            "PHQ-9 over time Scores: 3. The first was 16 (Moderately severe) on 1 Mar 2026, the last 3 (Minimal) on 30 Mar 2026. "
            "The table below has all of them."
        )
        await expect(page.get_by_role("table", name="PHQ-9: all scores").get_by_role("row")).to_have_count(5)
        assert await outside(page) == []
        found = await violations(page)
    assert not found, "\n".join(found)
