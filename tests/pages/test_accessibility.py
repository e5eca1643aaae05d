"""Every page and state scanned with axe, every page in the dark as well: no violation of WCAG 2.2 at level AA, nor of best practices."""

import re
from typing import Any, Literal
from uuid import uuid4

import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, expect

from common.pages.rendering import STYLE
from tests.pages.browser import context, signed_in
from tests.pages.mail import knows_address, sends
from tests.pages.test_in_a_browser import STOP, care_connect, mail_there
from tests.pages.test_sharing_over_http import undecided
from tests.story import Story, eventually

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
"""Of what passes, one place each is enough: a scan would spend most of its time on naming all of them."""
COLOURS = RULES | {"runOnly": {"type": "tag", "values": ["cat.color"]}}
"""In the dark there is nothing else but other colours: the style sheet says so, and a test of it. So each page is scanned in the dark once,
whatever state it is in; that the colours go together in every state follows from the pairs below."""
SCANNED_IN_THE_DARK: set[str] = set()
PAIRS = [
    *[(text, ground) for text in ("ink", "soft", "link", "calm") for ground in ("ground", "card", "off-ground")],
    *[(state, f"{state}-ground") for state in ("good", "bad", "wait")],
    *[("on-calm", "calm"), ("card", "bad"), ("good", "card"), ("good", "ground")],
]
"""What stands on what in the style sheet."""


SCAN = """rules => axe.run(rules).then(seen => ({
    passes: seen.passes.length,
    violations: seen.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)),
}))"""
"""Only what is looked at comes back: all that axe has seen is megabytes."""


def test_in_the_dark_nothing_changes_but_colours() -> None:
    blocks = re.findall(r"@media \(prefers-color-scheme:dark\)\{:root\{([^{}]*)\}\}", STYLE)
    assert len(blocks) == STYLE.count("prefers-color-scheme") > 0
    assert all(re.fullmatch(r"--[a-z-]+:#[0-9a-f]{3,8}", one) for block in blocks for one in block.split(";"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_that_stand_on_each_other_can_be_told_apart(scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    palettes = re.findall(r":root\{([^{}]*--ink[^{}]*)\}", STYLE)
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", palettes[scheme == "dark"]))
    poor = [f"{text} on {ground}" for text, ground in PAIRS if contrast(colours[text], colours[ground]) < 4.5]
    assert not poor


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def schemes_of(page: Page) -> list[tuple[Literal["light", "dark"], dict[str, Any], int]]:
    """The page, whoever it is about, in which language."""
    which = re.sub(r"[0-9a-f-]{36}|[0-9]+|\?.*", "", page.url)
    if which in SCANNED_IN_THE_DARK:
        return [("light", RULES, 15)]
    SCANNED_IN_THE_DARK.add(which)
    return [("dark", COLOURS, 0), ("light", RULES, 15)]


async def violations(page: Page) -> list[str]:
    found = []
    await page.evaluate(Axe().axe_script)
    for scheme, rules, least in schemes_of(page):
        await page.emulate_media(color_scheme=scheme)
        seen: dict[str, Any] = await page.evaluate(SCAN, rules)
        found += [f"{page.url} {scheme} {one}" for one in seen["violations"]]
        assert seen["passes"] > least, "the scan has looked"
    return found


async def test_no_state_of_the_clients_page_has_a_violation(story: Story, browser: Browser) -> None:
    client, _ = await undecided(story)
    await eventually(lambda: story.answered(client))
    found = []
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, story, "client", client)
        found += await violations(page)
        await care_connect(page).get_by_role("button", name="Share what I ticked").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        found += await violations(page)
        for box in await care_connect(page).get_by_role("checkbox").all():
            await box.check()
        await care_connect(page).get_by_role("button", name="Show me the records first").click()
        await expect(care_connect(page).get_by_text("Not saved yet")).to_be_visible()
        found += await violations(page)
        await care_connect(page).get_by_role("button", name="Share what I ticked").click()
        await expect(care_connect(page).locator(".state.good")).to_be_visible()
        for summary in await page.locator("summary").all():
            await summary.click()
        found += await violations(page)
        await page.get_by_role("button", name=STOP).click()
        await expect(page.locator(".state")).to_have_count(2)
        found += await violations(page)
        await page.get_by_role("link", name="Español").click()
        found += await violations(page)
        await page.get_by_role("link", name="Volver al resumen").click()
        found += await violations(page)
        await page.goto(f"{story.stack.url('consent')}/my-data-sharing/opt-outs/{uuid4()}")
        found += await violations(page)
        await page.get_by_role("link", name="Back to the overview").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_load_state()
        found += await violations(page)
        await page.goto(f"{story.stack.url('consent')}/my-data-sharing")
        found += await violations(page)
    assert not found, "\n".join(found)


async def test_no_state_of_the_officers_page_has_a_violation(story: Story, browser: Browser) -> None:
    client, shared = await story.sharing_client(), f"s{uuid4().hex[:8]}@example.com"
    for of in (client, uuid4()):
        await knows_address(story, of, shared)
    await sends(story, shared, "Stop", "Please opt me out.")
    await sends(story, f"u{uuid4().hex[:8]}@example.com", "Hello", "What is this?", authenticated=False)
    connection = await asyncpg.connect(story.stack.database("consent"))
    await connection.execute(
        "insert into parked_client (source, client_id, reason, parked_at) values ('reporting', $1, 'test', 'yesterday')", client
    )
    late = "insert into receipt (decision_id, sink, client_id, due_at) values ($1, 'export_rows', $2, now() - interval '1 hour')"
    await connection.execute(late, uuid4(), client)
    found = []
    try:
        async with context(browser, script=True) as window:
            page = await window.new_page()
            await signed_in(page, story, "privacy_officer", uuid4())
            await eventually(lambda: mail_there(page, shared))
            await eventually(lambda: mail_there(page, "Places that have not answered"))
            for summary in await page.locator("summary").all():
                await summary.click()
            found += await violations(page)
            await page.get_by_role("button", name="It is an opt-out").last.click()
            await page.wait_for_load_state()
            found += await violations(page)
    finally:
        await connection.execute("delete from parked_client where client_id = $1", client)
        await connection.execute("delete from receipt where client_id = $1 and due_at < now() - interval '50 minutes'", client)
        await connection.close()
    assert not found, "\n".join(found)


async def test_no_link_page_has_a_violation(story: Story, browser: Browser) -> None:
    client, found = await story.sharing_client(), []
    made = await story.call("consent", "POST", f"/v1/clients/{client}/opt-out-links", story.token("service"))
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await page.goto(made.json()["url"])
        found += await violations(page)
        await page.get_by_role("link", name="Español").click()
        await page.get_by_role("button", name="Dejar de compartir").click()
        await expect(page.get_by_role("status")).to_contain_text("Su deseo queda registrado")
        found += await violations(page)
        await page.goto(f"{story.stack.url('consent')}/opt-out/a.b.c")
        found += await violations(page)
    assert (await story.sharing(client))["decision"] == "opted_out"
    assert not found, "\n".join(found)
