"""A1 to A4 over HTTP: what a client is sent follows their appointments, through the bus, the deadlines and the inbox."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.flows.care import BOSTON, Care, monday
from tests.story import eventually

HOUR = timedelta(hours=1)
ALL_TWO = {"phq-9": 9, "gad-7": 7}


@pytest.fixture
async def client(care: Care) -> UUID:
    return await care.story.client()


async def at_assessments(care: Care, role: str, who: UUID, method: str, path: str, body: Any = None) -> Any:
    answer = await care.story.call("assessments", method, path, care.story.token(role, who), json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def asked_of(care: Care, client: UUID) -> dict[str, dict[str, Any]]:
    """By schedule."""
    found = await at_assessments(care, "client", client, "GET", f"/v1/assignments?client_id={client}")
    return {item["schedule"]: item for item in found["items"]}


async def becomes(care: Care, client: UUID, schedule: str, state: str, **fields: Any) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = (await asked_of(care, client)).get(schedule)
        return found if found and found["state"] == state and fields.items() <= found.items() else None

    item: dict[str, Any] = await eventually(there, 20)
    return item


async def in_care(care: Care, client: UUID) -> tuple[UUID, str]:
    provider = await care.provider()
    request = (await care.ask(client, provider, "decline"))["request_id"]
    assert (await care.answer(provider, request, "acceptance")).is_success
    return provider, request


async def answer(care: Care, client: UUID, instrument: str, value: int) -> None:
    shown = await at_assessments(care, "client", client, "GET", f"/v1/instruments/{instrument}")
    scored = [item["link_id"] for item in shown["items"] if item["scored"]]
    body = {"client_id": str(client), "instrument": instrument, "answers": dict.fromkeys(scored, value)}
    await at_assessments(care, "client", client, "POST", "/v1/assessment-responses", body)


async def is_told(care: Care, client: UUID, template: str) -> None:
    async def told() -> bool:
        return template in await care.told("client", client)

    await eventually(told, 20)


async def test_A1_the_first_assessments_are_sent_soon_after_booking_and_follow_the_visit(care: Care, client: UUID) -> None:
    provider, request = await in_care(care, client)
    visit = await care.schedule("provider", provider, request, "consultation", monday(10) + timedelta(days=3))
    queued = await becomes(care, client, "first_assessments", "queued", visit_id=visit["appointment_id"])
    assert queued["instruments"] == ["phq-9", "gad-7"]
    await care.done("client", client, "POST", f"/v1/appointments/{visit['appointment_id']}/cancellation", {"reason": "client_asked"})
    await becomes(care, client, "first_assessments", "cancelled")
    again = await care.schedule("provider", provider, request, "consultation", monday(10) + timedelta(days=4))
    await becomes(care, client, "first_assessments", "queued", visit_id=again["appointment_id"])
    await care.later(hours=1.1)
    await becomes(care, client, "first_assessments", "sent")
    await is_told(care, client, "assessment_sent_client")
    assert (await care.told("client", client)).count("assessment_sent_client") == 1


async def test_A1_booked_three_hours_ahead_they_are_sent_at_once_and_A3_A4_follow_the_session(care: Care, client: UUID) -> None:
    provider, request = await in_care(care, client)
    starts_at = care.now.replace(minute=0, second=0, microsecond=0) + 3 * HOUR
    visit = await care.schedule("provider", provider, request, "session", starts_at)
    sent = await becomes(care, client, "first_assessments", "sent")
    assert sent["sent_at"] < sent["due_at"]
    for instrument in ALL_TWO:
        await answer(care, client, instrument, 2)
    await becomes(care, client, "first_assessments", "completed")
    await care.later(hours=5)
    held_on = starts_at.astimezone(BOSTON).date()
    await care.hold(provider, visit["appointment_id"], held_on)
    follow_up = await becomes(care, client, "follow_up", "queued")
    assert follow_up["send_at"].startswith((held_on + timedelta(days=28)).isoformat())
    await care.later(days=1.5)
    await becomes(care, client, "satisfaction_first", "sent")
    await care.later(days=28)
    await becomes(care, client, "follow_up", "sent")
    await is_told(care, client, "satisfaction_sent_client")


async def test_A3_a_baseline_that_is_not_elevated_leads_to_no_follow_up(care: Care, client: UUID) -> None:
    provider, request = await in_care(care, client)
    visit = await care.schedule("provider", provider, request, "session", care.now.replace(minute=0, second=0, microsecond=0) + 3 * HOUR)
    for instrument in ALL_TWO:
        await answer(care, client, instrument, 1)
    await care.later(hours=5)
    await care.hold(provider, visit["appointment_id"], care.now.astimezone(BOSTON).date())
    await becomes(care, client, "satisfaction_first", "queued")
    assert "follow_up" not in await asked_of(care, client)


async def test_an_edited_schedule_reaches_what_is_queued_and_nothing_else(care: Care, client: UUID) -> None:
    provider, request = await in_care(care, client)
    await care.schedule("provider", provider, request, "consultation", monday(10) + timedelta(days=3))
    queued = await becomes(care, client, "first_assessments", "queued")
    operations = uuid4()
    listed = (await at_assessments(care, "operations", operations, "GET", "/v1/assessment-schedules"))["items"]
    (before,) = [schedule for schedule in listed if schedule["code"] == "first_assessments"]
    later = before | {"version": before["version"] + 1, "before_visit": before["before_visit"] | {"after_hours": 6}}
    await at_assessments(care, "operations", operations, "PUT", "/v1/assessment-schedules/first_assessments", later)
    moved = await becomes(care, client, "first_assessments", "queued", schedule_version=later["version"])
    assert moved["send_at"] > queued["send_at"]
    back = before | {"version": before["version"] + 2}
    await at_assessments(care, "operations", operations, "PUT", "/v1/assessment-schedules/first_assessments", back)
    await becomes(care, client, "first_assessments", "queued", send_at=queued["send_at"])
