"""What other systems decide wrongly, lose, or take and drop, tried on ours. Releasing wrongly is in `test_defects_of_others.py`.

The defects, with their sources: LEAP-CDS, Fides, Consent2Share, c15t, OneTrust, Didomi. What needs services to be away is in
`tests/faults/defects_under_outage.py`.
"""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from common.contracts.vocabulary import Programme
from consent.notices.shipped import shipped
from tests.mails import queued, resolve, writer
from tests.records import EVERY, export_now, fill, ledger_of
from tests.story import NOTICE, Story, eventually

EWS = "emotional_wellbeing_solutions"
EWS_NOTICE = next(n.digest for n in shipped() if (n.programme, n.version, n.language) == (Programme.EWS, "2026-01", "en"))
FAR = ("1970-01-01T00:00:00Z", "2399-12-31T23:59:59+14:00")
ODD = ("yesterday", "NaN", "2026-13-45", "2026-01-01T00:00:00", "0", "-1", "1e99")


async def post(story: Story, client: UUID, what: str, body: Any = None, role: str = "client", **headers: str) -> httpx.Response:
    caller = story.token(role, client if role == "client" else None)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await story.call("consent", "POST", f"/v1/clients/{client}/{what}", caller, json=body, headers=sent)


async def opt_in(story: Story, client: UUID, **more: Any) -> dict[str, Any]:
    answer = await story.decide(client, "opt_in", (await story.sharing(client))["version"], **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kinds(story: Story, client: UUID) -> list[str]:
    return [line["type"].split(".")[1] for line in await ledger_of(story, client)]


async def test_invariant_5_revoking_the_newest_permit_does_not_resurrect_an_older_one(story: Story) -> None:
    """LEAP-CDS D: the newest permit was revoked, and an older one that had never been revoked by itself counted again."""
    client = await story.client()
    await fill(story, client, "opt_in", categories=EVERY)
    await opt_in(story, client, categories=["satisfaction", "appointments"])
    await opt_in(story, client, categories=["satisfaction"])
    await story.opt_out(client)
    assert await export_now(story) == []
    await opt_in(story, client, categories=["appointments"])
    assert {line["category"] for line in await export_now(story)} == {"appointments"}, "and a new one brings back nothing of the old ones"
    await post(story, client, "withdrawals", {"categories": ["appointments"], "programme": "care_connect"})
    assert ((await story.sharing(client))["decision"], await export_now(story)) == ("opted_out", [])


@pytest.mark.parametrize("denial", ["decline", "opt_out"])
async def test_invariant_5_a_newer_denial_is_undone_by_nothing_but_a_fresh_opt_in(story: Story, denial: str) -> None:
    """LEAP-CDS E: the newer deny was made inactive, and the older permit counted again."""
    client = await story.client()
    old = str(uuid4())
    await story.request(client, "decline")
    assert (await story.decide(client, "opt_in", 1, decision_id=old)).status_code == 200
    if denial == "decline":
        assert (await story.decide(client, "decline", None)).json()["decision"] == "opted_out"
    else:
        await story.opt_out(client)
    state = await story.sharing(client)
    refused = [await story.decide(client, "opt_in", version) for version in (None, 0, 1, 2, state["version"] + 1)]
    assert [answer.json()["code"] for answer in refused] == ["if_match_missing"] + ["state_changed"] * 4
    resent = await story.decide(client, "opt_in", state["version"], decision_id=old)
    assert resent.json()["code"] == "already_exists"
    await post(story, client, "withdrawals", {"categories": EVERY})
    await story.request(client, None)
    jane = await writer(story, client)
    await jane.write("A question.")
    mail = await eventually(lambda: queued(story, jane.address))
    await resolve(story, mail["mail_id"], "not_an_opt_out")
    assert await story.sharing(client) == state
    assert (await opt_in(story, client))["shared"] is True


@pytest.mark.parametrize("said", FAR)
async def test_invariant_5_a_decision_counts_by_its_place_in_the_ledger_however_far_the_clock_is_off(story: Story, said: str) -> None:
    """LEAP-CDS F: a permit without a date outranked a dated deny (a comparison with NaN)."""
    client = await story.client()
    await story.request(client, "decline")
    body = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE}
    taken = await post(story, client, "decisions", body, if_match='"1"', clock_now="2031-01-01T00:00:00Z")
    assert taken.json()["shared"] is True
    out = await post(story, client, "opt-outs", {"programme": "care_connect"}, clock_now=said)
    assert out.status_code == 200
    assert (await story.sharing(client))["decision"] == "opted_out"
    late = await post(story, client, "decisions", body, if_match='"2"', clock_now="2399-12-31T23:59:59Z")
    assert late.json()["code"] == "state_changed", "the newest date, and it does not count"
    assert await export_now(story) == []


@pytest.mark.parametrize("field", ["date", "dateTime", "occurred_at", "decided_at", "event_time", "version"])
async def test_invariant_5_a_decision_takes_no_date(story: Story, field: str) -> None:
    """LEAP-CDS F: whoever wrote the record wrote its date, or none."""
    client = await story.client()
    body = {"choice": "decline", "programme": "care_connect", "notice_digest": NOTICE, field: "2399-01-01T00:00:00Z"}
    refused = await post(story, client, "decisions", body)
    assert (refused.status_code, refused.json()["field"]) == (422, f"/body/{field}")
    assert await kinds(story, client) == []


@pytest.mark.parametrize("said", ODD)
async def test_invariant_5_an_odd_time_opens_nothing(story: Story, said: str) -> None:
    """LEAP-CDS F: an odd date compared with any other date is neither before nor after."""
    client = await story.sharing_client()
    await story.opt_out(client)
    state = await story.sharing(client)
    body = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE}
    refused = await post(story, client, "decisions", body, if_match=f'"{state["version"]}"', clock_now=said)
    assert not refused.is_success
    assert await story.sharing(client) == state


async def test_C4_an_odd_time_is_no_defect_that_costs_somebody_the_opt_out(story: Story) -> None:
    """LEAP-CDS F: nobody had thought of a date that is none."""
    client = await story.sharing_client()
    answer = await post(story, client, "opt-outs", {"programme": "care_connect"}, clock_now="yesterday")
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize("last", ["opted_in", "opted_out"])
async def test_invariant_5_of_two_decisions_in_the_same_instant_the_later_line_counts(story: Story, last: str) -> None:
    """LEAP-CDS G: deny, then permit of the same day was a permit, and so was permit, then deny: the order of a list decided."""
    client = await story.sharing_client(categories=["satisfaction"])
    now = {"clock_now": "2026-05-01T12:00:00Z"}
    body = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE, "categories": ["satisfaction"]}
    wanted = ["opted_in", "opted_out"] * 2 if last == "opted_out" else ["opted_out", "opted_in"] * 2
    for kind in wanted:
        if kind == "opted_in":
            version = (await story.sharing(client))["version"]
            answer = await post(story, client, "decisions", body, if_match=f'"{version}"', **now)
        else:
            answer = await post(story, client, "opt-outs", {"programme": "care_connect"}, **now)
        assert answer.status_code == 200
    lines = await ledger_of(story, client)
    assert [line["type"].split(".")[1] for line in lines[1:]] == wanted
    assert len({line["event"]["occurred_at"] for line in lines[1:]}) == 1, "the same instant"
    assert (await story.sharing(client))["decision"] == last
    assert len(await export_now(story)) == (last == "opted_in")


@pytest.mark.parametrize("last", ["opted_in", "opted_out"])
async def test_invariant_5_the_last_of_many_decisions_counts_and_none_is_missing(story: Story, last: str) -> None:
    """LEAP-CDS `consent-discovery.js`: only the first page of a client's consents was read."""
    client = await story.sharing_client(categories=["satisfaction", "contact_and_demographics"])
    for _ in range(61):
        version = (await story.opt_out(client, wait=0))["version"]
        answer = await story.decide(client, "opt_in", version, categories=["satisfaction"])
        assert answer.status_code == 200
    if last == "opted_out":
        await story.opt_out(client, wait=0)
    found = await kinds(story, client)
    assert found == ["opted_in", *["opted_out", "opted_in"] * 61, *["opted_out"] * (last == "opted_out")]
    assert len(found) > 120
    assert {line["category"] for line in await export_now(story)} == ({"satisfaction"} if last == "opted_in" else set())


@pytest.mark.parametrize(("choice", "same_id"), [("opt_in", True), ("opt_in", False), ("decline", True), ("decline", False)])
async def test_C2_twenty_identical_first_decisions_at_once_are_one_line(story: Story, choice: str, same_id: bool) -> None:
    """c15t #861: the check for a duplicate stood outside of the transaction, so there were duplicate records."""
    client = await story.client()
    await known(story, client)
    once = str(uuid4())
    ids = [once if same_id else str(uuid4()) for _ in range(20)]
    answers = await asyncio.gather(*(story.decide(client, choice, 0, decision_id=each) for each in ids))
    (line,) = await ledger_of(story, client)
    taken = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer["decision_id"] for answer in taken} == {line["event_id"]}
    assert len([answer for answer in taken if answer["receipt"]]) == 1
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 200]
    assert refused == (["state_changed"] * 19 if choice == "opt_in" and not same_id else [])
    assert (await story.sharing(client))["version"] == 1


async def known(story: Story, client: UUID) -> None:
    """Consent hears of a client by event."""
    connection = await asyncpg.connect(story.stack.database("consent"))
    await eventually(lambda: connection.fetchval("select true from known_client where client_id = $1", client))
    await connection.close()


INVALID = {
    "no choice": {"choice": None},
    "a third choice": {"choice": "maybe"},
    "no programme": {"programme": None},
    "a programme that is none": {"programme": "CARE_CONNECT"},
    "a category that is none": {"categories": ["satisfaction", "everything"]},
    "no category": {"categories": []},
    "a category list that is none": {"categories": "satisfaction"},
    "a notice that is none": {"notice_digest": "0" * 64},
    "a digest that is none": {"notice_digest": NOTICE.upper()},
    "another recipient": {"recipient": "employer"},
    "another purpose": {"purpose": "research"},
    "an id that is none": {"decision_id": "1"},
    "more than is asked": {"share_with_employer": False},
}


@pytest.mark.parametrize("what", INVALID)
async def test_what_is_not_valid_is_refused_and_not_taken_and_dropped(story: Story, what: str) -> None:
    """OneTrust: invalid input is answered as accepted, and then "will not flow"."""
    client = await story.client()
    await known(story, client)
    valid = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE}
    body = {name: value for name, value in (valid | INVALID[what]).items() if value is not None}
    refused = await post(story, client, "decisions", body, if_match='"0"')
    assert (400 <= refused.status_code < 500, refused.headers["content-type"]) == (True, "application/problem+json")
    assert refused.json()["detail"]
    assert ((await story.sharing(client))["version"], await kinds(story, client)) == (0, [])


@pytest.mark.parametrize("categories", [[], ["everything"], "satisfaction", None])
async def test_C17_a_withdrawal_of_nothing_or_of_what_is_none_is_refused(story: Story, categories: Any) -> None:
    """OneTrust, for a withdrawal: who hears "accepted" believes that it was withdrawn."""
    client = await story.sharing_client()
    refused = await post(story, client, "withdrawals", {"categories": categories, "programme": "care_connect"})
    assert (refused.status_code, (await story.sharing(client))["version"]) == (422, 1)


@pytest.mark.parametrize("whose", ["another client's", "an opt-in's of their own"])
async def test_C4_a_decline_by_the_id_of_another_decision_is_refused_or_taken_and_not_dropped(story: Story, whose: str) -> None:
    """OneTrust, for a decline: who hears 200 believes that nothing is shared any more."""
    client, other = await story.sharing_client(), await story.sharing_client()
    used = (await story.sharing(other if whose.startswith("another") else client))["decision_id"]
    answer = await story.decide(client, "decline", None, decision_id=used)
    assert answer.status_code == 409 or (await story.sharing(client))["shared"] is False


async def ews(story: Story, client: UUID) -> dict[str, Any]:
    answer = await story.call("consent", "GET", f"/v1/clients/{client}/sharing/{EWS}", story.token("client", client))
    found: dict[str, Any] = answer.json()
    return found


async def test_C4_C5_a_decision_of_one_programme_never_overwrites_anothers(story: Story) -> None:
    """Didomi: an event of several regulations could silently overwrite the consent of another one. Fides #7557: one status for both."""
    client = await story.sharing_client(categories=["satisfaction"])
    both = {"programme": EWS, "notice_digest": EWS_NOTICE, "categories": ["appointments"]}
    assert (await story.decide(client, "opt_in", 0, **both)).status_code == 200
    one = await story.sharing(client)
    for number in range(5):
        closed = await post(story, client, "opt-outs", {"programme": EWS})
        assert [item["programme"] for item in closed.json()["items"]] == [EWS]
        assert await story.sharing(client) == one
        version = (await ews(story, client))["version"]
        await asyncio.gather(story.decide(client, "opt_in", version, **both), opt_in(story, client, categories=["satisfaction"]))
        other, one = await ews(story, client), await story.sharing(client)
        assert (other["categories"], one["categories"], one["version"]) == (["appointments"], ["satisfaction"], number + 2)
    await story.opt_out(client)
    assert await ews(story, client) == other
