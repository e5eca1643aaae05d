"""Writes the pictures of this service's pages to docs/images, from a database of its own: `python -m tests.pages_reporting.pictures`."""

import asyncio
import tempfile
from pathlib import Path
from uuid import UUID

from playwright.async_api import Browser

from deploy.local.infrastructure import Infrastructure
from tests.pages.browser import chromium, context
from tests.pages_reporting.showing import EMPLOYER, PLAN, fill
from tests.reporting.reports.published import database_of
from tests.reporting.reports.served import Served, served

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDE = {"width": 1080, "height": 1000}
TOP = {"x": 0, "y": 0, "width": 1080, "height": 1500}


async def picture(site: Served, browser: Browser, name: str, who: tuple[str, UUID], path: str, **options: object) -> None:
    async with context(browser, viewport=WIDE, **options) as window:
        await window.add_cookies([{"name": "session", "value": site.issuer.mint(*who), "url": f"{site.url}/reports"}])
        page = await window.new_page()
        await page.goto(f"{site.url}/reports/{path}?lang=en")
        await page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=TOP)


async def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Infrastructure() as infrastructure:
        url = await database_of(infrastructure, "pictures_reporting")
        await fill(url)
        async with served(url, Path(folder), browsers=True) as site, chromium() as browser:
            await picture(site, browser, "report-plan", ("plan", PLAN), "all/2026-Q3")
            await picture(site, browser, "report-employer", ("employer", EMPLOYER), "all/2025")
            await picture(site, browser, "report-employer-dark", ("employer", EMPLOYER), "all/2025", color_scheme="dark")


if __name__ == "__main__":
    asyncio.run(main())
