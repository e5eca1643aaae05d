"""C9, C10: what each service holds of the client at this moment, on the client's own page."""

from typing import Any

from playwright.async_api import Browser, Page
from starlette.requests import Request

from common.contracts.privacy import SERVICES, RecordCategory
from common.holdings.routes import Holding, Holdings
from common.pages.rendering import Pages, Site
from consent.app import PAGES_FOLDER
from consent.pages.my_holdings import kinds_of
from tests.consent.bundles.sample import CLIENT, NOW
from tests.pages.browser import context, signed_in
from tests.pages.test_accessibility import violations
from tests.story import Story, eventually

RIGHT_OF_ACCESS = "/my-data-sharing/held"


async def test_C10_the_page_counts_what_the_services_hold_in_both_languages(story: Story, browser: Browser) -> None:
    client = await story.sharing_client()
    found: list[str] = []
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, story, "client", client)

        async def as_the_services_say() -> bool:
            await page.goto(f"{story.stack.url('consent')}{RIGHT_OF_ACCESS}")
            return await _counted(page) == {
                name: count for service in SERVICES for name, count in (await _held(story, service, client)).items()
            }

        await eventually(as_the_services_say)
        assert await page.locator("[data-away]").count() == 0
        assert await page.locator('[data-category="satisfaction"]').count() == 1
        found += await violations(page)
        await page.set_viewport_size({"width": 320, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await page.get_by_role("link", name="Español").click()
        assert await page.get_by_role("heading", level=1).inner_text() == "Qué se guarda sobre usted"
        found += await violations(page)
    assert not found, "\n".join(found)


async def _counted(page: Page) -> dict[str, int]:
    rows: list[Any] = await page.locator("[data-table]").evaluate_all(
        "all => all.map(one => [one.dataset.table, one.lastElementChild.innerText])"
    )
    return {name: sum(int(count) for of, count in rows if of == name) for name, _ in rows}


async def _held(story: Story, service: str, client: Any) -> dict[str, int]:
    answer = await story.call(service, "GET", f"/v1/clients/{client}/holdings", story.token("client", client))
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return {f"{service}.{item['table']}": sum(o["records"] for o in items if o["table"] == item["table"]) for item in items}


def test_C10_a_service_that_is_away_is_named_and_the_others_are_counted() -> None:
    item = Holding(table="appointment", category=RecordCategory.APPOINTMENTS, records=3)
    services = [
        (name, None if name == "reporting" else Holdings(client_id=CLIENT, service=name, as_of=NOW, items=[item])) for name in SERVICES
    ]
    shown = {"kinds": kinds_of(services), "services": services, "away": ["reporting"]}
    request = Request({"type": "http", "path": RIGHT_OF_ACCESS, "query_string": b"lang=en", "headers": []})
    pages = Pages(Site(PAGES_FOLDER, ("/my-data-sharing",), "", "", (), True))
    page = pages.html(request, "my_holdings.html", csrf=None, **shown)
    assert 'data-away="reporting">Reporting does not answer' in page and page.count('data-label="Reporting">?</td>') == 1
    assert "<strong>9</strong>" in page
