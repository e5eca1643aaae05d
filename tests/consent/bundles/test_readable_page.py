"""The readable page says all that was decided, disclosed, recalled and counted; anybody can read it, in both languages."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from common.contracts.privacy import SERVICES, RecordCategory
from consent.bundles.composing import compose
from consent.bundles.readable import texts
from consent.bundles.views import instruments, view_of, views
from tests.consent.bundles import sample
from tests.consent.bundles.sample import ABOUT, CLIENT, OPTED_IN, OPTED_OUT, SAID, registered
from tests.pages.browser import context
from tests.pages.test_accessibility import RULES, SCAN

PUBLISHED = Path(__file__).parents[3] / "services" / "assessments" / "instruments" / "published"
FAMILIES = Path(__file__).parents[3] / "services" / "reporting" / "measures" / "published"


@cache
def page_of(language: str) -> str:
    return compose(ABOUT, sample.parts(), sample.disclosures(), language)["index.html"].decode()


def test_C9_every_decision_disclosure_recall_and_family_is_on_the_page(language: str) -> None:
    parts, left, t = sample.parts(), sample.disclosures(), texts(language)
    page = compose(ABOUT, parts, left, language)["index.html"].decode()
    shown = {name: table for name, table in re.findall(r'data-table="([\w.]+)">(.*?)</table>', page, re.S)}
    assert all(str(one) in shown["decisions"] for one in (OPTED_IN, OPTED_OUT)) and t("did.consent_withdrawn") in shown["decisions"]
    assert shown["disclosures"].count('<tr role="row">') == 1 + len(left)
    assert all(t(f"path.{one['path']}") in shown["disclosures"] for one in left) and t("value.refused") in shown["disclosures"]
    assert all(row["recall_id"] in shown["recalls"] for row in parts[3].tables["recall"])
    families = [json.loads(file.read_text())["code"] for file in FAMILIES.glob("*.json")]
    assert all(t(f"family.{family}") in shown["families"] for family in families) and len(families) == 3
    assert str(CLIENT) in page and ABOUT.privacy_address in page and t("bundle.correct.how") in page


def test_C10_every_table_that_holds_something_is_counted_on_the_page() -> None:
    page = page_of("en")
    for part in sample.parts():
        for table in part.tables:
            assert f'<code>{table}</code></th><td role="cell" data-label="File"><code>records/{part.service}.json</code>' in page


def test_C10_what_somebody_wrote_stands_there_as_they_wrote_it_and_does_nothing() -> None:
    page = page_of("en")
    assert SAID not in page and "<script" not in page and "<b>not" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page and "Court &lt;of&gt; Appeals" in page and "🙂" in page
    assert not re.search(r'\b(?:src|href)="(?!#)', page), "it stands alone"


def test_C10_answers_are_read_in_the_words_of_the_questionnaire() -> None:
    assert "Little interest or pleasure in doing things – Several days" in page_of("en")
    for file in PUBLISHED.glob("*.v1.*.json"):
        published = json.loads(file.read_text(encoding="utf-8"))
        known = instruments()[published["name"]][published["language"]]
        assert known["items"] == {item["link_id"]: item["text"] for item in published["items"]}
        assert known["answers"] == {one["code"]: one["text"] for answers in published["answer_lists"].values() for one in answers}


def test_C10_the_page_orders_tables_by_the_kinds_that_their_services_say() -> None:
    for service in SERVICES:
        for name, (_, held) in registered(service).items():
            assert view_of(service, name).category is held.category, f"{service}.{name}"


def test_C10_whatever_the_page_shows_has_a_name_of_its_own_in_both_languages() -> None:
    for language in ("en", "es"):
        t = texts(language)
        shown = {f"table.{service}.{table}" for (service, table), view in views().items() if view.columns}
        assert all(t.has(name) for name in shown) and len({t(name) for name in shown}) == len(shown)
        assert all(t.has(f"column.{column}") for view in views().values() for column in view.columns)
        assert all(t.has(f"held.{category}{end}") for category in RecordCategory for end in ("", ".what"))


def test_C10_both_languages_say_the_same_things() -> None:
    folder = Path(__file__).parents[3] / "services" / "consent" / "pages" / "texts"
    for part in ("bundle", "holdings"):
        english, spanish = (json.loads((folder / f"{part}.{language}.json").read_text(encoding="utf-8")) for language in ("en", "es"))
        assert english.keys() == spanish.keys()
        assert all(re.findall(r"\{\w+\}", english[key]) == re.findall(r"\{\w+\}", spanish[key]) for key in english)


async def violations(page: Page) -> list[str]:
    """In the light only: the style sheet is that of all pages, which are scanned in the dark."""
    await page.evaluate(Axe().axe_script)
    seen: dict[str, Any] = await page.evaluate(SCAN, RULES)
    assert seen["passes"] > 15, "the scan has looked"
    found: list[str] = seen["violations"]
    return found


async def test_C10_the_page_has_no_violation_and_fits_a_narrow_screen(browser: Browser, language: str, tmp_path: Path) -> None:
    file = tmp_path / f"{language}.html"
    file.write_text(page_of(language), encoding="utf-8")
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await page.goto(file.as_uri())
        found = await violations(page)
        await page.set_viewport_size({"width": 320, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert not found, "\n".join(found)


async def test_C10_of_somebody_of_whom_nothing_is_held_the_page_says_so(browser: Browser) -> None:
    made = compose(ABOUT, [], [], "en")["index.html"].decode()
    async with context(browser, script=True) as window:
        page = await window.new_page()
        await page.set_content(made)
        assert await page.get_by_text("Nothing about you has left.").is_visible()
        assert not await violations(page)
