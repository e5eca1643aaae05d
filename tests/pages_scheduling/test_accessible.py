"""Every state of both pages, in light and in dark, scanned with axe; on a small screen; in both languages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from deploy.local.stack import Stack
from tests.pages.browser import context
from tests.pages.test_accessibility import violations
from tests.pages_scheduling.clinic import Clinic, at_noon, now, signed_in

SMALL = {"width": 320, "height": 640}


@dataclass
class Busy:
    clinic: Clinic
    clients: list[UUID]


@pytest.fixture(scope="module")
async def busy(stack: Stack) -> AsyncIterator[Busy]:
    """A client in each state that looks different; the provider's queue has all of it."""
    async with httpx.AsyncClient(timeout=15) as http:
        clinic = await Clinic(stack, http).open()
        yield Busy(clinic, await clients_of(clinic))


async def clients_of(clinic: Clinic) -> list[UUID]:
    await clinic.opens_hours()
    await clinic.colleague("Dr. Bartholomew-Featherstonehaugh")
    clients = [await clinic.client() for _ in range(6)]
    requests = [await clinic.asked(client, now() - timedelta(hours=30)) for client in clients]
    await clinic.move(requests[1], "proposed-times", {"times": [at_noon(2).isoformat(), at_noon(3).isoformat()]})
    await clinic.move(requests[2], "refusal")
    await clinic.books(requests[3], "consultation", at_noon(4))
    await clinic.books(requests[4], "consultation", now() - timedelta(hours=20), at=now() - timedelta(hours=29))
    late = await clinic.asked(clients_last := await clinic.client(), now() - timedelta(hours=73))
    await clinic.is_in(late, "timed_out")
    return [*clients, clients_last]


async def opened(page: Page) -> None:
    for summary in await page.locator("summary").all():
        await summary.click()


async def test_no_state_of_the_clients_page_has_a_violation(busy: Busy, browser: Browser) -> None:
    clinic, found = busy.clinic, []
    for client in busy.clients:
        async with context(browser, script=True) as window:
            page = await window.new_page()
            await signed_in(page, clinic, "client", client)
            await opened(page)
            found += await violations(page)
    assert not found, "\n".join(found)


async def test_at_320_pixels_nothing_scrolls_sideways(busy: Busy, browser: Browser) -> None:
    clinic, clients = busy.clinic, busy.clients
    for language in ("en", "es"):
        for role, subject in [("provider", clinic.provider), *(("client", client) for client in clients)]:
            async with context(browser, viewport=SMALL) as window:
                page = await window.new_page()
                await signed_in(page, clinic, role, subject, language)
                await opened(page)
                assert await page.evaluate("document.documentElement.scrollWidth") <= 320, (role, language)


async def test_everything_that_can_be_done_is_reached_with_the_keyboard(busy: Busy, browser: Browser) -> None:
    clinic = busy.clinic
    async with context(browser) as window:
        page = await window.new_page()
        await signed_in(page, clinic, "provider", clinic.provider)
        await opened(page)
        wanted = {
            await one.evaluate(PLACE) for one in await page.locator("button:visible, summary:visible, a:visible, select:visible").all()
        }
        reached: set[str] = set()
        for _ in range(1000):  # a date and a time are several stops
            await page.keyboard.press("Tab")
            reached.add(await page.evaluate(f"({PLACE})(document.activeElement)"))
            if wanted <= reached:
                break
        assert wanted <= reached
        assert len(wanted) > 40


PLACE = "e => { let path = ''; for (; e; e = e.parentElement) path = [...(e.parentNode.children)].indexOf(e) + '.' + path; return path }"


async def test_no_state_of_the_providers_page_has_a_violation(busy: Busy, browser: Browser) -> None:
    clinic = busy.clinic
    found = []
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, clinic, "provider", clinic.provider)
        await opened(page)
        found += await violations(page)
        await page.get_by_role("button", name="Accept").first.click()
        await expect(page.get_by_role("status")).to_be_visible()
        await page.get_by_role("link", name="Español").click()
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        found += await violations(page)
        await page.get_by_role("button", name="Tuvo lugar").first.click()
        found += await violations(page)
        await page.get_by_role("button", name="Cerrar sesión").click()
        found += await violations(page)
    assert not found, "\n".join(found)
