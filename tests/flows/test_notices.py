"""C11: each consent is bound to the exact text that was shown, in its version and language."""

from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import uuid4

import pytest

from consent.notices.shipped import shipped
from tests.story import NOTICE, WITHDRAWN, Story

TEXT = "A notice of the customer's own, in plain words. " * 10


@pytest.fixture(autouse=True)
async def as_before(story: Story) -> AsyncIterator[None]:
    """Other tests on this stack are shown the text that it came with."""
    yield
    own = {notice["digest"] for notice in await notices(story)} - {notice.digest for notice in shipped()}
    for digest in own:
        await story.call("consent", "POST", f"/v1/notices/{digest}/withdrawal", story.token("privacy_officer"))


async def notices(story: Story, **params: str) -> list[dict[str, str]]:
    answer = await story.http.get(f"{story.stack.url('consent')}/v1/notices", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, str]] = answer.json()["items"]
    return items


async def publish(story: Story, version: str, **more: str) -> dict[str, str]:
    body = {"programme": "care_connect", "version": version, "language": "en", "effective_from": "2026-01-01T00:00:00Z"}
    officer = story.token("privacy_officer")
    answer = await story.call("consent", "POST", "/v1/notices", officer, json=body | {"text": TEXT + version} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def test_C11_the_product_comes_with_honest_texts_in_english_and_spanish_for_each_programme(story: Story) -> None:
    shown = [n for n in await notices(story) if n["version"] == "2026-01"]
    assert {(n["programme"], n["language"]) for n in shown} == {
        (programme, language) for programme in ("care_connect", "emotional_wellbeing_solutions") for language in ("en", "es")
    }
    for notice in shown:
        assert notice["digest"] == sha256(notice["text"].encode()).hexdigest()
    english = next(n["text"] for n in shown if n["language"] == "en")
    for said in (
        "only with your health plan",
        "personalised health recommendations",
        "employer never gets individual data",
        "If a law demands it",
        "summaries",
        "also those who say no",
        "Nothing changes",
    ):
        assert said in english, f"R1, C3, C5, C6, C7: {said}"


async def test_C11_a_decision_names_the_digest_of_what_was_shown_and_keeps_it(story: Story) -> None:
    client = await story.client()
    await story.request(client, "decline")
    decided = await story.decide(client, "opt_in", 1)
    assert decided.json()["notice_digest"] == NOTICE
    for digest in (WITHDRAWN, "0" * 64):
        refused = await story.decide(client, "opt_in", 2, notice_digest=digest)
        assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (409, "notice_not_current", "C11")
    other_programme = next(n["digest"] for n in await notices(story, programme="emotional_wellbeing_solutions", language="en"))
    refused = await story.decide(client, "opt_in", 2, notice_digest=other_programme)
    assert refused.json()["code"] == "notice_not_current", "the text of another programme is not what was shown"
    assert (await story.decide(client, "opt_in", 2, notice_digest="not a digest")).status_code == 422
    assert (await story.sharing(client))["version"] == 2, "nothing was kept of what was refused"


async def test_C11_a_customers_own_notice_is_decided_on_until_it_is_withdrawn_and_stays_readable_for_ever(story: Story) -> None:
    version = f"own-{uuid4().hex[:8]}"
    notice = await publish(story, version)
    assert (await publish(story, version)) == notice, "publishing it again changes nothing"
    client = await story.client()
    await story.request(client, "decline")
    assert (await story.decide(client, "opt_in", 1, notice_digest=notice["digest"])).status_code == 200
    officer = story.token("privacy_officer")
    withdrawn = await story.call("consent", "POST", f"/v1/notices/{notice['digest']}/withdrawal", officer)
    assert withdrawn.json()["withdrawn_at"] is not None
    await story.opt_out(client)
    refused = await story.decide(client, "opt_in", (await story.sharing(client))["version"], notice_digest=notice["digest"])
    assert refused.json()["code"] == "notice_not_current"
    assert notice["digest"] not in {n["digest"] for n in await notices(story)}
    read = await story.http.get(f"{story.stack.url('consent')}/v1/notices/{notice['digest']}")
    assert read.json()["text"] == TEXT + version


async def test_C11_a_published_text_never_changes(story: Story) -> None:
    version = f"own-{uuid4().hex[:8]}"
    first = await publish(story, version)
    officer = story.token("privacy_officer")
    body = {"programme": "care_connect", "version": version, "language": "en", "effective_from": "2026-01-01T00:00:00Z"}
    changed = await story.call("consent", "POST", "/v1/notices", officer, json=body | {"text": TEXT + "something else"})
    assert (changed.status_code, changed.json()["code"]) == (409, "already_exists")
    same_text = await story.call("consent", "POST", "/v1/notices", officer, json=body | {"version": f"{version}b", "text": first["text"]})
    assert (same_text.status_code, same_text.json()["code"]) == (409, "already_exists")


async def test_C11_a_notice_that_is_not_in_effect_yet_cannot_be_decided_on(story: Story) -> None:
    notice = await publish(story, f"own-{uuid4().hex[:8]}", effective_from="2099-01-01T00:00:00Z")
    client = await story.client()
    assert (await story.request(client, "opt_in", notice_digest=notice["digest"])).json()["code"] == "notice_not_current"


async def test_C11_only_the_privacy_officer_publishes(story: Story) -> None:
    for role in ("client", "plan", "operations", "employer"):
        answer = await story.call("consent", "POST", "/v1/notices", story.token(role), json={})
        assert answer.status_code == 403, role
