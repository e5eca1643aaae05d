"""The client's page in a real Chromium with JavaScript switched off, as a client uses it."""

from datetime import timedelta

from playwright.async_api import Page, expect

from tests.pages_scheduling.clinic import Clinic, at_noon, local, now, signed_in, through_the_portal
from tests.story import eventually


async def test_S7_S8_S9_the_way_to_the_first_session_with_what_is_promised(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    await clinic.asked(client)
    await through_the_portal(page, clinic, "client", client)
    await expect(page.get_by_role("heading", name="With Dr. Reed")).to_be_visible()
    steps = page.locator(".steps li")
    assert [await step.locator("strong").inner_text() for step in await steps.all()] == [
        "You asked",
        "The provider answers",
        "Consultation",
        "First session",
    ]
    await expect(page.locator("[aria-current=step]")).to_contain_text("The provider answers")
    for n in (1, 2, 3):
        await expect(steps.nth(n)).to_contain_text("by")
    await expect(page.locator("dl")).to_contain_text("Without an answer, we offer you others")
    await expect(page.locator("dl")).to_contain_text("Your first session takes place")


async def test_S8_one_of_the_proposed_times_is_chosen(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    times = [at_noon(2), at_noon(3)]
    await clinic.move(request, "proposed-times", {"times": [at.isoformat() for at in times]})
    await signed_in(page, clinic, "client", client)
    await expect(page.get_by_text("The provider has proposed times").first).to_be_visible()
    offered = page.get_by_role("group", name="Proposed times").get_by_role("radio")
    assert await offered.count() == 2
    assert await page.get_by_role("radio", checked=True).count() == 0, "nothing is chosen for the client"
    await offered.nth(1).check()
    await page.get_by_role("button", name="Book this time").click()
    await expect(page.get_by_role("status")).to_contain_text("Booked")
    found = await clinic.appointment_of(client)
    assert (found["kind"], found["starts_at"]) == ("consultation", times[1].strftime("%Y-%m-%dT%H:%M:%SZ"))
    await expect(page.locator("[aria-current=step]")).to_contain_text("Consultation")


async def test_S6_an_open_time_is_booked_moved_and_cancelled(clinic: Clinic, page: Page) -> None:
    await clinic.opens_hours()
    client = await clinic.client()
    request = await clinic.asked(client)
    await signed_in(page, clinic, "client", client)
    await page.locator("summary", has_text="Book an open time").click()
    await page.get_by_role("button", name="Book it").click()
    await expect(page.get_by_role("status")).to_contain_text("Booked")
    booked = await clinic.appointment_of(client)
    await page.locator("summary", has_text="Move or cancel").click()
    other = page.get_by_label("Open time")
    await other.select_option(index=5)
    await page.get_by_role("button", name="Move it").click()
    await expect(page.get_by_role("status")).to_contain_text("Moved")
    assert (await clinic.appointment_of(client))["starts_at"] != booked["starts_at"]
    await page.locator("summary", has_text="Move or cancel").click()
    await page.get_by_role("button", name="Cancel it").click()
    await expect(page.get_by_role("status")).to_contain_text("Cancelled")
    await clinic.is_in(request, "accepted")


async def test_S10_after_a_decline_others_are_offered_each_with_its_reasons_and_one_is_chosen(clinic: Clinic, page: Page) -> None:
    for name in ("Dr. Alba", "Dr. Bloom"):
        await clinic.colleague(name)
    client = await clinic.client()
    request = await clinic.asked(client)
    await clinic.move(request, "refusal", {"reason": "no_capacity"})
    await signed_in(page, clinic, "client", client)
    others = page.locator("section", has=page.get_by_role("heading", name="Other providers for you"))
    assert await others.locator("li > h3").count() >= 2
    await expect(others.locator("li", has=page.get_by_role("heading")).first).to_contain_text("Speaks English")
    assert "no_capacity" not in await page.content(), "the provider's reason is for the team"
    name = await others.locator("li > h3").first.inner_text()
    await others.get_by_role("button", name=f"Ask this provider – {name}").click()
    await expect(page.get_by_role("status")).to_contain_text("Asked")
    await expect(page.get_by_role("heading", name=f"With {name}")).to_be_visible()
    await expect(others).to_have_count(0)
    states = sorted(found["state"] for found in await clinic.requests_of(client))
    assert states == ["declined", "submitted"]


async def test_S11_without_an_answer_for_three_days_others_are_offered(clinic: Clinic, page: Page) -> None:
    await clinic.colleague("Dr. Alba")
    client = await clinic.client()
    request = await clinic.asked(client, now() - timedelta(hours=72, minutes=5))
    await clinic.is_in(request, "timed_out")
    await clinic.is_late(request, "S7")
    await signed_in(page, clinic, "client", client)
    await expect(page.get_by_text("You have had no answer for three days").first).to_be_visible()
    await expect(page.locator("dl")).to_contain_text("Late: our team has been told")
    await page.get_by_role("button", name="Ask this provider").first.click()
    await expect(page.get_by_role("status")).to_contain_text("Asked")
    await clinic.is_in(request, "withdrawn")


async def test_S14_another_provider_is_asked_for(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    await signed_in(page, clinic, "client", client)
    await page.locator("summary", has_text="Withdraw, or ask").click()
    await page.get_by_role("button", name="Find me another provider").click()
    await expect(page.get_by_role("status")).to_contain_text("We look for another provider")
    await expect(page.get_by_role("heading", name="Other providers for you")).to_be_visible()
    assert (await clinic.request_of(request))["state"] == "withdrawn"


async def test_S10_after_the_consultation_the_client_says_that_it_was_a_good_fit(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client, now() - timedelta(days=2))
    consultation = await clinic.books(request, "consultation", now() - timedelta(hours=3), at=now() - timedelta(days=1))
    await signed_in(page, clinic, "client", client)
    good = page.get_by_role("button", name="It was a good fit")
    await expect(good).to_have_count(0)
    held = {"held_on": local(now() - timedelta(hours=3))[:10]}
    await clinic.scheduling("POST", f"/v1/appointments/{consultation}/completion", "provider", clinic.provider, json=held)
    await page.reload()
    await good.click()
    await expect(page.get_by_role("status")).to_contain_text("Noted as a good fit")
    assert (await clinic.request_of(request))["state"] == "good_fit"
    await expect(good).to_have_count(0)
    await expect(page.get_by_text("Your provider schedules the first session.").first).to_be_visible()


async def test_a_request_is_withdrawn_without_a_reason(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    request = await clinic.asked(client)
    await signed_in(page, clinic, "client", client, "es")
    await page.locator("summary", has_text="Retirar, o pedir").click()
    await page.get_by_role("button", name="Retirar mi solicitud").click()
    await expect(page.get_by_role("status")).to_contain_text("Retirada")
    assert (await clinic.request_of(request))["state"] == "withdrawn"
    await expect(page.locator(".steps")).to_have_count(0)


async def test_S12_where_the_network_does_not_operate_the_client_joins_the_waitlist(clinic: Clinic, page: Page) -> None:
    provider, client = await clinic.colleague("Dr. West", "WY"), await clinic.client("WY")
    await clinic.asked(client, provider=provider)
    await signed_in(page, clinic, "client", client)
    await page.get_by_role("button", name="Join the waitlist", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("You are on the waitlist")
    await expect(page.get_by_text("You are on the waitlist of WY since")).to_be_visible()


async def test_messages_are_read_in_the_pages_language_and_mailed_in_the_clients(clinic: Clinic, page: Page) -> None:
    client = await clinic.client()
    contact = {"email": f"{client.hex[:12]}@mail.example", "language": "es"}
    await clinic.scheduling("PUT", f"/v1/clients/{client}/contact", "client", client, json=contact)
    request = await clinic.asked(client)
    await clinic.move(request, "acceptance")
    await signed_in(page, clinic, "client", client)
    await expect(page.locator(".unread")).to_contain_text("Your request has been accepted")
    await page.get_by_role("link", name="Español").click()
    await expect(page.locator(".unread")).to_contain_text("Su solicitud ha sido aceptada")
    await page.get_by_role("button", name="Marcar como leído").click()
    await expect(page.locator(".unread")).to_have_count(0)

    async def mailed() -> bool:
        found = await clinic.http.get(f"{clinic.stack.url('mailbox')}/mails", params={"to": contact["email"]})
        return bool(found.json())

    await eventually(mailed)
    (mail,) = (await clinic.http.get(f"{clinic.stack.url('mailbox')}/mails", params={"to": contact["email"]})).json()
    assert mail["headers"]["subject"] == "Hay novedades para usted"
    assert f"{clinic.stack.url('scheduling')}/my-request" in mail["text"]


async def test_who_has_asked_nobody_is_told_where_to(clinic: Clinic, page: Page) -> None:
    await signed_in(page, clinic, "client", await clinic.client())
    await expect(page.get_by_text("You have not asked anybody yet")).to_be_visible()
