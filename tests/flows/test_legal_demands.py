"""C7 on the real stack: two officers, one release, no more than is demanded, and all of it on record."""

import json
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.flows.legal import Office, places_with, rows_of, tables_of, unpacked
from tests.story import Story, eventually

NOTHING = md5(b"").hexdigest()
MOVES_BY_ITSELF = {"applied", "relay_cursor"}
"""Positions on topics, which every fact of consent's moves."""


@pytest.fixture
def office(story: Story) -> Office:
    return Office(story)


async def sharing_state(story: Story) -> dict[str, str]:
    """All tables of reporting, and consent's decisions."""
    await story.settled()
    reporting = story.stack.database("reporting")

    async def published() -> bool:
        return (await rows_of(reporting, ["partner_dirty"])) == {"partner_dirty": NOTHING}

    await eventually(published)
    kept = await rows_of(reporting, sorted(set(await tables_of(reporting)) - MOVES_BY_ITSELF))
    return kept | {f"consent.{table}": digest for table, digest in (await rows_of(story.stack.database("consent"), ["sharing"])).items()}


async def answered_rows(story: Story, client: UUID) -> list[str]:
    """What assessments has of the client's satisfaction, as the database says."""
    connection = await asyncpg.connect(story.stack.database("assessments"))
    wanted = "select response_id::text as id from assessment_response where client_id = $1 and instrument = 'satisfaction'"
    rows = [row["id"] for row in await connection.fetch(wanted, client)]
    await connection.close()
    return sorted(rows)


async def test_C7_a_release_takes_two_officers_happens_once_and_holds_the_scope_alone(story: Story, office: Office) -> None:
    client = await story.sharing_client()
    before = await sharing_state(story)
    demand = await office.recorded(client)
    path = f"/v1/legal-demands/{demand['demand_id']}"

    async def approval(officer: UUID, digest: str) -> tuple[int, str]:
        answer = await office.call(officer, "POST", f"{path}/approval", json={"digest": digest})
        return answer.status_code, answer.json().get("code", "")

    assert await approval(office.first, demand["digest"]) == (403, "second_officer_needed")
    assert (await office.issue(demand["demand_id"])).json()["reason"] == "not_approved"
    changed = demand["content"] | {"reference": "another", "statements": ["expressly_authorized"]}
    answer = await office.call(office.first, "PUT", path, json=changed, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert await approval(office.second, demand["digest"]) == (412, "state_changed")
    await office.approved(answer.json())

    wider = demand["content"]["scope"] | {"categories": ["satisfaction", "safety"]}
    assert (await office.issue(demand["demand_id"], wider)).status_code == 403
    unused, token = await office.token(demand["demand_id"]), await office.token(demand["demand_id"])
    assert (await office.take(unused)).json()["code"] == "release_voided"
    assert (await office.take(token, story.token("provider"))).status_code == 403
    assert (await office.take(token, {})).status_code == 401

    taken = await office.take(token)
    assert taken.status_code == 200, taken.text
    files = unpacked(taken)
    assert files.keys() == {"manifest.json", *(f"records/{name}.json" for name in ("consent", "scheduling", "assessments", "reporting"))}
    responses = files["records/assessments.json"].pop("assessment_response")
    assert sorted(row["response_id"] for row in responses) == await answered_rows(story, client) != []
    assert all("answers" not in row for row in responses), "single answers are another category"
    assert_only_satisfaction(files)
    again = await office.take(token)
    assert (again.status_code, again.json()["code"]) == (410, "release_spent")
    assert (await office.issue(demand["demand_id"])).status_code == 409
    assert await sharing_state(story) == before

    reasons = ["not_approved", "outside_scope", "release_voided", "forbidden", "forbidden", None, "release_spent", "not_approved"]
    case = await office.case(demand["demand_id"])
    assert [attempt["reason"] for attempt in case["attempts"]] == reasons
    for entries in (await office.accounting(client, as_officer=True), await office.accounting(client, as_officer=False)):
        assert [entry["outcome"] for entry in entries] == ["released" if reason is None else "refused" for reason in reasons]
        assert {(entry["recipient_name"], entry["legal_basis"]) for entry in entries} == {
            (demand["content"]["authority_name"], "order_of_tribunal")
        }
    released = next(entry for entry in await office.accounting(client, as_officer=False) if entry["outcome"] == "released")
    counts = [number for tables in files["manifest.json"]["records"].values() for number in tables.values()]
    assert (released["records"], released["kinds"]) == (sum(counts), ["satisfaction"])
    assert released["recipient_address"] and released["request_document_id"] == demand["content"]["document_id"]

    async def told() -> bool:
        return "legal_disclosure" in await office.told(client)

    await eventually(told)


def assert_only_satisfaction(files: dict[str, Any]) -> None:
    """Nothing of any other category, of any service."""
    left = {f"{name} {table}": rows for name, tables in files.items() if name.startswith("records/") for table, rows in tables.items()}
    allowed = {"records/reporting.json record"}
    assert left.keys() <= allowed, left.keys()
    assert all(row["category"] == "satisfaction" for rows in left.values() for row in rows)


async def test_C7_a_suspended_client_is_told_when_it_ends_and_an_expired_token_opens_nothing(story: Story, office: Office) -> None:
    client, now = await story.sharing_client(), datetime.now(UTC)
    yesterday = str(now.date() - timedelta(days=1))
    scope = {"categories": ["satisfaction", "appointments", "contact_and_demographics"], "since": "2020-01-01", "until": yesterday}
    demand = await office.recorded(
        client, kind="grand_jury_subpoena", legal_basis="grand_jury", statements=["limited_to_requirement"], scope=scope
    )
    path = f"/v1/legal-demands/{demand['demand_id']}"
    oral = {"form": "oral", "stated_by": "Agent 4417", "stated_at": now.isoformat(), "until": (now + timedelta(days=31)).isoformat()}
    longer = await office.call(office.first, "POST", f"{path}/suspensions", json=oral | {"statement": "Would warn others."})
    assert (longer.status_code, longer.json()["code"]) == (422, "suspension_not_allowed")
    await office.approved(demand)
    expired = await office.token(demand["demand_id"])
    try:
        await office.at(now + timedelta(hours=73))
        assert (await office.take(expired)).json()["code"] == "release_expired"

        async def warned() -> list[str]:
            lines = (await office.case(demand["demand_id"]))["history"]
            return [line["detail"] for line in lines if line["what"] == "deadline"][1:]

        assert await eventually(warned) == ["one_day_left"], "three days and one day before the demand must be answered"
        oral = oral | {"statement": "Would warn others.", "until": (now + timedelta(days=30)).isoformat()}
        await office.done(office.first, "POST", f"{path}/suspensions", json=oral)
        taken = await office.take(await office.token(demand["demand_id"]))
        assert taken.status_code == 200, taken.text
        holds_nothing_dated_after(unpacked(taken), yesterday)
        assert len(await office.accounting(client, as_officer=True)) == 2
        assert await office.accounting(client, as_officer=False) == []
        assert "legal_disclosure" not in await office.told(client)
        held = await story.call("consent", "GET", f"/v1/clients/{client}/holdings", story.token("client", client))
        assert held.status_code == 200 and "legal_demand" not in held.text, held.text

        await office.at(now + timedelta(days=30, minutes=1))

        async def told() -> bool:
            return "legal_disclosure" in await office.told(client)

        await eventually(told)
        assert [entry["outcome"] for entry in await office.accounting(client, as_officer=False)] == ["refused", "released"]
    finally:
        await office.at(datetime.now(UTC))


def holds_nothing_dated_after(files: dict[str, Any], last: str) -> None:
    """The client came today: of what has a day, there is nothing yet; what has none is who it is."""
    tables = {table: rows for name, found in files.items() if name.startswith("records/") for table, rows in found.items()}
    assert "client" in tables and not {"assessment_response", "appointment", "consultation_request"} & tables.keys(), tables.keys()
    today = str(date.fromisoformat(last) + timedelta(days=1))
    dated = [table for table, rows in tables.items() if table not in ("client", "known_client", "contact") and today in json.dumps(rows)]
    assert dated == []


async def test_C7_no_byte_of_a_paper_is_kept_unencrypted_and_reading_one_is_noted(story: Story, office: Office) -> None:
    marker, plain = uuid4().bytes + uuid4().bytes, f"Court {uuid4().hex}"
    content = b"%PDF-1.7 " + marker + b" end"
    paper = await office.paper(content=content)
    demand = await office.recorded(await story.client(), document_id=paper, authority_name=plain)
    answer = await office.call(office.second, "GET", f"/v1/legal-documents/{paper}")
    assert (answer.content, answer.headers["content-type"]) == (content, "application/pdf")
    case = await office.case(demand["demand_id"])
    assert [(one["document_id"], one["read_by"]) for one in case["readings"]] == [(paper, str(office.second))]
    database = story.stack.database("consent")
    assert await places_with(database, marker) == []
    found = await places_with(database, plain.encode())
    assert "legal_demand" in found and len(found) > 1, "what is not encrypted would be found, in the table and in the log"
    for wrong, code in ((b"GIF89a", "document_refused"), (bytes((16 << 20) + 1), "body_too_large")):
        refused = await office.call(office.first, "POST", "/v1/legal-documents?kind=demand", content=wrong)
        assert refused.json()["code"] == code
    again = await office.body(UUID(demand["content"]["client_id"]), document_id=paper)
    reused = await office.call(office.first, "POST", "/v1/legal-demands", json=again)
    assert (reused.status_code, reused.json()["field"]) == (409, "document_id")


async def test_C7_what_belongs_to_another_programme_is_not_released(story: Story, office: Office) -> None:
    client, today = await story.sharing_client(), datetime.now(UTC).date()
    categories = ["satisfaction", "appointments", "coverage", "assessment_results", "sharing", "aggregates", "contact_and_demographics"]
    scope = {"categories": categories, "since": str(today - timedelta(days=9)), "until": str(today)}
    demand = await office.recorded(client, scope=scope | {"programme": "emotional_wellbeing_solutions"})
    await office.approved(demand)
    files = unpacked(await office.take(await office.token(demand["demand_id"])))
    assert "care_connect" not in json.dumps({name: found for name, found in files.items() if name != "manifest.json"})


async def test_C7_a_subpoena_without_an_order_needs_its_assurance_and_a_refused_demand_releases_nothing(
    story: Story, office: Office
) -> None:
    client = await story.client()
    subpoena = {
        "kind": "subpoena",
        "legal_basis": "notice_assured",
        "statements": ["notice_given", "notice_sufficient", "objections_settled"],
    }
    answer = await office.call(office.first, "POST", "/v1/legal-demands", json=await office.body(client, **subpoena))
    assert (answer.status_code, answer.json()["field"]) == (422, "assurance_document_id")
    demand = await office.recorded(client, **subpoena, assurance_document_id=await office.paper("assurance"))
    await office.approved(demand)
    token = await office.token(demand["demand_id"])
    refused = await office.done(office.second, "POST", f"/v1/legal-demands/{demand['demand_id']}/refusal", json={"ground": "quashed"})
    assert refused["state"] == "refused"
    assert (await office.take(token)).json()["code"] == "release_voided"
    assert [entry["outcome"] for entry in await office.accounting(client, as_officer=False)] == ["refused"]
    for role, who in (("client", client), ("provider", uuid4()), ("operations", uuid4()), ("service", uuid4())):
        seen = await story.call("consent", "GET", f"/v1/legal-demands/{demand['demand_id']}", story.token(role, who))
        assert seen.status_code == 403, role
