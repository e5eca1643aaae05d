"""Answering what was sent, over HTTP: saved, left, resumed, corrected, handed in; twice, late, on the client's behalf, by others."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.assessments.responses.sent import Sent
from tests.story import Story

SATISFACTION, SCORES = "/v1/satisfaction-responses", "/v1/assessment-responses"
SSN = "219-09-9999"


@pytest.fixture
async def sent(story: Story) -> Sent:
    return await Sent(story, story.provider).begin("phq-9", "gad-7")


async def test_A2_what_was_sent_is_saved_left_resumed_corrected_and_handed_in_once(sent: Sent) -> None:
    for link_id, answer in (("44250-9", 3), ("44255-8", "LA6570-1"), ("44259-0", 1), ("44254-1", 0)):
        assert (await sent.saves("phq-9", link_id, answer)).status_code == 200
    assert (await sent.saves("phq-9", "44250-9", 2)).status_code == 200, "corrected"
    assert (await sent.saves("phq-9", "44254-1", None)).status_code == 200, "taken back"

    resumed = (await sent.does("client", sent.client, "GET", f"{sent.path}/answers")).json()
    phq_9, gad_7 = resumed["forms"]
    assert phq_9["answers"] == {"44250-9": "LA6570-1", "44255-8": "LA6570-1", "44259-0": "LA6569-3"}
    assert (gad_7["answers"], resumed["state"]) == ({}, "sent")
    assert await sent.facts() == [], "nobody is told of what is not handed in"
    assert (await sent.does("client", sent.client, "GET", f"{SCORES}?client_id={sent.client}")).json()["items"] == []

    for link_id in ("44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"):
        await sent.saves("phq-9", link_id, 0)
    key = {"idempotency-key": uuid4().hex}
    submitted = await sent.submits(**key)
    assert submitted.status_code == 201, submitted.text
    [scored] = submitted.json()["responses"]
    assert (scored["instrument"], scored["total"], scored["total_method"], scored["severity"]) == ("phq-9", 5, "complete", "mild")
    assert (scored["assignment_id"], scored["answered_by"]) == (str(sent.assignment), "client")
    assert (await sent.submits(**key)).json() == submitted.json(), "a repeated request is answered as before"

    twice = await sent.submits()
    assert (twice.status_code, twice.json()["code"]) == (409, "already_submitted")
    assert twice.json()["submitted_at"][:19] == submitted.json()["submitted_at"][:19]
    corrected = await sent.saves("phq-9", "44250-9", 0)
    assert (corrected.status_code, corrected.json()["code"]) == (409, "already_submitted")
    told = await sent.told()
    assert [kind for kind, _ in told].count("assessment_completed") == 1
    assert not any("LA65" in payload for _, payload in told), "no single answer is on the bus"
    alone = await sent.does("client", sent.client, "GET", f"{SCORES}/{scored['response_id']}")
    assert alone.json()["answers"]["44250-9"] == "LA6570-1"


async def test_late_is_told_with_when_it_closed_and_nothing_at_all_is_not_handed_in(sent: Sent) -> None:
    nothing = await sent.submits()
    assert (nothing.status_code, nothing.json()["code"], nothing.json()["rule"]) == (422, "nothing_answered", "A2")
    assert (await sent.saves("gad-7", "69725-0", 1)).status_code == 200
    late = {"clock-now": (sent.closes_at + timedelta(seconds=1)).isoformat()}
    for answer in (await sent.saves("gad-7", "68509-9", 1, **late), await sent.submits(**late)):
        assert (answer.status_code, answer.json()["code"]) == (409, "assessment_closed")
        assert answer.json()["closed_at"][:19] == sent.closes_at.isoformat()[:19]
    for place, body in (("gad-7/no-such", 1), ("gad-7/69725-0", 4), ("gad-7/69725-0", "LA0")):
        wrong = await sent.does("client", sent.client, "PUT", f"{sent.path}/answers/{place}", {"answer": body})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_answer")
    assert (await sent.saves("satisfaction", "recommend", 9)).status_code == 404, "it was not asked"


async def test_a_provider_answers_on_behalf_of_a_client_in_their_care_and_nobody_else_does(sent: Sent) -> None:
    provider, stranger = ("provider", sent.provider), uuid4()
    assert (await sent.saves("gad-7", "69725-0", 3, by=provider)).status_code == 200
    for role, who in (("provider", stranger), ("client", stranger)):
        assert (await sent.saves("gad-7", "69725-0", 0, by=(role, who))).status_code == 404
        assert (await sent.submits(by=(role, who))).status_code == 404
        assert (await sent.does(role, who, "GET", f"{sent.path}/answers")).status_code == 404
    for role in ("operations", "employer", "plan"):
        assert (await sent.does(role, stranger, "GET", f"{sent.path}/answers")).status_code == 403

    [scored] = (await sent.submits()).json()["responses"]
    assert (scored["answered_by"], scored["total_method"]) == ("provider", "invalid"), "one answer of seven has no total"
    one = f"{SCORES}/{scored['response_id']}"
    assert (await sent.does("provider", sent.provider, "GET", one)).json()["answers"] == {"69725-0": "LA6571-9"}
    assert (await sent.does("provider", stranger, "GET", one)).status_code == 404
    assert (await sent.does("operations", stranger, "GET", one)).status_code == 403
    listed = f"{SCORES}?client_id={sent.client}"
    assert len((await sent.does("provider", sent.provider, "GET", listed)).json()["items"]) == 1
    assert (await sent.does("provider", stranger, "GET", listed)).status_code == 404


async def test_a_whole_form_that_nobody_asked_for_answers_what_was_sent_so_that_nobody_is_asked_twice(sent: Sent) -> None:
    await sent.saves("phq-9", "44250-9", 3)

    async def whole(instrument: str, answers: dict[str, int]) -> dict[str, object]:
        body = {"client_id": str(sent.client), "instrument": instrument, "answers": answers}
        made = await sent.does("client", sent.client, "POST", SCORES, body)
        assert made.status_code == 201, made.text
        found: dict[str, object] = made.json()
        return found

    empty = await whole("phq-9", {})
    assert empty["assignment_id"] is None, "a form without any answer is no answer to it"
    first = await whole("phq-9", {"44250-9": 1})
    assert (first["assignment_id"], first["raw_sum"]) == (str(sent.assignment), 1), "the whole form replaces what was saved of it"
    assert (await sent.does("client", sent.client, "GET", f"{sent.path}/answers")).json()["state"] == "sent"
    assert (await sent.saves("phq-9", "44250-9", 2)).json()["code"] == "already_submitted"
    assert (await whole("phq-9", {"44250-9": 2}))["assignment_id"] is None, "it was answered already"
    assert (await whole("gad-7", {"69725-0": 2}))["assignment_id"] == str(sent.assignment)
    assert (await sent.does("client", sent.client, "GET", f"{sent.path}/answers")).json()["state"] == "completed"


async def test_A4_satisfaction_is_the_clients_own_and_its_comment_is_masked_and_told_to_nobody(story: Story) -> None:
    sent = await Sent(story, story.provider).begin("satisfaction")
    words = f"Reed was kind. My SSN is {SSN}."
    kept = (await sent.saves("satisfaction", "comment", words)).json()["forms"][0]["answers"]
    assert kept == {"comment": "Reed was kind. My SSN is ***-**-****."}
    body = {"client_id": str(sent.client), "score": 9, "comment": words}
    answered = await sent.does("client", sent.client, "POST", SATISFACTION, body)
    assert (answered.status_code, answered.json()["score"]) == (201, 9), answered.text

    told = await sent.told()
    assert [kind for kind, _ in told].count("satisfaction_answered") == 1
    one = f"{SCORES}/{answered.json()['response_id']}"
    own = (await sent.does("client", sent.client, "GET", one)).json()
    assert (own["assignment_id"], own["severity"], own["answers"]["recommend"]) == (str(sent.assignment), "promoter", "9")
    provider = ("provider", sent.provider)
    assert (await sent.does(*provider, "GET", one)).status_code == 404, "providers do not read what is said of the network"
    assert (await sent.does(*provider, "GET", f"{SCORES}?client_id={sent.client}")).json()["items"] == []
    assert (await sent.does(*provider, "GET", f"{sent.path}/answers")).json()["forms"] == []
    logs = [log.read_text() for log in story.stack.folder.glob("*.log")]
    assert not any(secret in text for text in (*logs, *(payload for _, payload in told)) for secret in (SSN, "Reed was kind"))


async def test_A4_nobody_answers_satisfaction_on_a_clients_behalf(story: Story) -> None:
    sent = await Sent(story, story.provider).begin("satisfaction")
    refused = await sent.saves("satisfaction", "recommend", 10, by=("provider", sent.provider))
    assert (refused.status_code, refused.json()["rule"]) == (403, "A4")
