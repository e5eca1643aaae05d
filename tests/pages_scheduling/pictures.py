"""Writes the pictures of this service's pages to docs/images, from a stack of its own: `python -m tests.pages_scheduling.pictures`."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
from playwright.async_api import Locator, Page, expect

from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.pages.browser import chromium, context
from tests.pages_scheduling.clinic import Clinic, at_noon, now, signed_in

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH = 840


async def fill_the_queue(clinic: Clinic) -> None:
    """One request is overdue, two can still be answered in time; one consultation is to be recorded, another one to come."""
    for hours in (25.6, 20.4, 3.2):
        await clinic.asked(await clinic.client(), now() - timedelta(hours=hours))
    for asked, starts_at in ((70, now() - timedelta(hours=2)), (30, at_noon(1))):
        request = await clinic.asked(await clinic.client(), now() - timedelta(hours=asked))
        await clinic.move(request, "acceptance", at=now() - timedelta(hours=asked - 2))
        await clinic.books(request, "consultation", starts_at, at=now() - timedelta(hours=asked - 3))


async def who_chooses_among_others(clinic: Clinic) -> UUID:
    """No answer for three days: colleagues are offered, each with reasons."""
    for name in ("Dr. Amara Okafor", "Dr. Samuel Weiss"):
        await clinic.opens_hours(await clinic.colleague(name))
    client = await clinic.client()
    silent = await clinic.colleague("Dr. Lucía Benítez")
    request = await clinic.asked(client, now() - timedelta(hours=72, minutes=20), silent)
    await clinic.is_in(request, "timed_out")
    return client


async def picture(page: Page, name: str, last: Locator) -> None:
    """From the top of the page to the end of that."""
    box = await last.bounding_box()
    assert box is not None, "it is shown"
    height = box["y"] + box["height"] + 24
    await page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})


async def draw(clinic: Clinic) -> None:
    client = await who_chooses_among_others(clinic)
    await fill_the_queue(clinic)
    async with chromium() as browser, context(browser, viewport={"width": WIDTH, "height": 1200}) as window:
        page = await window.new_page()
        await signed_in(page, clinic, "provider", clinic.provider)
        await expect(page.locator(".due.problem")).to_have_count(1)
        await picture(page, "provider-queue", page.get_by_role("region", name="Appointments to record"))
        await signed_in(page, clinic, "client", client)
        await expect(page.get_by_role("button", name="Ask this provider")).to_have_count(3)
        await picture(page, "my-request", page.get_by_role("region", name="Other providers for you"))


async def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Infrastructure() as infrastructure:
        stack = Stack(infrastructure, Path(folder), "pictures_")
        await asyncio.to_thread(stack.start)
        try:
            async with httpx.AsyncClient(timeout=15) as http:
                await draw(await Clinic(stack, http).open())
        finally:
            await asyncio.to_thread(stack.stop)


if __name__ == "__main__":
    asyncio.run(main())
