"""C12 and C13 on the real stack: what is never kept is refused by name, echoed nowhere, and leaves nothing behind."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.story import Story

SSN = "219-09-9999"


def assert_refused(answer: httpx.Response, field: str, ssn: str = SSN) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    body = answer.json()
    assert (body["code"], body["field"], body["rule"]) == ("ssn_refused", field, "C13")
    assert ssn not in answer.text
    assert ssn not in str(answer.headers)


def provider(**changed: Any) -> dict[str, Any]:
    return {"name": "R. Alvarez", "state": "TX", "degree": "masters", "provider_id": str(uuid4())} | changed


@pytest.mark.parametrize("ssn", [SSN, "219 09 9999", "２１９-０９-９９９９", "219\u200b-09-9999", "SSN 219099999"])
async def test_C13_an_ssn_in_a_providers_name_is_refused_and_in_no_answer(story: Story, ssn: str) -> None:
    operations, sent = story.token("operations"), provider(name=f"R. Alvarez {ssn}")
    assert_refused(await story.call("scheduling", "POST", "/v1/providers", operations, json=sent), "/body/name", ssn)
    listed = await story.call("scheduling", "GET", "/v1/providers?limit=500", operations)
    assert ssn not in listed.text
    assert sent["provider_id"] not in listed.text
    again = await story.call("scheduling", "POST", "/v1/providers", operations, json=sent | {"name": "R. Alvarez, +1 415 555 2671"})
    assert again.status_code == 201, "nothing was kept of the first"


async def test_C13_an_ssn_in_a_header_a_path_a_query_or_a_key_is_refused(story: Story) -> None:
    operations = story.token("operations")
    headers = {"idempotency-key": SSN}
    answer = await story.call("scheduling", "POST", "/v1/providers", operations, json=provider(), headers=headers)
    assert_refused(answer, "/header/Idempotency-Key")
    assert_refused(await story.call("assessments", "GET", f"/v1/instruments/{SSN}", operations), "/path/name")
    assert_refused(
        await story.call("scheduling", "POST", f"/v1/parked-clients/{SSN}/{uuid4()}/replays", operations),
        "/path/source",
    )
    answered = {"client_id": str(uuid4()), "instrument": "phq-9", "answers": {SSN: 1}}
    answer = await story.call("assessments", "POST", "/v1/assessment-responses", operations, json=answered)
    assert_refused(answer, "/body/answers/***-**-****/[key]")
    answer = await story.call("reporting", "PUT", f"/v1/recipients/{uuid4()}", operations, json={"slug": SSN, "smart_client_id": "plan"})
    assert_refused(answer, "/body/slug")
    answer = await story.call("reporting", "GET", "/fhir/$export", await story.partner.bearer(), params={"_type": SSN})
    assert (answer.status_code, SSN in answer.text) == (422, False)
    answer = await story.call("scheduling", "GET", f"/v1/providers?cursor={SSN}", operations)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert SSN not in answer.text


async def test_C13_an_ssn_as_the_name_of_a_field_is_not_echoed(story: Story) -> None:
    answer = await story.call("scheduling", "POST", "/v1/providers", story.token("operations"), json=provider(**{SSN: 1}))
    assert (answer.status_code, answer.json()["field"]) == (422, "/body/***-**-****")
    assert SSN not in answer.text


async def test_C13_no_ssn_that_was_sent_is_in_a_log(story: Story) -> None:
    await story.call("scheduling", "POST", "/v1/providers", story.token("operations"), json=provider(name=SSN))
    for log in story.stack.folder.glob("*.log"):
        assert SSN not in log.read_text()


async def kept_of(story: Story, client: str) -> int:
    connection = await asyncpg.connect(story.stack.database("scheduling"))
    try:
        kept: int = await connection.fetchval(
            "select (select count(*) from client where client_id::text = $1) + (select count(*) from journal where subject::text = $1)",
            client,
        )
        return kept
    finally:
        await connection.close()


def thirteenth(today: date) -> date:
    """Who was born on it is 13 today, and who was born on the next day is not."""
    return today.replace(year=today.year - 13, day=28 if (today.month, today.day) == (2, 29) else today.day)


def client_in(story: Story, birth_date: date) -> dict[str, Any]:
    ids = {"client_id": str(uuid4()), "employer_id": str(story.employer), "plan_id": str(story.plan)}
    return ids | {"programme": "care_connect", "birth_date": birth_date.isoformat(), "sex": "female", "state": "MA"}


@pytest.mark.parametrize(("days_after", "code"), [(1, "under_age"), (13 * 366, "invalid_request"), (-118 * 366, "invalid_request")])
async def test_C12_a_child_and_an_impossible_birth_date_are_refused_and_nothing_is_stored(story: Story, days_after: int, code: str) -> None:
    sent = client_in(story, thirteenth(datetime.now(UTC).date()) + timedelta(days=days_after))
    operations, key = story.token("operations"), {"idempotency-key": uuid4().hex}
    answer = await story.call("scheduling", "POST", "/v1/clients", operations, json=sent, headers=key)
    body = answer.json()
    assert (answer.status_code, body["code"], body["field"], body["rule"]) == (422, code, "birth_date", "C12")
    assert sent["birth_date"] not in answer.text
    found = await story.call("scheduling", "GET", f"/v1/clients/{sent['client_id']}", operations)
    assert found.status_code == 404
    assert await kept_of(story, sent["client_id"]) == 0


async def test_C12_on_the_13th_birthday_a_client_is_registered(story: Story) -> None:
    sent = client_in(story, thirteenth(datetime.now(UTC).date()))
    answer = await story.call("scheduling", "POST", "/v1/clients", story.token("operations"), json=sent)
    assert answer.status_code == 201, answer.text
    assert await kept_of(story, sent["client_id"]) == 3, "the row, and the facts that they are registered and eligible"
