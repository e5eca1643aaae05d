"""C3: a client's whole way through scheduling, once declining and once agreeing, compared answer by answer."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.flows.care import Care, monday
from tests.flows.test_coverage_and_waitlist import member
from tests.story import Story

OF_THE_CHOICE = {"sharing_chosen"}
"""What may differ: that the choice was passed on, with what it was."""
OF_ASSESSMENTS = ("assessment_", "satisfaction_")
"""What another service has told comes in its own time; it knows of no choice at all (invariant 8)."""


async def lived(care: Care, choice: str) -> dict[str, Any]:
    """All that scheduling answers, publishes and tells of one client, from the first request to a change of provider."""

    async def at(now: datetime) -> None:
        """What is due by then has been fired before anybody does anything, and what was due before, before the clock moves on."""
        await care.quiet()
        await (await care.at(now)).quiet()

    await at(monday(9))
    silent, good, next_one = await care.provider("Dr. A"), await care.provider("Dr. B"), await care.provider("Dr. C")
    client = await care.story.client()
    answers: list[Any] = [await care.ask(client, silent, choice, specialties=["anxiety"])]
    answers[0].pop("sharing")  # how far consent has come with it
    answers.append(await care.done("client", client, "GET", f"/v1/clients/{client}/eligibility?programme=care_connect&on=2026-11-30"))
    await at(monday(9) + timedelta(hours=73))
    await care.eventually(client, "alternatives_offered")
    answers += await care.cases(client)
    starts = monday(10) + timedelta(days=4)
    asked = await care.ask(client, good, booking={"starts_at": starts.isoformat()})
    answers.append({**asked, "sharing": None})
    (consultation,) = (await care.done("client", client, "GET", "/v1/appointments"))["items"]
    await at(starts + timedelta(hours=1))
    answers.append(await care.hold(good, consultation["appointment_id"], date(2026, 12, 4)))
    session = await care.schedule("provider", good, asked["request_id"], "session", monday(15) + timedelta(days=4))
    await at(monday(16) + timedelta(days=4))
    answers.append(await care.hold(good, session["appointment_id"], date(2026, 12, 4)))
    answers.append(await care.done("client", client, "GET", f"/v1/clients/{client}/coverage-terms?programme=care_connect&on=2026-12-04"))
    answers.append(await care.done("client", client, "POST", f"/v1/consultation-requests/{asked['request_id']}/provider-change"))
    answers += await care.cases(client)
    episodes = (await care.done("client", client, "GET", f"/v1/clients/{client}/episodes"))["items"]
    answers += sorted(episodes, key=lambda episode: episode["sought_at"])
    known = {str(silent): "silent", str(good): "good", str(next_one): "next", str(client): "client"}
    facts = [fact for fact in await care.facts(client) if fact["fact"] not in OF_THE_CHOICE]
    roles = {id: "client" if who == "client" else "provider" for id, who in known.items()}
    inboxes = {who: await care.told(roles[id], UUID(id)) for id, who in known.items()}
    told = {who: sorted(template for template in inbox if not template.startswith(OF_ASSESSMENTS)) for who, inbox in inboxes.items()}
    return {
        "answers": [same(answer, known) for answer in answers],
        "facts": sorted((same(fact, known) for fact in facts), key=json.dumps),
        "told": told,
    }


def same(value: Any, known: dict[str, str]) -> Any:
    """With ids by whose they are, and moments to the hour: two lives are never lived in the same minute."""
    match value:
        case dict():
            return {name: same(inner, known) for name, inner in value.items() if name not in ("event_id", "proposals", "provider_ids")}
        case list():
            return [same(inner, known) for inner in value]
        case str() if value in known:
            return known[value]
        case str() if is_id(value):
            return "an id"
        case str() if len(value) > 19 and value[10] == "T":
            return round(datetime.fromisoformat(value).timestamp() / 3600)
        case int() if value > 1000:
            return round(value / 3600)
    return value


def is_id(value: str) -> bool:
    return len(value) == 36 and value.count("-") == 4


async def test_C3_declining_changes_no_service_from_the_first_request_to_a_change_of_provider(care: Care) -> None:
    declining, agreeing = await lived(care, "decline"), await lived(await another(care), "opt_in")
    for name in ("facts", "told", "answers"):
        assert json.dumps(declining[name], indent=1) == json.dumps(agreeing[name], indent=1), name
    assert {"deadline_met", "speed_to_care_measured", "alternatives_offered", "visit_covered"} <= {
        fact["fact"] for fact in declining["facts"]
    }


async def another(care: Care) -> Care:
    """The same network again, with people of its own: otherwise the one client's providers would be proposed to the other."""
    await care.at(monday(8))  # contracts are in force from the day on which an employer is added
    return Care(await Story(care.story.stack, care.story.http).open())


async def test_C3_the_comparison_sees_a_difference(care: Care) -> None:
    """Its own check: a client with another plan standing is not served alike."""
    served, waiting = await care.story.client(), await member(care, state="WY")
    provider = await care.provider()
    one, other = await care.ask(served, provider, "decline"), await care.ask(waiting, provider, "decline")
    assert same(one, {}) != same(other, {})


async def test_C3_an_opt_out_in_the_middle_changes_nothing_of_what_comes(care: Care) -> None:
    provider, client = await care.provider(), await care.story.client()
    asked = await care.ask(client, provider, "opt_in")
    await care.story.opt_out(client)
    assert (await care.answer(provider, asked["request_id"], "acceptance")).json()["state"] == "accepted"
    made = await care.schedule("client", client, asked["request_id"], "consultation", monday(15))
    assert made["state"] == "scheduled"
