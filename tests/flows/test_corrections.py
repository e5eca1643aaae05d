"""Corrections on the real stack (C10, 45 CFR 164.526): made by the owner of the record, and told to whoever was given it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from common.contracts.partner import CORRECTED_TYPE
from tests.reporting.partner_topics.reading import notices, states
from tests.reporting.webhooks.receiver import receiving
from tests.story import Story, eventually

SHARED = ["contact_and_demographics", "satisfaction"]
STATE = {"service": "scheduling", "record_table": "client", "field": "state", "wanted": "VT", "reason": "I have moved."}
DISPUTED = {"system": "urn:care-connect:disputed", "code": "disputed"}


async def ask(story: Story, client: UUID, said: dict[str, Any] = STATE, **more: Any) -> Any:
    answer = await story.call("consent", "POST", f"/v1/clients/{client}/corrections", story.token("client", client), json=said, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()["correction_id"]


async def officer(story: Story, correction: str, step: str, body: Any = None, status: int = 200) -> Any:
    answer = await story.call("consent", "POST", f"/v1/corrections/{correction}/{step}", story.token("privacy_officer"), json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def read(story: Story, client: UUID, correction: str) -> dict[str, Any]:
    answer = await story.call("consent", "GET", f"/v1/corrections/{correction}", story.token("client", client))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def becomes(story: Story, client: UUID, correction: str, state: str, seconds: float = 30) -> dict[str, Any]:
    async def there() -> Any:
        found = await read(story, client, correction)
        return found if found["state"] == state else None

    found: dict[str, Any] = await eventually(there, seconds)
    return found


async def told(story: Story, client: UUID) -> list[dict[str, Any]]:
    """Who was told, as the client sees it."""
    answer = await story.call("reporting", "GET", f"/v1/clients/{client}/data-corrections", story.token("client", client))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def all_told(story: Story, client: UUID) -> Any:
    found = await told(story, client)
    return found if found and all(one["told_at"] for one in found) else None


async def as_recipient(story: Story, correction: str) -> dict[str, Any]:
    plan = story.token("plan", story.plan)
    answer = await story.call("reporting", "GET", f"/v1/data-corrections/{correction}", plan)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def exported(story: Story) -> dict[str, dict[str, Any]]:
    """Everything that the plan is given now, by `Type/id`."""
    found = await story.partner.resources(await story.export_of(1))
    return {f"{one['resourceType']}/{one['id']}": one for one in found}


async def sent_to(story: Story, client: UUID, template: str) -> bool:
    answer = await story.call("scheduling", "GET", "/v1/notifications?limit=100", story.token("client", client))
    return any(item["template"] == template for item in answer.json()["items"])


async def test_C10_an_accepted_correction_reaches_the_record_the_topic_and_whoever_was_given_it(story: Story) -> None:
    async with receiving() as endpoint:
        registered = await story.partner.register(story.token("operations"), webhook_url=endpoint.url)
        client = await story.sharing_client(categories=SHARED)
        [patient] = [name for name in await exported(story) if name.startswith("Patient/")]
        correction = await ask(story, client)
        await officer(story, correction, "acceptance")
        done = await becomes(story, client, correction, "applied")
        assert [line["what"] for line in done["history"]] == ["asked", "accepted", "applied"]
        record = await story.call("scheduling", "GET", f"/v1/clients/{client}", story.token("client", client))
        assert record.json()["state"] == "VT"

        [one] = await eventually(lambda: all_told(story, client))
        assert (one["correction_id"], one["kind"], one["recipient"]) == (correction, "corrected", story.partner.slug)
        url = f"{story.stack.url('reporting')}/v1/data-corrections/{correction}"
        [notice] = [n.value for n in await notices(story.stack, story.partner.slug) if n.type == CORRECTED_TYPE]
        assert notice == {"correction_id": correction, "url": url}

        async def called() -> bool:
            return bool(endpoint.received)

        await eventually(called)
        [said] = endpoint.verified(registered["webhook_secret"])
        assert (said["type"], said["data"]) == ("data.corrected", notice)
        assert str(client) not in str(endpoint.received)

    listed = await as_recipient(story, correction)
    assert (listed["kind"], listed["fields"], listed["resources"]) == ("corrected", ["state"], [patient])
    assert (await exported(story))[patient]["address"] == [{"state": "VT", "country": "US"}]

    async def on_topic() -> bool:
        last = [found.value for found in await states(story.stack, story.partner.slug) if found.value][-1]
        return "VT" in str(last)

    await eventually(on_topic)
    path = f"/v1/data-corrections/{correction}/acknowledgement"
    assert (await story.call("reporting", "POST", path, story.token("plan", story.plan))).status_code == 200
    assert (await told(story, client))[0]["acknowledged_at"] is not None
    for method, where in (("GET", f"/v1/data-corrections/{correction}"), ("POST", path)):
        assert (await story.call("reporting", method, where, story.token("plan"))).status_code == 404
    await eventually(lambda: sent_to(story, client, "correction_accepted_client"))


async def test_C10_C13_a_refusal_says_its_ground_and_what_is_disputed_leaves_with_a_tag(story: Story) -> None:
    client = await story.sharing_client(categories=SHARED)
    before = await exported(story)
    [patient] = [name for name in before if name.startswith("Patient/")]
    assert DISPUTED not in before[patient]["meta"]["tag"]
    correction = await ask(story, client, STATE | {"reason": "My number is 078-05-1120, look it up."})
    await officer(story, correction, "refusal", {"ground": "because"}, 422)
    await officer(story, correction, "refusal", {"ground": "accurate_and_complete"})
    await officer(story, correction, "acceptance", status=409)
    await eventually(lambda: sent_to(story, client, "correction_refused_client"))
    path, mine = f"/v1/corrections/{correction}/disagreement", story.token("client", client)
    for status in (200, 409):
        answer = await story.call("consent", "POST", path, mine, json={"text": "I live in Vermont, SSN 078-05-1120."})
        assert answer.status_code == status, answer.text
    await officer(story, correction, "rebuttal", {"text": "The mail came back."})
    [one] = await eventually(lambda: all_told(story, client))
    assert one["kind"] == "disputed"
    listed = await as_recipient(story, correction)
    assert (listed["ground"], listed["resources"]) == ("accurate_and_complete", [patient])
    after = await exported(story)
    assert DISPUTED in after[patient]["meta"]["tag"] and after[patient]["address"][0]["state"] == "MA"
    assert "Vermont" not in str(after) + str(listed)

    kept = await read(story, client, correction)
    assert kept["wish"]["reason"] == "My number is ***-**-****, look it up."
    assert (kept["disagreement"], kept["rebuttal"]) == ("I live in Vermont, SSN ***-**-****.", "The mail came back.")
    db = await asyncpg.connect(story.stack.database("consent"))
    row = await db.fetchrow("select * from correction where correction_id = $1", UUID(correction))
    with pytest.raises(asyncpg.RestrictViolationError):
        await db.execute("update correction_history set what = 'applied' where correction_id = $1", UUID(correction))
    await db.close()
    assert b"look it up" not in row["reason"] and b"Vermont" not in row["disagreement"] and b"mail" not in row["rebuttal"]


async def test_C10_an_amendment_is_linked_to_the_record_and_told_but_nothing_of_what_is_recalled(story: Story) -> None:
    client, other = await story.sharing_client(categories=SHARED), await story.sharing_client(categories=SHARED)
    given = await exported(story)
    db = await asyncpg.connect(story.stack.database("reporting"))
    answers = {
        one: await db.fetchval("select record_id from record where client_id = $1 and category = 'satisfaction'", one)
        for one in (client, other)
    }
    await db.close()
    await story.opt_out(other)
    for one in (client, other):
        said = {"service": "assessments", "record_table": "assessment_response", "record_id": str(answers[one]), "field": "score"}
        correction = await ask(story, one, said | {"wanted": "3", "reason": "I meant 3."})
        assert (await officer(story, correction, "acceptance"))["state"] == "applied"
        db = await asyncpg.connect(story.stack.database("consent"))
        done = "select done_at from correction_delivery where correction_id = $1"
        await eventually(lambda: db.fetchval(done, UUID(correction)))  # noqa: B023
        await db.close()
        if one == client:
            [found] = await eventually(lambda: all_told(story, client))
            assert found["kind"] == "amended"
            listed = await as_recipient(story, correction)
            assert sorted(name.split("/")[0] for name in listed["resources"]) == ["Observation", "QuestionnaireResponse"]
            assert set(listed["resources"]) <= set(given)
    assert await told(story, other) == []


async def test_C10_the_officer_is_warned_the_period_is_extended_once_and_a_breach_is_on_record(story: Story) -> None:
    client, now = await story.client(), datetime.now(UTC)
    fresh, late = [await ask(story, client, headers={"clock-now": (now - timedelta(days=days)).isoformat()}) for days in (51, 62)]

    async def has(correction: str, what: str) -> bool:
        return what in [line["what"] for line in (await read(story, client, correction))["history"]]

    await eventually(lambda: has(fresh, "warned"))
    await eventually(lambda: has(late, "overdue"))
    extended = await officer(story, fresh, "extension", {"reason": "clinician_review"})
    due = datetime.fromisoformat(extended["due_at"])
    assert now - timedelta(days=51) + timedelta(days=90) <= due <= now - timedelta(days=51) + timedelta(days=91)
    for correction in (fresh, late):
        await officer(story, correction, "extension", {"reason": "proof_awaited"}, 409)
    await eventually(lambda: sent_to(story, client, "correction_extended_client"))
    answer = await story.call("consent", "GET", "/v1/corrections", story.token("privacy_officer"))
    listed = {one["correction_id"]: one["overdue"] for one in answer.json()["items"]}
    assert (listed[fresh], listed[late]) == (False, True)
    db = await asyncpg.connect(story.stack.database("consent"))
    missed = "select payload::jsonb ->> 'policy' from journal where subject = $1 and type = 'consent.statutory_deadline_missed.v1'"
    assert await db.fetchval(missed, UUID(late)) == "correction" and await db.fetchval(missed, UUID(fresh)) is None
    for policy in ("correction", "correction_extended"):
        running = "select count(*) filter (where due_at < now()) from deadline where policy_code = $1 and closed_at is null"
        line = f'statutory_deadlines_overdue{{policy="{policy}"}} {float(await db.fetchval(running, policy))}'

        async def counted() -> bool:
            return line in (await story.http.get(f"{story.stack.url('consent')}/metrics")).text.splitlines()  # noqa: B023

        assert line.endswith(" 0.0") is (policy == "correction_extended") and await eventually(counted)
    await db.close()
    withdrawn = await story.call("consent", "POST", f"/v1/corrections/{fresh}/withdrawal", story.token("client", client))
    assert withdrawn.json()["state"] == "withdrawn"
    await officer(story, late, "acceptance")
    await becomes(story, client, late, "applied")


async def test_C10_what_was_accepted_while_a_service_was_down_is_made_when_it_is_back(story: Story) -> None:
    client = await story.client()
    correction = await ask(story, client, STATE | {"field": "language", "wanted": "es"})
    process = story.stack.processes["scheduling"]
    process.kill()
    try:
        await officer(story, correction, "acceptance")
        db = await asyncpg.connect(story.stack.database("consent"))
        tried = "select attempts > 1 from correction_delivery where correction_id = $1"
        await eventually(lambda: db.fetchval(tried, UUID(correction)))
        await db.close()
        assert (await read(story, client, correction))["state"] == "accepted"
    finally:
        process.start()
        await asyncio.to_thread(process.wait_ready, f"{story.stack.url('scheduling')}/readyz", 60)
    await becomes(story, client, correction, "applied", 60)
    db = await asyncpg.connect(story.stack.database("assessments"))
    language = "select language = 'es' from known_client where client_id = $1"
    await eventually(lambda: db.fetchval(language, client), 60)
    await db.close()
    assert await told(story, client) == [], "of a language nobody was given anything"


async def test_C10_C12_C13_nobody_elses_no_child_and_no_social_security_number(story: Story) -> None:
    client, somebody = await story.client(), await story.client()
    correction = await ask(story, client)
    theirs = story.token("client", somebody)
    for method, path in (("GET", ""), ("POST", "/withdrawal"), ("POST", "/disagreement")):
        answer = await story.call(
            "consent", method, f"/v1/corrections/{correction}{path}", theirs, json={"text": "x"} if path[1:2] == "d" else None
        )
        assert answer.status_code == 404, answer.text
    assert (await story.call("consent", "GET", f"/v1/clients/{client}/corrections", theirs)).status_code == 404
    assert (await story.call("reporting", "GET", f"/v1/clients/{client}/data-corrections", theirs)).status_code == 404
    mine, path = story.token("client", client), f"/v1/clients/{client}/corrections"
    child = STATE | {"field": "birth_date", "wanted": "2020-02-03"}
    for said, code in (
        (child, "under_age"),
        (STATE | {"field": "member_id", "wanted": "078051120"}, "ssn_refused"),
        (STATE | {"wanted": "078-05-1120"}, "ssn_refused"),
        (STATE | {"record_id": str(somebody)}, "not_found"),
    ):
        assert (await story.call("consent", "POST", path, mine, json=said)).json()["code"] == code
    staff = story.token("privacy_officer")
    unchecked = {"asked_by": "client", "identity_check": "not_checked"}
    for on_behalf in (None, unchecked):
        answer = await story.call("consent", "POST", path, staff, json=STATE | ({"on_behalf": on_behalf} if on_behalf else {}))
        assert answer.json()["code"] == "identity_not_checked"
    put = {"client_id": str(client), "field": "birth_date", "value": "2020-02-03"}
    answer = await story.call("scheduling", "PUT", f"/v1/corrections/{uuid4()}", story.token("service"), json=put)
    assert (answer.status_code, answer.json()["code"]) == (422, "under_age")
    assert (await story.call("scheduling", "PUT", f"/v1/corrections/{uuid4()}", mine, json=put)).status_code == 403
    listed = await story.call("consent", "GET", path, mine)
    assert [one["correction_id"] for one in listed.json()["items"]] == [correction]


async def test_C10_what_the_owner_will_not_take_is_open_again_and_its_clock_runs_on(story: Story) -> None:
    first, second = await story.client(), await story.client()
    number = f"W{uuid4().hex[:8].upper()}"
    for client, state in ((first, "applied"), (second, "open")):
        correction = await ask(story, client, STATE | {"field": "member_id", "wanted": number})
        await officer(story, correction, "acceptance")

        async def settled(client: UUID = client, correction: str = correction) -> Any:
            found = await read(story, client, correction)
            return found if found["state"] != "accepted" else None

        found = await eventually(settled)
        assert (found["state"], found["fault"]) == (state, "already_exists" if state == "open" else None)
    assert [line["what"] for line in found["history"]] == ["asked", "accepted", "not_taken"] and found["due_at"] is not None
