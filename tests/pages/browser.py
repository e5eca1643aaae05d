"""A real Chromium, driven by Playwright, and what tests and pictures do with it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.story import Story

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The first has nothing to draw windows with, and takes half the processor time."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1200, "height": 900}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def context(browser: Browser, *, script: bool = False, **options: Any) -> AsyncIterator[BrowserContext]:
    """Fresh, without JavaScript unless asked for, and quick to give up."""
    made = await browser.new_context(java_script_enabled=script, **{"viewport": WIDE, "locale": "en-US", **options})
    made.set_default_timeout(15_000)
    yield made
    await made.close()


async def signed_in(page: Page, story: Story, role: str, subject: UUID, language: str = "en", lifetime: int = 3600) -> None:
    """As the portal does it: a form of its own that posts the token here."""
    area = "privacy-office" if role == "privacy_officer" else "my-data-sharing"
    here = story.stack.url("consent")
    token = story.stack.issuer.mint(role, subject, lifetime)
    form = (
        f'<form method="post" action="{here}/{area}/session?lang={language}"><input name="access_token" value="{token}"><button>Go</button>'
    )

    async def portal(route: Any) -> None:
        await route.fulfill(content_type="text/html", body=form)

    await page.route(f"{here}/the-portal", portal)
    await page.goto(f"{here}/the-portal")
    await page.get_by_role("button").click()
    await page.wait_for_url(f"**/{area}?lang={language}")
