"""The provider's work queue in a real Chromium with JavaScript switched off, as a provider uses it."""

from datetime import timedelta
from uuid import UUID

from playwright.async_api import Locator, Page, expect

from tests.pages_scheduling.clinic import Clinic, at_noon, local, now, signed_in, through_the_portal


def card(page: Page, request: UUID) -> Locator:
    return page.locator(f"#r-{request.hex[:8].upper()}")


def recording(page: Page) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name="Appointments to record"))


async def open_up(card: Locator, summary: str) -> Locator:
    """What can be done there."""
    await card.locator("summary", has_text=summary).click()
    return card.locator("details", has=card.page.locator("summary", has_text=summary))


async def test_S7_requests_show_the_time_left_and_the_overdue_come_first_marked(clinic: Clinic, page: Page) -> None:
    fresh = await clinic.asked(await clinic.client(), now() - timedelta(hours=2))
    late = await clinic.asked(await clinic.client(), now() - timedelta(hours=25, minutes=5))
    urgent = await clinic.asked(await clinic.client(), now() - timedelta(hours=22, minutes=1))
    await through_the_portal(page, clinic, "provider", clinic.provider)
    section = page.locator("section", has=page.get_by_role("heading", name="Requests to answer"))
    shown = [await one.get_attribute("id") for one in await section.locator("article").all()]
    assert shown == [f"r-{request.hex[:8].upper()}" for request in (late, urgent, fresh)]
    await expect(card(page, late).locator(".due")).to_contain_text("overdue by 1 h 5 min")
    await expect(card(page, late).locator(".problem")).to_be_visible()
    await expect(card(page, urgent).locator(".due")).to_contain_text("1 h 58 min left")
    await expect(card(page, fresh)).to_contain_text("Language: English")
    await expect(card(page, fresh)).to_contain_text("State: CT")


async def test_of_the_client_no_more_is_shown_than_is_needed(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    await clinic.asked(client)
    await signed_in(page, clinic, "provider", clinic.provider)
    html = await page.content()
    assert str(client) not in html
    assert "1985" not in html and "female" not in html


async def test_S7_accepting_with_the_keyboard_only(clinic: Clinic, page: Page) -> None:
    request = await clinic.asked(await clinic.client())
    await signed_in(page, clinic, "provider", clinic.provider)
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent.startsWith('Accept')"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Accepted")
    assert (await clinic.request_of(request))["state"] == "accepted"
    await expect(card(page, request)).to_contain_text("The consultation is not scheduled yet")


async def test_S10_declining_with_a_reason(clinic: Clinic, page: Page) -> None:
    request = await clinic.asked(await clinic.client())
    await signed_in(page, clinic, "provider", clinic.provider, "es")
    await open_up(card(page, request), "Rechazar")
    await card(page, request).get_by_label("Motivo").select_option("no_capacity")
    await card(page, request).get_by_role("button", name="Rechazar esta solicitud").click()
    await expect(page.get_by_role("status")).to_contain_text("Rechazada")
    found = await clinic.request_of(request)
    assert (found["state"], found["decline_reason"]) == ("declined", "no_capacity")
    await expect(card(page, request)).to_have_count(0)


async def test_S8_times_are_proposed_in_the_providers_zone(clinic: Clinic, page: Page) -> None:
    request = await clinic.asked(await clinic.client())
    await signed_in(page, clinic, "provider", clinic.provider)
    await open_up(card(page, request), "Propose times")
    times = [at_noon(2), at_noon(3)]
    for number, at in enumerate(times, 1):
        await card(page, request).get_by_label(f"Time {number}").fill(local(at))
    await card(page, request).get_by_role("button", name="Accept and propose these").click()
    await expect(page.get_by_role("status")).to_contain_text("Times proposed")
    assert (await clinic.request_of(request))["proposed_times"] == [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in times]
    await expect(card(page, request).locator("ul").last).to_contain_text("12:00 (E")


async def test_S8_a_time_that_cannot_be_is_refused_with_what_to_do(clinic: Clinic, page: Page) -> None:
    request = await clinic.asked(await clinic.client())
    await signed_in(page, clinic, "provider", clinic.provider)
    await open_up(card(page, request), "Propose times")
    await card(page, request).get_by_label("Time 1").fill(local(at_noon(45)))
    await card(page, request).get_by_role("button", name="Accept and propose these").click()
    await expect(page.get_by_role("alert")).to_contain_text("within the coming 30 days")
    assert (await clinic.request_of(request))["state"] == "submitted"


async def test_from_the_consultation_to_care(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client, now() - timedelta(days=2))
    await clinic.move(request, "acceptance", at=now() - timedelta(days=2))
    await clinic.books(request, "consultation", now() - timedelta(hours=3), at=now() - timedelta(days=1))
    await signed_in(page, clinic, "provider", clinic.provider)
    await expect(recording(page)).to_contain_text("Consultation")
    await recording(page).get_by_role("button", name="It took place").click()
    await expect(page.get_by_role("status")).to_contain_text("Recorded")
    await card(page, request).get_by_role("button", name="It is a good fit").click()
    await expect(page.get_by_role("status")).to_contain_text("good fit")
    form = await open_up(card(page, request), "Schedule a session")
    await form.get_by_label("Date and time").fill(local(at_noon(1)))
    await form.get_by_role("button", name="Schedule it").click()
    await expect(page.get_by_role("status")).to_contain_text("Scheduled")
    assert (await clinic.request_of(request))["state"] == "session_scheduled"
    come = page.locator("section", has=page.get_by_role("heading", name="Appointments to come"))
    await expect(come).to_contain_text("Session")
    await expect(card(page, request)).to_have_count(0)


async def test_S10_what_is_not_a_good_fit_leaves_the_queue(clinic: Clinic, page: Page) -> None:
    request = await clinic.asked(await clinic.client(), now() - timedelta(days=2))
    await clinic.books(request, "consultation", now() - timedelta(hours=3), at=now() - timedelta(days=1))
    await signed_in(page, clinic, "provider", clinic.provider)
    await recording(page).get_by_role("button", name="It took place").click()
    await card(page, request).get_by_role("button", name="It is not a good fit").click()
    await expect(page.get_by_role("status")).to_contain_text("offered other providers")
    assert (await clinic.request_of(request))["state"] == "not_a_good_fit"


async def test_a_missed_consultation_is_to_be_scheduled_again(clinic: Clinic, page: Page) -> None:
    request = await clinic.asked(await clinic.client(), now() - timedelta(days=2))
    await clinic.books(request, "consultation", now() - timedelta(hours=3), at=now() - timedelta(days=1))
    await signed_in(page, clinic, "provider", clinic.provider)
    await page.get_by_role("button", name="The client did not come").click()
    await expect(page.get_by_role("status")).to_contain_text("Recorded")
    form = await open_up(card(page, request), "Schedule the consultation")
    await form.get_by_label("Date and time").fill(local(at_noon(2)))
    await form.get_by_role("button", name="Schedule it").click()
    await expect(page.get_by_role("status")).to_contain_text("Scheduled")


async def test_appointments_are_moved_and_cancelled(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    await clinic.books(request, "consultation", at_noon(2))
    await signed_in(page, clinic, "provider", clinic.provider)
    come = page.locator("section", has=page.get_by_role("heading", name="Appointments to come")).locator("article")
    await open_up(come, "Move or cancel")
    await come.get_by_label("Date and time").fill(local(at_noon(3)))
    await come.get_by_role("button", name="Move it").click()
    await expect(page.get_by_role("status")).to_contain_text("Moved")
    assert (await clinic.appointment_of(client))["starts_at"] == at_noon(3).strftime("%Y-%m-%dT%H:%M:%SZ")
    await open_up(come, "Move or cancel")
    await come.get_by_role("button", name="Cancel it").click()
    await expect(page.get_by_role("status")).to_contain_text("Cancelled")
    assert (await clinic.appointment_of(client))["state"] == "cancelled"


async def test_two_appointments_at_once_are_refused_with_what_to_do(clinic: Clinic, page: Page) -> None:
    first, second = [await clinic.asked(await clinic.client()) for _ in range(2)]
    await clinic.books(first, "consultation", at_noon(2))
    await signed_in(page, clinic, "provider", clinic.provider)
    form = await open_up(card(page, second), "Schedule the consultation")
    await form.get_by_label("Date and time").fill(local(at_noon(2)))
    await form.get_by_role("button", name="Schedule it").click()
    await expect(page.get_by_role("alert")).to_contain_text("That time is taken")
    assert (await clinic.request_of(second))["state"] == "submitted"


async def test_a_request_that_changed_meanwhile_is_shown_as_it_is_now(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    await signed_in(page, clinic, "provider", clinic.provider)
    await clinic.scheduling("POST", f"/v1/consultation-requests/{request}/withdrawal", "client", client)
    await card(page, request).get_by_role("button", name="Accept").first.click()
    await expect(page.get_by_role("alert")).to_contain_text("has changed")
    await expect(card(page, request)).to_have_count(0)


async def test_messages_are_read_and_marked(clinic: Clinic, page: Page) -> None:
    await clinic.asked(await clinic.client())
    await signed_in(page, clinic, "provider", clinic.provider)
    await expect(page.locator(".unread")).to_contain_text("new consultation request")
    await page.get_by_role("button", name="Mark as read").click()
    await expect(page.locator(".unread")).to_have_count(0)
