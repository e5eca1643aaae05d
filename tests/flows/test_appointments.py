"""Appointments as the two people live them: booked once, moved, called off, missed, reminded of, and in their calendars (S6)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from icalendar import Calendar

from tests.flows.care import Care, monday
from tests.story import eventually


async def in_care(care: Care) -> tuple[UUID, UUID, str]:
    """A client, their provider, and the request that was accepted."""
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    await care.answer(provider, asked["request_id"], "acceptance")
    return client, provider, asked["request_id"]


async def test_S6_of_many_clients_who_book_one_time_one_gets_it_and_the_others_are_told_that_it_is_taken(care: Care) -> None:
    await care.at(monday(9))
    provider = await care.provider()
    clients = await asyncio.gather(*(care.story.client() for _ in range(16)))
    at = monday(14).isoformat()

    async def book(client: UUID) -> tuple[int, str]:
        body = {"client_id": str(client), "provider_id": str(provider), "programme": "care_connect", "sharing": care.choice("decline")}
        answer = await care.does("client", client, "POST", "/v1/consultation-requests", body | {"booking": {"starts_at": at}})
        return answer.status_code, answer.json().get("code", "")

    answers = await asyncio.gather(*map(book, clients))
    assert sorted(answers) == [(201, ""), *[(409, "slot_taken")] * 15]
    slots = f"/v1/providers/{provider}/slots?kind=consultation&from={monday(13):%Y-%m-%dT%H:%M:%SZ}&to={monday(23):%Y-%m-%dT%H:%M:%SZ}"
    offered = [slot["starts_at"] for slot in (await care.done("client", clients[0], "GET", slots))["items"]]
    assert offered
    assert at not in offered
    kept = [len((await care.done("client", client, "GET", "/v1/consultation-requests"))["items"]) for client in clients]
    assert sorted(kept) == [0] * 15 + [1], "whoever did not get the time has asked for nothing: the request and its booking are one"


async def test_S6_a_moved_appointment_is_reminded_of_once_before_each_of_its_times_and_never_of_the_old_one(care: Care) -> None:
    client, provider, request = await in_care(care)
    session = await care.schedule("provider", provider, request, "session", monday(10) + timedelta(days=3))
    await care.at(monday(10) + timedelta(days=2, minutes=1))
    await reminded(care, client, 1)
    path = f"/v1/appointments/{session['appointment_id']}/move"
    later = monday(10) + timedelta(days=8)
    moved = await care.done("provider", provider, "POST", path, {"starts_at": later.isoformat()})
    assert (datetime.fromisoformat(moved["starts_at"]), moved["sequence"]) == (later, 1)
    await (await care.at(monday(12) + timedelta(days=3))).quiet()
    assert "appointment_outcome_provider" not in await care.told("provider", provider), "it is not over: it was moved"
    await care.at(later - timedelta(hours=24) + timedelta(minutes=1))
    await reminded(care, client, 2)
    await (await care.at(later - timedelta(hours=1))).quiet()
    assert (await care.told("client", client)).count("appointment_reminder_client") == 2
    assert [fact["fact"] for fact in await care.facts(client, "appointment_moved")] == ["appointment_moved"]


async def reminded(care: Care, client: UUID, times: int) -> None:
    async def so_often() -> bool:
        return (await care.told("client", client)).count("appointment_reminder_client") == times

    await eventually(so_often, 20)


async def test_S8_a_consultation_that_nobody_came_to_is_to_be_scheduled_again(care: Care) -> None:
    client, provider, request = await in_care(care)
    made = await care.schedule("client", client, request, "consultation", monday(15))
    await care.at(monday(16))
    missed = await care.done("provider", provider, "POST", f"/v1/appointments/{made['appointment_id']}/no-show", {"by": "client"})
    assert missed["state"] == "missed"
    assert (await care.request(client, request))["state"] == "accepted"
    levels = (await care.done("client", client, "GET", f"/v1/consultation-requests/{request}/service-levels"))["items"]
    (owed,) = [level for level in levels if level["policy"] == "consultation_scheduled"]
    assert datetime.fromisoformat(owed["anchor_at"]) >= monday(16) - timedelta(minutes=1)
    (measured,) = await care.facts(client, "speed_to_care_measured")
    assert measured["clock"] == "time_to_schedule", "nobody has had a consultation"


async def test_S6_a_cancelled_time_is_free_again_and_both_are_told(care: Care) -> None:
    client, provider, request = await in_care(care)
    at = monday(15) + timedelta(days=1)
    made = await care.schedule("client", client, request, "consultation", at)
    await care.done("client", client, "POST", f"/v1/appointments/{made['appointment_id']}/cancellation")
    again = await care.schedule("client", client, request, "consultation", at)
    assert again["appointment_id"] != made["appointment_id"]
    assert "appointment_cancelled_provider" in await care.told("provider", provider)


async def test_an_appointment_goes_into_a_calendar_and_nobody_elses_can_be_read(care: Care) -> None:
    client, provider, request = await in_care(care)
    made = await care.schedule("client", client, request, "consultation", monday(15))
    path = f"/v1/appointments/{made['appointment_id']}/invitation"
    answer = await care.does("client", client, "GET", path)
    assert answer.headers["content-type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(answer.content).events
    assert (event.start, str(event["uid"])) == (datetime.fromisoformat(made["starts_at"]), made["appointment_id"])
    assert (await care.does("provider", provider, "GET", path)).status_code == 200
    stranger = await care.does("client", await care.story.client(), "GET", path)
    assert stranger.status_code == 404


async def test_S7_a_provider_sees_what_is_due_soonest_first(care: Care) -> None:
    provider = await care.provider()
    asked: list[dict[str, Any]] = []
    for _ in range(3):
        asked.append(await care.ask(await care.story.client(), provider, "decline"))
        await care.later(hours=1)
    queue = (await care.done("provider", provider, "GET", "/v1/work-queue"))["items"]
    assert [item["request_id"] for item in queue] == [each["request_id"] for each in asked]
    assert {item["due"]["rule"] for item in queue} == {"S7"}
    await care.answer(provider, asked[0]["request_id"], "acceptance")
    queue = (await care.done("provider", provider, "GET", "/v1/work-queue"))["items"]
    assert [item["due"]["rule"] for item in queue] == ["S7", "S7", "S8"]
