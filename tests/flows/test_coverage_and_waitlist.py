"""Who is covered, how visits are counted, and where the network operates (S1, S2, S12, S13)."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from demo.providers import participating
from tests.flows.care import Care, monday


async def member(care: Care, *, state: str = "MA", programme: str = "care_connect", plan: UUID | None = None) -> UUID:
    body = {
        "employer_id": str(care.story.employer),
        "plan_id": str(plan or care.story.plan),
        "programme": programme,
        "birth_date": "1985-05-17",
        "sex": "female",
        "state": state,
    }
    made = await care.done("operations", uuid4(), "POST", "/v1/clients", body)
    return UUID(made["client_id"])


async def refused(care: Care, client: UUID, provider: UUID, programme: str = "care_connect") -> dict[str, str]:
    body = {"client_id": str(client), "provider_id": str(provider), "programme": programme, "sharing": care.choice("decline")}
    answer = await care.does("client", client, "POST", "/v1/consultation-requests", body)
    assert answer.status_code == 409, answer.text
    found: dict[str, str] = answer.json()
    return found


async def test_S2_a_plan_that_cannot_be_processed_is_told_to_the_client_and_nothing_is_booked(care: Care) -> None:
    plan = uuid4()
    await care.done("operations", uuid4(), "POST", "/v1/plans", {"plan_id": str(plan), "name": "Elsewhere", "participating": False})
    client, provider = await member(care, plan=plan), await care.provider()
    problem = await refused(care, client, provider)
    assert (problem["code"], problem["rule"], problem["reason"]) == ("not_eligible", "S2", "plan_not_participating")
    assert "plan_not_processable_client" in await care.told("client", client)
    assert await care.done("client", client, "GET", "/v1/consultation-requests") == {"items": [], "next": None}


async def test_S1_who_leaves_the_employer_tomorrow_is_eligible_today(care: Care) -> None:
    await care.at(monday(9))
    client, provider = await care.story.client(), await care.provider()
    periods = await care.done("operations", uuid4(), "GET", f"/v1/clients/{client}/coverage")
    period = periods["items"][0]
    path = f"/v1/clients/{client}/coverage/{period['period_id']}/end"
    await care.done("operations", uuid4(), "POST", path, {"ends_on": "2026-11-30"})
    asked = await care.ask(client, provider, "decline")
    assert asked["state"] == "submitted"
    await care.later(days=1)
    body = {"client_id": str(client), "provider_id": str(await care.provider("Dr. Next")), "programme": "care_connect"}
    answer = await care.does("client", client, "POST", "/v1/consultation-requests", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_eligible")


async def test_S5_a_provider_who_is_not_licensed_where_the_client_lives_cannot_be_asked(care: Care) -> None:
    elsewhere = uuid4()
    await care.done("operations", uuid4(), "POST", "/v1/providers", participating(elsewhere, "Dr. Far", "CA", care.story.plan))
    problem = await refused(care, await care.story.client(), elsewhere)
    assert (problem["code"], problem["rule"]) == ("provider_not_listed", "S5")


async def test_S4_a_provider_who_leaves_the_programme_keeps_the_clients_and_gets_no_new_ones(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    await care.answer(provider, asked["request_id"], "acceptance")
    await care.done("provider", provider, "POST", f"/v1/providers/{provider}/participations/care_connect/departure")
    assert (await refused(care, await care.story.client(), provider))["code"] == "provider_not_listed"
    session = await care.schedule("provider", provider, asked["request_id"], "session", care.now + timedelta(days=1))
    assert session["state"] == "scheduled"


async def test_S12_a_state_that_opens_is_told_first_to_those_who_wait(care: Care) -> None:
    state = "WY"
    waiting, other, provider = await member(care, state=state), await member(care, state=state), uuid4()
    await care.done("operations", uuid4(), "POST", "/v1/providers", participating(provider, "Dr. Plains", state, care.story.plan))
    asked = await care.ask(waiting, provider, "opt_in")
    assert (asked["state"], asked["decline_reason"]) == ("declined", "state_not_served")
    assert "waitlist_invitation_client" in await care.told("client", waiting)
    (sought,) = await care.facts(waiting, "care_sought")
    assert sought["served"] is False
    joined = await care.done("client", waiting, "POST", "/v1/waitlist-entries", {"client_id": str(waiting)})
    assert await care.done("client", waiting, "POST", "/v1/waitlist-entries", {"client_id": str(waiting)}) == joined
    await care.later(days=10)
    opened = await care.done("operations", uuid4(), "POST", f"/v1/states/{state}/opening")
    assert opened["told"] == 1
    assert "state_opened_client" in await care.told("client", waiting)
    assert len(await care.facts(waiting, "waitlist_invited")) == 1
    first = await care.ask(waiting, provider)
    assert (first["state"], first["episode_id"]) == ("submitted", sought["episode_id"])
    early = await care.ask(other, provider, "decline")
    assert early["decline_reason"] == "state_not_served", "it is open to those who waited only"
    await care.later(hours=25)
    assert (await care.ask(other, provider))["state"] == "submitted"
    await care.done("operations", uuid4(), "DELETE", f"/v1/states/{state}")


async def test_S12_S9_a_declined_client_whose_state_opens_is_promised_five_business_days_from_then(care: Care) -> None:
    client, provider = await member(care, state="VT"), uuid4()
    await care.done("operations", uuid4(), "POST", "/v1/providers", participating(provider, "Dr. Green", "VT", care.story.plan))
    await care.done("client", client, "POST", "/v1/waitlist-entries", {"client_id": str(client)})
    assert len(await care.facts(client, "client_waitlisted")) == 1
    await care.later(days=30)
    await care.done("operations", uuid4(), "POST", "/v1/states/VT/opening")
    asked = await care.ask(client, provider, "decline")
    levels = (await care.done("client", client, "GET", f"/v1/consultation-requests/{asked['request_id']}/service-levels"))["items"]
    (promised,) = [level for level in levels if level["rule"] == "S9"]
    assert promised["missed"] is False
    assert promised["anchor_at"] > care.now.isoformat()[:10]
    await care.done("operations", uuid4(), "DELETE", "/v1/states/VT")


async def test_S13_EWS_visits_are_counted_and_at_the_limit_the_client_chooses(care: Care) -> None:
    employer, plan = care.story.employer, care.story.plan
    terms = {"starts_on": "2026-01-01", "session_limit": 2}
    await care.done("operations", uuid4(), "PUT", f"/v1/employers/{employer}/programmes/emotional_wellbeing_solutions", terms)
    client = await member(care, programme="emotional_wellbeing_solutions", plan=plan)
    provider = await care.provider()
    asked = await care.ask(client, provider, "decline", programme="emotional_wellbeing_solutions")
    await care.answer(provider, asked["request_id"], "acceptance")
    for day in (1, 2):
        session = await care.schedule("provider", provider, asked["request_id"], "session", monday(10) + timedelta(days=day))
        await care.at(monday(11) + timedelta(days=day))
        await care.hold(provider, session["appointment_id"], date(2026, 11, 30) + timedelta(days=day))
        if day == 1:
            assert "visit_one_left_client" in await care.told("client", client)
            assert "visit_one_left_provider" in await care.told("provider", provider)
    covered = await care.facts(client, "visit_covered")
    assert [(fact["funding"], fact["copay_applies"], fact["visit_number"], fact["visit_limit"]) for fact in covered] == [
        ("employer", False, 1, 2),
        ("employer", False, 2, 2),
    ]
    assert len(await care.facts(client, "visit_limit_reached")) == 1
    assert "visit_limit_choice_client" in await care.told("client", client)
    path = f"/v1/consultation-requests/{asked['request_id']}/appointments"
    third = {"kind": "session", "starts_at": (monday(10) + timedelta(days=4)).isoformat()}
    over = await care.does("provider", provider, "POST", path, third)
    assert (over.status_code, over.json()["code"], over.json()["rule"]) == (409, "visit_limit_reached", "S13")
    choice = {"programme": "emotional_wellbeing_solutions", "choice": "continue_with_insurance"}
    await care.done("client", client, "POST", f"/v1/clients/{client}/coverage-choices", choice)
    session = await care.done("provider", provider, "POST", path, third)
    await care.at(monday(11) + timedelta(days=4))
    await care.hold(provider, session["appointment_id"], date(2026, 12, 4))
    last = (await care.facts(client, "visit_covered"))[-1]
    assert (last["funding"], last["copay_applies"], last["visit_number"]) == ("insurance", True, None)


async def test_S13_care_connect_is_not_limited_and_the_copay_applies(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "decline")
    await care.answer(provider, asked["request_id"], "acceptance")
    for day in range(1, 13):
        session = await care.schedule("provider", provider, asked["request_id"], "session", monday(19) + timedelta(days=day))
        await care.at(monday(20) + timedelta(days=day))
        await care.hold(provider, session["appointment_id"], date(2026, 11, 30) + timedelta(days=day))
    covered = await care.facts(client, "visit_covered")
    assert len(covered) == 12
    assert {(fact["funding"], fact["copay_applies"], fact["visit_number"]) for fact in covered} == {("insurance", True, None)}


async def test_S1_an_eligibility_file_of_thousands_of_lines_is_taken_over_http_and_other_routes_keep_their_limit(care: Care) -> None:
    client = await care.story.client()
    header = "maintenance_type,client_id,member_id,employer_id,plan_id,coverage_start,coverage_end\n"
    ids = f"{care.story.employer},{care.story.plan}"
    lines = [f"021,{client},,{ids},2026-01-01,2026-12-31\n", *(f"021,,W{n:07},{ids},2026-01-01,\n" for n in range(5_000))]
    file = header + "".join(lines)
    assert len(file) > 5 * 65_536
    operations = care.story.token("operations") | {"content-type": "text/csv"}
    taken = await care.story.call("scheduling", "POST", "/v1/eligibility-files", operations, content=file)
    assert taken.status_code == 201, taken.text
    periods = (await care.done("operations", uuid4(), "GET", f"/v1/clients/{client}/coverage"))["items"]
    assert "2026-12-31" in {period["ends_on"] for period in periods}
    elsewhere = await care.story.call("scheduling", "POST", "/v1/plans", operations, content=file)
    assert (elsewhere.status_code, elsewhere.json()["limit"]) == (413, 65_536)
