"""The officer's page of recipients: who may get anything, under which contract, how they were audited (C14)."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest
from playwright.async_api import Browser, FilePayload, Locator, Page, expect
from pydantic import ValidationError

from consent.pages import office_contract_form as form_of
from consent.pages import office_contracts as page_of
from reporting.audits.rules import FindingCode, Outcome, Severity
from reporting.contracts.routes import ContractIn
from reporting.contracts.rules import REQUIRED, EndReason, Obligation
from tests.pages.browser import context, signed_in
from tests.pages.test_accessibility import violations
from tests.story import Story


def test_C14_the_page_offers_whatever_there_is() -> None:
    for offered, there_is in (
        (page_of.Reason, EndReason),
        (page_of.Outcome, Outcome),
        (page_of.Severity, Severity),
        (page_of.Code, FindingCode),
        (form_of.Offered, Obligation),
    ):
        assert get_args(offered) == tuple(there_is)
    assert set(get_args(form_of.Required)) == REQUIRED
    bounds = ContractIn.model_json_schema()["properties"]
    assert {name: (bounds[name]["minimum"], bounds[name]["maximum"]) for name in form_of.PERIODS} == form_of.PERIODS


def test_C14_a_last_day_that_no_day_follows_is_refused() -> None:
    with pytest.raises(ValidationError, match="last_day\n  Input should be less than"):
        form_of.ContractForm.model_validate({"last_day": "9999-12-31"})


TOO_WIDE = """
() => [...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > 320).map(one => one.outerHTML)"""


def plan(page: Page, story: Story) -> Locator:
    return page.locator(f'[data-recipient="{story.plan}"]')


async def signs(page: Page, today: date, last_day: date) -> None:
    await page.get_by_label("Reference of the contract").fill("MSA 2026/2")
    await page.get_by_label("Legal entity").fill("Example Health Plan, Inc.")
    await page.get_by_label("Its postal address").fill("1 Example Street, Springfield, IL 62701")
    for bound in await page.get_by_role("checkbox").all():
        await bound.check()
    await page.get_by_label("First day").fill(str(today))
    await page.get_by_label("Last day").fill(str(last_day))
    file: FilePayload = {"name": "contract.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 signed"}
    await page.get_by_label("The signed document").set_input_files(file)
    await page.get_by_role("button", name="Put on file").click()


async def test_C14_the_officer_ends_and_resumes_a_contract_and_keeps_the_audits(story: Story, browser: Browser) -> None:
    found: list[str] = []
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await signed_in(page, story, "privacy_officer", uuid4())
        await page.get_by_role("link", name="Recipients and their contracts").click()
        await expect(plan(page, story).get_by_text("May receive data")).to_be_visible()
        await plan(page, story).get_by_role("link").click()
        mine = plan(page, story)
        await expect(mine.get_by_text("May receive data")).to_be_visible()
        await expect(mine.get_by_text("Example Health Plan, Inc.")).to_be_visible()
        await expect(mine.get_by_text("Overdue")).to_be_visible()  # never audited, and the contract is of 2020
        found += await violations(page)

        await mine.get_by_label("Day of the next audit").fill("2026-01-15")
        await mine.get_by_role("button", name="Announce an audit").click()
        await expect(page.get_by_role("status")).to_contain_text("The audit is announced.")
        await mine.get_by_text("Report what was found").first.click()
        found += await violations(page)
        today = datetime.now(UTC).date()
        await mine.get_by_label("Performed on").fill(str(today))
        await mine.get_by_role("button", name="Report what was found").click()
        await expect(page.get_by_role("status")).to_contain_text("The audit is on file.")
        await expect(mine.get_by_text("Overdue")).to_have_count(0)

        await mine.get_by_label("Why it ends").select_option("breach")
        await mine.get_by_role("button", name="End this contract now").click()
        await expect(page.get_by_role("status")).to_contain_text("The contract is ended.")
        await expect(mine.get_by_text("Receives nothing")).to_be_visible()
        await expect(mine.get_by_text("the contract was ended")).to_be_visible()
        await expect(mine.get_by_role("button", name="Let this recipient receive again")).to_have_count(0)
        await mine.get_by_role("link", name="Put a contract on file").click()
        found += await violations(page)
        await signs(page, today, last_day=today - timedelta(days=1))
        await expect(page.get_by_role("alert")).to_contain_text("This is no contract under which data may be released")
        await expect(page.get_by_label("Legal entity")).to_have_value("Example Health Plan, Inc.")
        found += await violations(page)
        await signs(page, today, last_day=today + timedelta(days=50))
        await expect(page.get_by_role("status")).to_contain_text("The contract is on file.")
        await expect(mine.get_by_text("MSA 2026/2: in force")).to_be_visible()
        await expect(mine.get_by_text("Receives nothing")).to_be_visible()  # C14: the officer opens it again, nothing else does
        await page.get_by_role("link", name="Español").click()
        found += await violations(page)
        await mine.get_by_role("button", name="Permitir que reciba de nuevo").click()
        await expect(page.get_by_role("status")).to_contain_text("puede recibir de nuevo")
        await expect(mine.get_by_text("Termina pronto")).to_be_visible()
        found += await violations(page)
        await expect(mine.get_by_text("Puede recibir datos")).to_be_visible()
        await page.set_viewport_size({"width": 320, "height": 800})
        assert await page.evaluate(TOO_WIDE) == []
    assert not found, "\n".join(found)


async def test_C14_findings_stay_on_the_page_until_they_are_mended(story: Story, page: Page) -> None:
    await signed_in(page, story, "privacy_officer", uuid4())
    await page.goto(f"{story.stack.url('consent')}/privacy-office/contracts/{story.plan}")
    mine, today = plan(page, story), datetime.now(UTC).date()
    await mine.get_by_label("Day of the next audit").fill(str(today))
    await mine.get_by_role("button", name="Announce an audit").click()
    await mine.get_by_text("Report what was found").first.click()
    await mine.get_by_label("Performed on").fill(str(today))
    first = mine.get_by_role("group", name="Finding 1")
    await first.get_by_label("What was found").select_option("deletion_late")
    await first.get_by_label("To be mended by").fill(str(today - timedelta(days=1)))
    await mine.get_by_role("button", name="Report what was found").click()
    await expect(page.get_by_role("alert")).to_contain_text("This does not go together")
    await mine.get_by_text("Report what was found").first.click()
    await mine.get_by_label("Performed on").fill(str(today))
    await mine.get_by_label("Outcome").select_option("findings")
    await first.get_by_label("What was found").select_option("deletion_late")
    await first.get_by_label("To be mended by").fill(str(today - timedelta(days=1)))
    await mine.get_by_role("button", name="Report what was found").click()
    finding = mine.get_by_role("listitem").filter(has_text="Deleted late (low)").last
    await expect(finding).to_contain_text("Overdue")
    await finding.get_by_role("button", name="It is mended").click()
    await expect(page.get_by_role("status")).to_contain_text("The finding is mended.")
    await expect(finding).to_contain_text("mended on")
    await expect(finding).not_to_contain_text("Overdue")
