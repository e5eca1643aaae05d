"""From the first answers over two sessions to the follow-up: outcomes as they become known, over HTTP and on the journal."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.journal import stream_of
from tests.flows.care import BOSTON, JOURNAL, STREAMS, Care, monday
from tests.story import eventually

DAY = timedelta(days=1)


@pytest.fixture
async def measured(care: Care) -> AsyncIterator[Care]:
    """The clock of the assessments service is moved as well; afterwards it tells the time again."""
    yield care
    await at(care, datetime.now(UTC))


async def at(care: Care, now: datetime) -> None:
    await care.at(now)
    body, caller = {"now": now.isoformat()}, care.story.token("operations")
    assert (await care.story.call("assessments", "PUT", "/v1/clock", caller, json=body)).status_code == 200


async def answer(care: Care, client: UUID, instrument: str, total: int) -> str:
    """All items answered, adding up to `total`; the last one with the least."""
    caller = care.story.token("client", client)
    asked = (await care.story.call("assessments", "GET", f"/v1/instruments/{instrument}", caller)).json()
    items = [item["link_id"] for item in asked["items"] if item["scored"]]
    answers = {item: total // len(items) + (n < total % len(items)) for n, item in enumerate(items)}
    body = {"client_id": str(client), "instrument": instrument, "answers": answers}
    answered = await care.story.call("assessments", "POST", "/v1/assessment-responses", caller, json=body)
    assert (answered.status_code, answered.json().get("total")) == (201, total), answered.text
    return str(answered.json()["response_id"])


async def outcomes(care: Care, role: str, who: UUID, client: UUID) -> dict[str, dict[str, Any]]:
    """By rule set: those of the client's one episode."""
    found = await care.story.call("assessments", "GET", f"/v1/clients/{client}/outcomes", care.story.token(role, who))
    assert found.status_code == 200, found.text
    return {item["rule_set"]: item for item in found.json()["items"]}


def values(outcome: dict[str, Any]) -> dict[str, bool | str]:
    return {m["measure"]: m["reason"] if m["value"] is None else m["value"] for m in outcome["measures"]}


async def told(care: Care, client: UUID, rule_set: str) -> list[dict[str, Any]]:
    """What the assessments service has published of it."""
    path, caller = JOURNAL.format(stream_of(client, STREAMS), 0), care.story.token("operations")
    entries = (await care.story.call("assessments", "GET", path, caller)).json()["items"]
    facts = [json.loads(e["payload"]) for e in entries if e["subject"] == str(client) and "outcome_measured" in e["type"]]
    return [fact for fact in facts if fact["rule_set"] == rule_set]


async def session(care: Care, client: UUID, provider: UUID, request: str, starts_at: datetime, number: int) -> None:
    made = await care.schedule("provider", provider, request, "session", starts_at)
    await at(care, starts_at + timedelta(hours=1))
    await care.hold(provider, made["appointment_id"], starts_at.astimezone(BOSTON).date())

    async def known() -> bool:
        found = await outcomes(care, "client", client, client)
        return "programme" in found and found["programme"]["sessions_held"] == number

    await eventually(known)


async def test_a_client_in_care_is_measured_by_every_rule_set_and_it_is_told_from_which_scores(measured: Care) -> None:
    care = measured
    await at(care, monday(9))
    client, provider = await care.story.client(), await care.provider()
    request = (await care.ask(client, provider, "decline"))["request_id"]
    assert (await care.answer(provider, request, "acceptance")).status_code == 200
    await eventually(lambda: care.story.answered(client))  # the client is known there
    first = [await answer(care, client, "phq-9", 16), await answer(care, client, "gad-7", 9)]
    await session(care, client, provider, request, monday(10) + DAY, 1)
    (before,) = [values((await outcomes(care, "client", client, client))["programme"])]
    assert (before["elevated"], before["follow_up"], before["recovery"]) == (True, "window_not_open", "window_not_open")
    await session(care, client, provider, request, monday(10) + 8 * DAY, 2)

    await at(care, monday(10) + 31 * DAY)
    last = [await answer(care, client, "phq-9", 8), await answer(care, client, "gad-7", 3)]
    found = await outcomes(care, "provider", provider, client)
    assert values(found["programme"]) == {
        "elevated": True,
        "follow_up": True,
        "depression_response": True,
        "depression_remission": False,
        "anxiety_response": "not_elevated",
        "anxiety_remission": "not_elevated",
        "reliable_improvement": True,
        "reliable_deterioration": False,
        "recovery": True,
    }
    assert values(found["nhs-talking-therapies"])["reliable_recovery"] is True
    assert values(found["hedis-drr-e"]) == {"elevated": True} | dict.fromkeys(("follow_up", "remission", "response"), "window_not_open")
    assert values(found["nqf-0710"])["remission"] == "window_not_open"
    depression = found["programme"]["scores"][0]
    assert (depression["baseline"]["response_id"], depression["follow_up"]["response_id"]) == (first[0], last[0])
    (said,) = [m["explanation"] for m in found["programme"]["measures"] if m["measure"] == "depression_response"]
    assert said == "Depression response: yes. PHQ-9 16 on 2026-11-30, then 8 on 2026-12-31; needed: PHQ-9 at least 50 % lower."

    async def all_told() -> list[dict[str, Any]] | None:
        facts = await told(care, client, "programme")
        return facts if facts and facts[-1]["follow_up_response_ids"] == last else None

    events = await eventually(all_told)
    newest = events[-1]
    assert newest["baseline_response_ids"] == first
    assert {m["measure"]: m["value"] if m["value"] is not None else m["reason"] for m in newest["measures"]} == values(found["programme"])
    facts = [(e["measures"], e["baseline_response_ids"], e["follow_up_response_ids"]) for e in events]
    assert all(one != after for one, after in pairwise(facts)), "it is told only when something has changed"

    stranger = await care.story.call("assessments", "GET", f"/v1/clients/{client}/outcomes", care.story.token("provider", uuid4()))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    defined = await care.story.call("assessments", "GET", "/v1/outcome-rule-sets", care.story.token("plan"))
    assert {(r["code"], r["version"]) for r in defined.json()["items"]} >= {(code, found[code]["rule_set_version"]) for code in found}
