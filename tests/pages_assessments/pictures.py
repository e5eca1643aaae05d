"""Writes the pictures of this service's pages to docs/images, from a stack of its own: `python -m tests.pages_assessments.pictures`."""

import asyncio
import tempfile
from pathlib import Path

import httpx

from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.pages.browser import chromium, context
from tests.pages_assessments.practice import Practice
from tests.pages_assessments.test_in_a_browser import signed_in
from tests.pages_assessments.test_scores import charted_of

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
PHONE, WIDE = {"width": 400, "height": 900}, {"width": 840, "height": 1000}


async def draw(practice: Practice) -> None:
    """A question on a phone, its second answer given; and a client's scores."""
    sent, charted = await practice.sends(await practice.known()), await charted_of(practice)
    question = f"{sent.url}/questions/phq-9/44250-9"
    async with chromium() as browser:
        async with context(browser, viewport=PHONE) as window:
            page = await window.new_page()
            await page.goto(question)
            await page.get_by_role("button", name="Several days").click()
            await page.goto(question)
            await page.screenshot(path=IMAGES / "assessment-form.png", full_page=True)
        async with context(browser, viewport=WIDE) as window:
            page = await window.new_page()
            await signed_in(page, charted)
            await page.goto(f"{charted.stack.url('assessments')}/scores")
            await page.screenshot(path=IMAGES / "scores.png", full_page=True)


async def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Infrastructure() as infrastructure:
        stack = Stack(infrastructure, Path(folder), "pictures_")
        await asyncio.to_thread(stack.start)
        try:
            async with httpx.AsyncClient(timeout=15) as http:
                practice = Practice(stack, http)
                await practice.open()
                await draw(practice)
        finally:
            await asyncio.to_thread(stack.stop)


if __name__ == "__main__":
    asyncio.run(main())
