"""The form that a link opens, over HTTP: what it answers, what it takes from whom, and to whom it shows what was answered."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.pages_assessments.practice import (
    ITEM_9,
    NEARLY_EVERY_DAY,
    NOT_AT_ALL,
    SEVERAL_DAYS,
    Practice,
    Sent,
    assert_page,
)

FIRST, SECOND = "phq-9/44250-9", "phq-9/44255-8"
SHOWN_AS_CHOSEN = "your answer"


@pytest.fixture
async def sent(practice: Practice) -> Sent:
    return await practice.sends(await practice.known())


async def test_A2_the_first_page_says_what_it_is_that_it_is_voluntary_and_until_when(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as browser:
        html = assert_page(await browser.get(sent.path), 200)
    for said in ("Answering is your choice", "does not depend on it", "Questions: 18", "Your employer never sees", "988", "911", "until"):
        assert said in html, said
    assert "set-cookie" not in (await practice.http.get(sent.url)).headers


async def test_looking_changes_nothing(practice: Practice, sent: Sent) -> None:
    """Mail scanners follow links, and the links on the pages behind them."""
    before = await practice.everything(sent.client_id)
    assert {"assignment", "known_client"} <= {table for table, rows in before.items() if rows}
    async with practice.browser() as browser:
        todo, seen = [f"{sent.path}?lang=en"], set[str]()
        while todo:
            seen.add(path := todo.pop())
            answer = await browser.get(path, follow_redirects=True)
            assert answer.status_code == 200, path
            assert "tel:988" in answer.text and "tel:911" in answer.text, path
            found = re.findall(r'href="(/forms/[^"#]+)"', answer.text)
            todo += [href for href in (one.replace("&amp;", "&") for one in found) if href not in seen and href not in todo]
        assert len(seen) > 36, "all questions in both languages"
        assert not browser.http.cookies
    assert await practice.everything(sent.client_id) == before
    assert await practice.answers(sent) == {}


async def test_an_answer_is_saved_at_once_and_the_next_question_follows(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as browser:
        saved = await browser.answer(sent, FIRST, SEVERAL_DAYS)
        assert (saved.status_code, saved.headers["location"]) == (303, f"{sent.path}/questions/{SECOND}?lang=en")
        assert await practice.answers(sent) == {"44250-9": SEVERAL_DAYS}
        assert "Answered so far: 1 of 18" in assert_page(await browser.get(sent.path), 200)
        await browser.answer(sent, FIRST, NOT_AT_ALL)
        assert await practice.answers(sent) == {"44250-9": NOT_AT_ALL}, "corrected"
        taken_back = await browser.post(f"{sent.path}/questions/{FIRST}", await browser.proof(f"{sent.path}/review") | {"take_back": "yes"})
        assert taken_back.status_code == 303
        assert await practice.answers(sent) == {}


async def test_only_the_browser_that_began_sees_the_answers(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as own, practice.browser() as other:
        await other.get(sent.path)
        begun = await own.answer(sent, FIRST, SEVERAL_DAYS)
        cookie = begun.headers["set-cookie"]
        assert all(f"; {part}" in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/forms", "Max-Age=")), cookie
        assert SHOWN_AS_CHOSEN in assert_page(await own.get(f"{sent.path}/questions/{FIRST}"), 200)
        assert "Several days" in assert_page(await own.get(f"{sent.path}/review"), 200)
        elsewhere = assert_page(await other.get(f"{sent.path}/questions/{FIRST}"), 200)
        assert SHOWN_AS_CHOSEN not in elsewhere and "You have answered this question" in elsewhere
        assert "Several days" not in assert_page(await other.get(f"{sent.path}/review"), 200)
        changed = await other.answer(sent, SECOND, NEARLY_EVERY_DAY)
        assert changed.status_code == 303 and "set-cookie" not in changed.headers, "who comes later sees nothing by answering"
        assert "Nearly every day" not in assert_page(await other.get(f"{sent.path}/review"), 200)
        name = cookie.split("=")[0]
        other.http.cookies.set(name, "0" * 64)
        assert "Several days" not in assert_page(await other.get(f"{sent.path}/review"), 200), "a forged cookie shows nothing"
        reminder = practice.link(sent.assignment_id, sent.client_id, datetime.now(UTC) + timedelta(days=2))
        assert "Several days" in assert_page(await own.get(f"{reminder.path}/review"), 200), "another link to the same form"
        another = await practice.sends(sent.client_id)
        await other.answer(another, FIRST, SEVERAL_DAYS)
        assert "Several days" not in assert_page(await other.get(f"{sent.path}/review"), 200), "another form's cookie shows nothing"


async def test_the_proof_of_one_link_is_none_for_another(practice: Practice, sent: Sent) -> None:
    another = await practice.sends(sent.client_id, "gad-7")
    async with practice.browser() as browser:
        theirs = await browser.proof(f"{another.path}/questions/gad-7/69725-0")
        path = f"{sent.path}/questions/{FIRST}"
        own = await browser.proof(path)
        for forged in ({}, {"form_proof": ""}, {"form_proof": "0" * 64}, theirs):
            assert "did not come from a page of your link" in assert_page(await browser.post(path, forged | {"answer": SEVERAL_DAYS}), 403)
        for origin in ("https://evil.example", "null"):
            assert_page(await browser.post(path, own | {"answer": SEVERAL_DAYS}, headers={"origin": origin}), 403)
        assert_page(await browser.post(f"{sent.path}/review", theirs), 403)
        assert await practice.answers(sent) == {}
        ours = {"origin": practice.stack.url("assessments")}
        assert (await browser.post(path, own | {"answer": SEVERAL_DAYS}, headers=ours)).status_code == 303


async def test_what_is_no_answer_is_refused(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as browser:
        path = f"{sent.path}/questions/{FIRST}"
        proof = await browser.proof(path)
        assert "no such answer" in assert_page(await browser.post(path, proof | {"answer": "LA6572-7"}), 422)
        assert_page(await browser.post(path, proof | {"answer": SEVERAL_DAYS, "more": "1"}), 422)
        assert_page(await browser.post(path, proof | {"answer": "x" * 9000}), 422)
        for place in ("phq-9/69725-0", "satisfaction/recommend", "x/y"):
            assert_page(await browser.get(f"{sent.path}/questions/{place}"), 404)
            assert_page(await browser.post(f"{sent.path}/questions/{place}", proof | {"answer": "0"}), 404)
        skipped = await browser.post(path, proof)
        assert (skipped.status_code, skipped.headers["location"]) == (303, f"{sent.path}/questions/{SECOND}?lang=en")
    assert await practice.answers(sent) == {}


async def test_A2_every_question_can_be_skipped(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as browser:
        html = assert_page(await browser.get(f"{sent.path}/questions/{FIRST}"), 200)
        for number in range(2, 19):
            [skip] = re.findall(r'href="([^"]+)">Skip this question', html)
            html = assert_page(await browser.get(skip.replace("&amp;", "&")), 200)
            assert f"Question {number} of 18" in html
        [skip] = re.findall(r'href="([^"]+)">Skip this question', html)
        html = assert_page(await browser.get(skip), 200)
    assert "You have answered 0 of 18 questions" in html and html.count("Not answered") == 18


async def test_an_answer_to_item_9_above_0_is_followed_by_help_at_once(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as browser:
        calm = await browser.answer(sent, ITEM_9, NOT_AT_ALL)
        assert "/questions/" in calm.headers["location"]
        worried = await browser.answer(sent, ITEM_9, SEVERAL_DAYS)
        html = assert_page(await browser.get(worried.headers["location"]), 200)
        assert html.index("988") < html.index("is told that there is something")
        assert "nobody is watching" in html
        assert "Several days" not in html and "44260" not in html.replace(worried.headers["location"].split("?")[0], "")
        assert f'href="{sent.path}/questions/phq-9/69722-7?lang=en"' in html, "and then it goes on"


async def test_once_sent_nothing_is_shown_or_taken_any_more(practice: Practice, sent: Sent) -> None:
    async with practice.browser() as browser:
        proof = await browser.proof(f"{sent.path}/review")
        assert "no answer to send yet" in assert_page(await browser.post(f"{sent.path}/review", proof), 422)
        assert (await browser.get(f"{sent.path}/thanks")).status_code == 303, "not sent yet"
        await browser.answer(sent, FIRST, SEVERAL_DAYS)
        done = await browser.post(f"{sent.path}/review", proof)
        assert (done.status_code, done.headers["location"]) == (303, f"{sent.path}/thanks?lang=en")
        assert "Your answers were sent" in assert_page(await browser.get(done.headers["location"]), 200)
        for path in ("", "/review", f"/questions/{FIRST}", f"/help/{ITEM_9}"):
            html = assert_page(await browser.get(f"{sent.path}{path}"), 409)
            assert "sent already" in html and "Several days" not in html
        for path in ("/review", f"/questions/{SECOND}"):
            assert_page(await browser.post(f"{sent.path}{path}", proof | ({"answer": NOT_AT_ALL} if "questions" in path else {})), 409)
    assert await practice.answers(sent) == {"44250-9": SEVERAL_DAYS}


async def test_links_that_are_none_or_over_say_so(practice: Practice, sent: Sent) -> None:
    client, now = sent.client_id, datetime.now(UTC)
    over = practice.link(sent.assignment_id, client, now - timedelta(seconds=5))
    unknown = practice.link(uuid4(), client, now + timedelta(days=1))
    late = await practice.sends(client, state="expired")
    not_sent = await practice.sends(client, state="queued")
    token = sent.path.removeprefix("/forms/")
    tampered = [f"/forms/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}", f"{sent.path}=", f"{sent.path}.", f"{sent.path}%0A", "/forms/x"]
    closed = await practice.sends(client, closes_in=timedelta(seconds=-5))
    still_signed = practice.link(closed.assignment_id, client, now + timedelta(days=1))
    wanted = [(over.path, 410, "has expired"), (late.path, 409, "is over"), (still_signed.path, 409, "is over")]
    wanted += [(path, 404, "does not work") for path in (unknown.path, not_sent.path, *tampered)]
    async with practice.browser() as browser:
        for path, status, said in wanted:
            for answer in (await browser.get(path), await browser.get(f"{path}/review"), await browser.post(f"{path}/review", {})):
                html = assert_page(answer, status)
                assert said in html and "988" in html, path
    assert await practice.answers(sent) == {}


async def test_the_client_s_language_comes_first_unless_the_link_names_one(practice: Practice) -> None:
    sent = await practice.sends(await practice.known("es-MX"))
    async with practice.browser("en-US") as browser:
        first = await browser.get(sent.path)
        assert (first.status_code, first.headers["location"]) == (303, f"{sent.path}?lang=es")
        html = assert_page(await browser.get(first.headers["location"]), 200, "es")
        assert "Usted decide si contesta" in html and "Línea de Prevención" in html
        assert "Answering is your choice" in assert_page(await browser.get(f"{sent.path}?lang=en"), 200)
        question = assert_page(await browser.get(f"{sent.path}/questions/{FIRST}?lang=es"), 200, "es")
        assert "Durante las últimas 2 semanas" in question and "Casi todos los días" in question
        path = f"{sent.path}/questions/{FIRST}?lang=es"
        saved = await browser.post(path, await browser.proof(path) | {"answer": SEVERAL_DAYS})
        assert saved.headers["location"].endswith(f"{SECOND}?lang=es")
        assert "Varios días" in assert_page(await browser.get(f"{sent.path}/review?lang=es"), 200, "es")
        assert "Several days" in assert_page(await browser.get(f"{sent.path}/review?lang=en"), 200)


async def test_A4_the_scale_and_the_comment(practice: Practice) -> None:
    sent = await practice.sends(await practice.known(), "satisfaction")
    async with practice.browser() as browser, practice.browser() as other:
        intro = assert_page(await browser.get(sent.path), 200)
        assert "go to the network" in intro and "Your provider can see" not in intro
        assert (await browser.answer(sent, "satisfaction/recommend", "10")).status_code == 303
        assert (await browser.answer(sent, "satisfaction/comment", "Good.\r\nMy SSN is 219-09-9999")).status_code == 303
        saved = await practice.answers(sent)
        assert saved["recommend"] == "10" and saved["comment"].startswith("Good.\n") and "219" not in saved["comment"], "C13"
        long = await browser.answer(sent, "satisfaction/comment", "é" * 2001)
        assert "more than fits" in assert_page(long, 422) and "é" * 2001 in long.text, "nothing that was written is lost"
        assert (await browser.answer(sent, "satisfaction/comment", "a\r\n" * 660)).status_code == 303, "a line's end is one character"
        before = await practice.answers(sent)
        assert (await other.answer(sent, "satisfaction/comment", " ")).status_code == 303
        assert await practice.answers(sent) == before, "who was not shown the text does not clear it"
        assert (await browser.answer(sent, "satisfaction/comment", " ")).status_code == 303
        assert "comment" not in await practice.answers(sent), "who was shown it does"


async def test_C13_neither_links_nor_answers_get_into_a_log(practice: Practice, sent: Sent) -> None:
    secret = f"said-{uuid4().hex}"
    scale = await practice.sends(sent.client_id, "satisfaction")
    async with practice.browser() as browser:
        await browser.answer(scale, "satisfaction/comment", secret)
        await browser.answer(sent, ITEM_9, NEARLY_EVERY_DAY)
        await browser.get(f"{sent.path}/nothing/here")
        await browser.post(f"{sent.path}/review", {"form_proof": "x"})
        metrics = (await browser.get("/metrics")).text
    log = (practice.stack.folder / "assessments.log").read_text()
    assert log, "there is one"
    for text in (log, metrics):
        assert not any(found in text for found in (secret, sent.path[-20:], scale.path[-20:]))
    assert "/forms/{token}" in metrics
