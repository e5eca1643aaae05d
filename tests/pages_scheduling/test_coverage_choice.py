"""S13 on the client's page: at the last visit that the employer pays for, the client says how it goes on."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, expect

from tests.pages.browser import context
from tests.pages.test_accessibility import violations
from tests.pages_scheduling.clinic import EWS, LONG_AGO, Clinic, Visit, at_noon, local, now, page_of, signed_in
from tests.pages_scheduling.test_sessions_and_forms import Forms, assert_page

TITLE, ON, END = "Your covered visits", "Go on with my insurance", "End after the covered visits"


@pytest.fixture
async def limited(ground: Clinic) -> Clinic:
    """An employer that pays for two visits."""
    clinic = await Clinic(ground.stack, ground.http).open()
    terms = {"starts_on": (now() - LONG_AGO).date().isoformat(), "session_limit": 2}
    await clinic.long_ago(f"/v1/employers/{clinic.employer}/programmes/{EWS}", terms, "PUT")
    return clinic


async def in_care(clinic: Clinic, *, scheduled: int) -> tuple[UUID, UUID]:
    """One who was seen once; and how many more visits are scheduled."""
    client = await clinic.client(programme=EWS)
    request = await clinic.asked(client, now() - timedelta(days=3), programme=EWS)
    await clinic.move(request, "acceptance", at=now() - timedelta(days=3))
    first = await clinic.books(request, "session", now() - timedelta(hours=30), at=now() - timedelta(days=2))
    await held(clinic, first, 30)
    for number in range(scheduled):
        await clinic.books(request, "session", at_noon(2 + number))
    return client, request


async def held(clinic: Clinic, appointment: UUID, hours_ago: int) -> None:
    on = {"held_on": local(now() - timedelta(hours=hours_ago))[:10]}
    await clinic.scheduling("POST", f"/v1/appointments/{appointment}/completion", "provider", clinic.provider, json=on)


async def terms_of(clinic: Clinic, client: UUID) -> dict[str, Any]:
    found: dict[str, Any] = await clinic.scheduling("GET", f"/v1/clients/{client}/coverage-terms?programme={EWS}", "client", client)
    return found


async def chooses(visit: Visit, choice: str) -> str:
    action, fields = Forms((await visit.get()).text).to("/coverage-choice")
    answer = await visit.post(action, [*fields, ("choice", choice)])
    assert answer.status_code == 303, answer.text
    return (await visit.get(answer.headers["location"])).text


async def test_S13_while_visits_are_left_nothing_is_asked_and_nothing_can_be_chosen(limited: Clinic) -> None:
    client = await limited.client(programme=EWS)
    visit = await page_of(limited, "client", client)
    html = assert_page(await visit.get(), 200)
    assert TITLE not in html
    fields = [("csrf", dict(Forms(html).to("/sign-out")[1])["csrf"]), ("form_id", str(uuid4()))]
    refused = await visit.post("/my-request/coverage-choice", [*fields, ("choice", "end")])
    assert "not possible any more" in assert_page(refused, 409)
    assert_page(await visit.post("/my-request/coverage-choice", [*fields, ("choice", "other")]), 422)


async def test_S13_with_the_last_visit_reserved_the_client_goes_on_with_insurance(limited: Clinic) -> None:
    client, request = await in_care(limited, scheduled=1)
    visit = await page_of(limited, "client", client)
    html = assert_page(await visit.get(), 200)
    assert all(text in html for text in (TITLE, ON, END, "All of them are used up or scheduled", "copay applies to each visit"))
    action, fields = Forms(html).to("/coverage-choice")
    given = [*fields, ("choice", "continue_with_insurance")]
    assert [(await visit.post(action, given)).status_code for _ in range(2)] == [303, 303]
    other = await visit.post(action, [*fields, ("choice", "end")])
    assert "This form was sent before" in assert_page(other, 422)
    assert (await terms_of(limited, client))["choice"] == "continue_with_insurance"
    after = assert_page(await visit.get(), 200)
    assert "You have chosen to go on with your insurance" in after and ON not in after
    await limited.books(request, "session", at_noon(5))  # refused without the choice


async def test_S13_with_the_visits_used_up_the_client_ends_and_may_choose_otherwise(limited: Clinic) -> None:
    await limited.long_ago(f"/v1/plans/{limited.plan}", {"name": "The plan", "copay_cents": 2505}, "PUT")
    client, request = await in_care(limited, scheduled=0)
    visit = await page_of(limited, "client", client)
    assert TITLE not in (await visit.get()).text, "one is left"
    await held(limited, await limited.books(request, "session", now() - timedelta(hours=5), at=now() - timedelta(hours=25)), 5)
    assert "copay of $25.05 applies" in (await visit.get()).text
    html = await chooses(visit, "end")
    assert "Noted: you end" in html and "You have chosen to end" in html
    html = await chooses(visit, "continue_with_insurance")
    assert "You have chosen to go on" in html
    assert "Ha elegido continuar con su seguro" in assert_page(await visit.get("/my-request?lang=es"), 200, "es")


async def test_S13_the_choice_in_a_browser_has_no_violation(limited: Clinic, browser: Browser) -> None:
    client, _ = await in_care(limited, scheduled=1)
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, limited, "client", client)
        asked = page.get_by_role("region", name=TITLE)
        await expect(asked.get_by_role("button", name=ON)).to_be_visible()
        found = await violations(page)
        await asked.get_by_role("button", name=END).click()
        await expect(page.get_by_role("status")).to_contain_text("Noted: you end")
        await expect(asked).to_contain_text("You have chosen to end")
        found += await violations(page)
    assert not found, "\n".join(found)
