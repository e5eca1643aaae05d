"""From the first answers through the sessions to the follow-up: outcomes as they become known, over HTTP and on the journal."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.flows.care import Care
from tests.story import eventually

SCORES = {"phq-9": 2, "gad-7": 2}


async def answer(care: Care, client: UUID, instrument: str, total: int, at: datetime) -> str:
    """All items answered, adding up to `total`."""
    asked = await care.story.call("assessments", "GET", f"/v1/instruments/{instrument}", care.story.token("client", client))
    items = [item["link_id"] for item in asked.json()["items"] if item["scored"]]
    answers = {item: total // len(items) + (n < total % len(items)) for n, item in enumerate(items)}
    body = {"client_id": str(client), "instrument": instrument, "answers": answers}
    path, caller = "/v1/assessment-responses", care.story.token("client", client)
    answered = await care.story.call("assessments", "POST", path, caller, json=body, headers={"clock-now": at.isoformat()})
    assert answered.status_code == 201, answered.text
    assert answered.json()["total"] == total
    return str(answered.json()["response_id"])


async def outcomes(care: Care, role: str, who: UUID, client: UUID, at: datetime) -> dict[str, dict[str, Any]]:
    """By rule set: the one episode's."""
    path, caller = f"/v1/clients/{client}/outcomes", care.story.token(role, who)
    found = await care.story.call("assessments", "GET", path, caller, headers={"clock-now": at.isoformat()})
    assert found.status_code == 200, found.text
    return {item["rule_set"]: item | {"values": {m["measure"]: m["value"] for m in item["measures"]}} for item in found.json()["items"]}


async def told(care: Care, client: UUID) -> list[dict[str, Any]]:
    found = await care.facts_of("assessments", client, "outcome_measured")
    return [fact for fact in found if fact["rule_set"] == "programme"]


async def known_sessions(care: Care, client: UUID, count: int, at: datetime) -> None:
    async def there() -> bool:
        found = await outcomes(care, "client", client, client, at)
        return bool(found) and found["programme"]["sessions_held"] == count

    await eventually(there)


async def held_session(care: Care, client: UUID, provider: UUID, request: str, starts_at: datetime) -> None:
    made = await care.schedule("provider", provider, request, "session", starts_at)
    await care.at(starts_at + timedelta(hours=1))
    await care.hold(provider, made["appointment_id"], starts_at.date())


async def test_a_client_in_care_is_measured_by_every_rule_set_with_the_scores_it_follows_from(care: Care) -> None:
    """Baseline, two sessions, follow-up."""
    start, client, provider = care.now, await care.story.client(), await care.provider()
    request = await care.ask(client, provider, "decline")
    accepted = await care.answer(provider, request["request_id"], "acceptance")
    assert accepted.is_success, accepted.text
