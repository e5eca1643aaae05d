"""From seeking care to the first session, as the people in it live it (S6 to S11, S14)."""

from datetime import date, datetime, timedelta

from tests.flows.care import BOSTON, Care, monday
from tests.story import eventually


async def test_S6_S7_S8_S9_a_client_is_seen_within_five_business_days(care: Care) -> None:
    await care.at(monday(9))
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    levels = (await care.done("client", client, "GET", f"/v1/consultation-requests/{asked['request_id']}/service-levels"))["items"]
    due = {level["rule"]: datetime.fromisoformat(level["due_at"]).astimezone(BOSTON) for level in levels}
    assert due["S7"] - monday(9) < timedelta(hours=24, minutes=1)
    assert due["S9"] == datetime(2026, 12, 8, tzinfo=BOSTON), "the end of the fifth business day after the Monday"
    await care.later(hours=2)
    assert (await care.answer(provider, asked["request_id"], "acceptance")).status_code == 200
    consultation = await care.schedule("client", client, asked["request_id"], "consultation", monday(14) + timedelta(days=1))
    await care.at(monday(15) + timedelta(days=1))
    await care.hold(provider, consultation["appointment_id"], date(2026, 12, 1))
    session = await care.schedule("provider", provider, asked["request_id"], "session", monday(10) + timedelta(days=3))
    await care.at(monday(11) + timedelta(days=3))
    await care.hold(provider, session["appointment_id"], date(2026, 12, 3))
    assert (await care.request(client, asked["request_id"]))["state"] == "in_care"
    clocks = {fact["clock"]: fact for fact in await care.facts(client, "speed_to_care_measured")}
    assert {name: fact["business_days"] for name, fact in clocks.items()} == {
        "time_to_schedule": 0,
        "time_to_consultation": 1,
        "time_to_first_session": 3,
    }
    hours = {name: fact["elapsed_seconds"] / 3600 for name, fact in clocks.items()}
    assert 1.9 < hours["time_to_schedule"] < 2.1
    assert 28.9 < hours["time_to_consultation"] <= 29
    assert 72.9 < hours["time_to_first_session"] <= 73
    met = {fact["rule"] for fact in await care.facts(client, "deadline_met")}
    assert {"S7", "S8", "S9"} <= met
    assert not await care.facts(client, "deadline_missed")
    (ended,) = await care.facts(client, "care_episode_ended")
    assert ended["outcome"] == "in_care"


async def test_S7_S11_an_unanswered_request_leads_to_others_before_the_fourth_day_ends(care: Care) -> None:
    await care.at(monday(9))
    silent, client = await care.provider("Dr. Silent"), await care.story.client()
    other = await care.provider("Dr. Other", languages=["en", "es"])
    asked = await care.ask(client, silent, "decline")
    await care.later(hours=13)
    await eventually(lambda: told(care, silent, "request_reminder_provider"))
    await care.later(hours=12)
    (missed,) = await care.eventually(client, "deadline_missed")
    assert (missed["rule"], missed["subject_id"]) == ("S7", asked["request_id"])
    assert await told(care, silent, "request_overdue_provider")
    await care.at(monday(9) + timedelta(hours=71))
    assert (await care.request(client, asked["request_id"]))["state"] == "submitted"
    await care.at(monday(9) + timedelta(hours=72, minutes=5))
    (offered,) = await care.eventually(client, "alternatives_offered")
    assert (offered["reason"], str(silent) in offered["provider_ids"]) == ("timed_out", False)
    assert (await care.request(client, asked["request_id"]))["state"] == "timed_out"
    (case,) = await care.cases(client)
    proposals = {proposal["provider_id"]: proposal for proposal in case["proposals"]}
    assert {"reason": "speaks_language", "value": "en"} in proposals[str(other)]["why"]
    assert {"reason": "open_before_promise", "value": None} in proposals[str(other)]["why"]
    assert "alternatives_offered_client" in await care.told("client", client)
    await care.at(monday(9) + timedelta(hours=97))
    opens = datetime.fromisoformat(proposals[str(other)]["next_open_at"])
    if opens < care.now + timedelta(hours=3):
        opens = monday(15) + timedelta(days=4)
    again = await care.ask(client, other, booking={"starts_at": opens.isoformat()})
    assert (again["state"], again["origin"], again["episode_id"]) == ("consultation_scheduled", "matching", asked["episode_id"])
    assert (await care.request(client, asked["request_id"]))["state"] == "withdrawn"
    await care.at(opens + timedelta(hours=1))
    (appointment,) = (await care.done("client", client, "GET", "/v1/appointments"))["items"]
    await care.hold(other, appointment["appointment_id"], opens.astimezone(BOSTON).date())
    session = await care.schedule("provider", other, again["request_id"], "session", care.now + timedelta(hours=20))
    await care.later(hours=21)
    await care.hold(other, session["appointment_id"], care.now.astimezone(BOSTON).date())
    (sought,) = await care.facts(client, "care_sought")
    measured = {fact["clock"]: fact for fact in await care.facts(client, "speed_to_care_measured")}
    assert {fact["sought_at"] for fact in measured.values()} == {sought["occurred_at"]}, "re-routing starts no new clock"
    assert measured["time_to_first_session"]["business_days"] <= 5
    met = {(fact["rule"], fact["subject_id"]) for fact in await care.facts(client, "deadline_met")}
    assert ("S9", asked["episode_id"]) in met
    assert ("S11", asked["request_id"]) in met
    assert {fact["rule"] for fact in await care.facts(client, "deadline_missed")} == {"S7"}, "offered in time is not late a day later"


async def told(care: Care, provider: object, template: str) -> bool:
    return template in await care.told("provider", provider)  # type: ignore[arg-type]


async def test_S11_a_late_answer_is_taken_until_the_client_has_gone_to_somebody_else(care: Care) -> None:
    late, client = await care.provider("Dr. Late"), await care.story.client()
    other = await care.provider("Dr. Prompt")
    asked = await care.ask(client, late, "decline")
    await care.later(hours=73)
    await care.eventually(client, "request_timed_out")
    accepted = await care.answer(late, asked["request_id"], "acceptance", version=2)
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    second, others_client = await care.provider("Dr. Later"), await care.story.client()
    waiting = await care.ask(others_client, second, "decline")
    await care.later(hours=73)
    await care.eventually(others_client, "request_timed_out")
    await care.ask(others_client, other)
    refused = await care.answer(second, waiting["request_id"], "acceptance", version=3)
    assert (refused.status_code, refused.json()["code"], refused.json()["allowed"]) == (409, "wrong_state", [])


async def test_S10_a_decline_goes_to_client_matching_and_the_team_can_propose_others_itself(care: Care) -> None:
    busy, client, liked = await care.provider("Dr. Busy"), await care.story.client(), await care.provider("Dr. Liked")
    asked = await care.ask(client, busy, "decline", specialties=["anxiety"])
    assert (await care.answer(busy, asked["request_id"], "refusal", {"reason": "no_capacity"})).status_code == 200
    (case,) = await care.cases(client)
    assert (case["reason"], case["state"]) == ("declined", "open")
    team = care.story.provider  # any id: the team's members are not known here
    put = await care.does("client_matching", team, "PUT", f"/v1/matching-cases/{case['case_id']}/proposals", {"provider_ids": [str(liked)]})
    assert put.status_code == 200, put.text
    assert put.json()["proposals"][0]["why"][0] == {"reason": "chosen_by_team", "value": None}
    assert "matching_case_team" in await care.told("client_matching", team)
    again = await care.ask(client, liked)
    assert again["origin"] == "matching"
    assert (await care.cases(client))[0]["state"] == "chosen"
    (met, *_) = [fact for fact in await care.facts(client, "deadline_met") if fact["rule"] == "S7"]
    assert met["subject_id"] == asked["request_id"], "a decline is an answer"


async def test_S10_a_consultation_that_was_not_a_good_fit_goes_to_client_matching(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline", booking={"starts_at": (monday(15)).isoformat()})
    (appointment,) = (await care.done("client", client, "GET", "/v1/appointments"))["items"]
    await care.at(monday(16))
    await care.hold(provider, appointment["appointment_id"], date(2026, 11, 30))
    fit = await care.does("client", client, "POST", f"/v1/consultation-requests/{asked['request_id']}/fit", {"good_fit": False})
    assert fit.json()["state"] == "not_a_good_fit"
    (case,) = await care.cases(client)
    assert case["reason"] == "not_a_good_fit"
    assert str(provider) not in {proposal["provider_id"] for proposal in case["proposals"]}


async def test_S14_a_client_in_care_changes_provider_and_a_new_episode_begins(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    await care.answer(provider, asked["request_id"], "acceptance")
    session = await care.schedule("provider", provider, asked["request_id"], "session", monday(15))
    await care.at(monday(16))
    await care.hold(provider, session["appointment_id"], date(2026, 11, 30))
    following = await care.schedule("provider", provider, asked["request_id"], "session", monday(15) + timedelta(days=7))
    changed = await care.does("client", client, "POST", f"/v1/consultation-requests/{asked['request_id']}/provider-change")
    assert changed.json()["state"] == "ended"
    called_off = await care.done("client", client, "GET", f"/v1/appointments/{following['appointment_id']}")
    assert called_off["state"] == "cancelled"
    first, second = await care.facts(client, "care_sought")
    assert (first["first"], second["first"]) == (True, False)
    assert [case["reason"] for case in await care.cases(client)] == ["client_asked"]


async def test_S9_withdrawing_and_asking_again_buys_no_new_clock(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    await care.later(days=2)
    assert (await care.does("client", client, "POST", f"/v1/consultation-requests/{asked['request_id']}/withdrawal")).status_code == 200
    await care.later(days=10)
    again = await care.ask(client, await care.provider("Dr. Second"))
    assert again["episode_id"] == asked["episode_id"]
    names = await care.names(client)
    assert names.count("care_sought") == 1
    assert [name for name in names if name.startswith("care_episode")] == ["care_episode_ended", "care_episode_reopened"]


async def test_S9_a_miss_is_taken_back_when_it_shows_that_the_session_was_in_time(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    await care.answer(provider, asked["request_id"], "acceptance")
    session = await care.schedule("provider", provider, asked["request_id"], "session", monday(10) + timedelta(days=4))
    await care.at(monday(9) + timedelta(days=9))
    missed = [fact for fact in await care.eventually(client, "deadline_missed", 2) if fact["rule"] == "S9"]
    assert [fact["subject_id"] for fact in missed] == [asked["episode_id"]]
    await care.hold(provider, session["appointment_id"], date(2026, 12, 4))  # the provider had forgotten to say so
    (retracted,) = await care.facts(client, "deadline_miss_retracted")
    assert (retracted["deadline_id"], retracted["rule"]) == (missed[0]["deadline_id"], "S9")


async def test_S8_while_the_client_chooses_among_proposed_times_the_provider_is_not_late(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    at = monday(20) + timedelta(days=3)  # outside of the weekly hours: what is proposed may be booked
    proposed = await care.answer(provider, asked["request_id"], "proposed-times", {"times": [at.isoformat()]})
    assert (proposed.status_code, proposed.json()["state"]) == (200, "accepted")
    (waiting,) = [level for level in await levels(care, client, asked["request_id"]) if level["policy"] == "consultation_scheduled"]
    assert waiting["due_at"] is None
    await care.later(hours=49)

    async def lapsed() -> bool:
        return not (await care.request(client, asked["request_id"]))["proposed_times"]

    await eventually(lapsed, 20)
    (running,) = [level for level in await levels(care, client, asked["request_id"]) if level["policy"] == "consultation_scheduled"]
    assert datetime.fromisoformat(running["due_at"]) > monday(0) + timedelta(days=6)
    again = await care.answer(provider, asked["request_id"], "proposed-times", {"times": [at.isoformat()]}, version=3)
    assert again.status_code == 200, again.text
    booked = await care.schedule("client", client, asked["request_id"], "consultation", at)
    assert datetime.fromisoformat(booked["starts_at"]) == at


async def levels(care: Care, client: object, request: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await care.done("client", client, "GET", f"/v1/consultation-requests/{request}/service-levels"))["items"]  # type: ignore[arg-type]
    return found
