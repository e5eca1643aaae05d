"""Every state of both pages, in light and in dark, scanned with axe; on a small screen; in both languages."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from tests.pages.browser import context
from tests.pages.test_accessibility import violations
from tests.pages_scheduling.clinic import Clinic, at_noon, now, signed_in

SMALL = {"width": 320, "height": 640}


@dataclass
class Busy:
    clinic: Clinic
    clients: list[UUID]


@pytest.fixture(scope="module")
async def busy(ground: Clinic) -> Busy:
    """A client in each state that looks different; the provider's queue has all of it."""
    clinic = await replace(ground, plan=uuid4(), provider=uuid4()).begin()
    return Busy(clinic, await clients_of(clinic))


async def clients_of(clinic: Clinic) -> list[UUID]:
    await clinic.opens_hours()
    await clinic.colleague("Dr. Bartholomew-Featherstonehaugh")
    clients = [await clinic.client() for _ in range(5)]
    requests = [await clinic.asked(client, now() - timedelta(hours=30)) for client in clients]
    await clinic.move(requests[1], "proposed-times", {"times": [at_noon(2).isoformat(), at_noon(3).isoformat()]})
    await clinic.move(requests[2], "refusal")
    await clinic.books(requests[3], "consultation", at_noon(4))
    await clinic.books(requests[4], "consultation", now() - timedelta(hours=20), at=now() - timedelta(hours=29))
    late = await clinic.asked(clients_last := await clinic.client(), now() - timedelta(hours=73))
    await clinic.is_in(late, "timed_out")
    return [*clients, clients_last]


async def opened(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


async def test_no_state_of_the_clients_page_has_a_violation(busy: Busy, browser: Browser) -> None:
    clinic, found = busy.clinic, []
    async with context(browser, script=True) as window:
        page = await window.new_page()
        for client in busy.clients:
            await signed_in(page, clinic, "client", client)
            await opened(page)
            found += await violations(page)
    assert not found, "\n".join(found)


async def test_at_320_pixels_nothing_scrolls_sideways(busy: Busy, browser: Browser) -> None:
    clinic, clients = busy.clinic, busy.clients
    async with context(browser, viewport=SMALL) as window:
        page = await window.new_page()
        for role, subject in [("provider", clinic.provider), *(("client", client) for client in clients)]:
            await signed_in(page, clinic, role, subject)
            await narrow(page, role)
            await page.get_by_role("link", name="Español").click()
            await narrow(page, role)


async def narrow(page: Page, role: str) -> None:
    await opened(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, (role, page.url)


async def test_everything_that_can_be_done_is_reached_with_the_keyboard(busy: Busy, browser: Browser) -> None:
    clinic = busy.clinic
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, clinic, "provider", clinic.provider)
        await opened(page)
        targets = page.locator("button:visible, summary:visible, a:visible, select:visible")
        wanted = set(await targets.evaluate_all(f"all => all.map({PLACE})"))
        await page.evaluate(f"reached = []; addEventListener('focusin', event => reached.push(({PLACE})(event.target)))")
        reached: set[str] = set()
        for number in range(1000):  # a date and a time are several stops
            await page.keyboard.press("Tab")
            if number % 25 == 0 and wanted <= (reached := set(await page.evaluate("reached"))):
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
