"""Writes the pictures of the pages to docs/images, from a stack of its own: `python -m tests.pages.pictures`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import asyncpg
import httpx
from playwright.async_api import Page, expect

from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.pages.browser import chromium, context, signed_in
from tests.pages.mail import knows_address, sends
from tests.story import Story, eventually

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WISH = "Hello,\n\nI am not sure I want my health plan to see any of this. Could you explain what you share?\n\nMaria"


async def picture(page: Page, name: str, scheme: Literal["light", "dark"] = "light") -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.screenshot(path=IMAGES / f"{name}.png", full_page=True)


async def sharing_client_with_history(story: Story) -> UUID:
    client = await story.client()
    request = (await story.request(client, "opt_in")).json()["request_id"]
    provider = story.token("provider", story.provider)
    await story.call("scheduling", "POST", f"/v1/consultation-requests/{request}/acceptance", provider, headers={"if-match": '"1"'})
    for kind, day in (("consultation", 3), ("session", 10), ("session", 17)):
        body = {"kind": kind, "starts_at": f"2026-03-{day:02}T15:00:00Z"}
        await story.call("scheduling", "POST", f"/v1/consultation-requests/{request}/appointments", provider, json=body)
    await eventually(lambda: story.answered(client))
    on_behalf = {"asked_by": "client", "identity_check": "called_back"}
    path = f"/v1/clients/{client}/withdrawals"
    await story.call(
        "consent", "POST", path, story.token("privacy_officer"), json={"categories": ["assessment_results"], "on_behalf": on_behalf}
    )
    return client


async def mails(story: Story, client: UUID) -> None:
    for sender, subject, text, authenticated in (
        ("maria@example.com", "A question about my data", WISH, True),
        ("j.doe@elsewhere.example", "STOP", "Please opt me out of everything.", False),
    ):
        if authenticated:
            await knows_address(story, client, sender)
        await sends(story, sender, subject, text, authenticated)
    connection = await asyncpg.connect(story.stack.database("consent"))
    await eventually(lambda: connection.fetchval("select count(*) = 2 from mail where state = 'queued'"))
    await connection.execute("update mail set due_at = now() - interval '1 hour' where subject = 'STOP'")
    late = "insert into receipt (decision_id, sink, client_id, due_at) values ($1, 'partner_topic', $2, now() - interval '1 hour')"
    await connection.execute(late, uuid4(), client)
    await connection.execute(
        "insert into parked_client (source, client_id, reason, parked_at) values ('scheduling', $1, 'ValueError', now())", uuid4()
    )
    await connection.close()


async def draw(story: Story) -> None:
    client, other = await sharing_client_with_history(story), await sharing_client_with_history(story)
    await mails(story, other)
    await story.export_of(1)
    async with chromium() as browser, context(browser) as window:
        page = await window.new_page()
        await signed_in(page, story, "client", client)
        await expect(page.get_by_text("Your records, as they would be shared").first).to_be_visible()
        await picture(page, "my-data-sharing")
        await picture(page, "my-data-sharing-dark", "dark")
        await page.get_by_role("button", name="Stop sharing everything").click()
        await expect(page.locator(".state")).to_have_count(2)
        await picture(page, "opt-out-progress")
        await signed_in(page, story, "privacy_officer", uuid4())
        await eventually(lambda: shows_late(page))
        await picture(page, "privacy-office")


async def shows_late(page: Page) -> bool:
    await page.reload()
    late = await page.get_by_text("Places that have not answered").count()
    return late > 0 and await page.get_by_text("Last signed checkpoint").count() > 0


async def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Infrastructure() as infrastructure:
        stack = Stack(infrastructure, Path(folder), "pictures_", settings={"CONSENT_CHECKPOINT_SECONDS": "1"})
        await asyncio.to_thread(stack.start)
        try:
            async with httpx.AsyncClient(timeout=15) as http:
                await draw(await Story(stack, http).open())
        finally:
            await asyncio.to_thread(stack.stop)


if __name__ == "__main__":
    asyncio.run(main())
