"""S3, S4 over HTTP, on a real database: what is written, who may, and what stays when many do it at once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.scheduling.providers.edge import Portal, body
from tests.scheduling.providers.made import NOW, PLAN

TERMS = {"programme": "care_connect", "terms_version": "2026-01", "agreed": ["S7", "S8", "A1", "A3"]}


async def listing(portal: Portal, provider_id: str, role: str = "operations", **asked: str) -> dict[str, Any]:
    asked = {"programme": "care_connect", "state": "MA", "plan_id": str(PLAN)} | asked
    answer = await portal.call("GET", f"/v1/providers/{provider_id}/listing", role, UUID(provider_id), params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def change(portal: Portal, there: dict[str, Any], role: str = "operations", **changes: Any) -> Any:
    sent = {name: value for name, value in there.items() if name in body() or name in ("profile", "languages", "zone")} | changes
    for name in ("provider_id", "participations"):
        sent.pop(name, None)
    headers = {"if-match": f'"{there["version"]}"'}
    return await portal.call("PUT", f"/v1/providers/{there['provider_id']}", role, UUID(there["provider_id"]), json=sent, headers=headers)


async def test_a_record_is_read_as_it_was_written(portal: Portal) -> None:
    sent = body(languages=["en", "es-MX"], specialties=["anxiety"], modalities=["cbt"], gender="female", taxonomy_code="1041C0700X")
    written = await portal.add(**sent)
    answer = await portal.call("GET", f"/v1/providers/{sent['provider_id']}")
    assert answer.json() == written
    assert answer.headers["etag"] == '"1"'
    assert (written["zone"], written["participations"][0]["agreed"]) == ("America/New_York", ["A1", "A3", "S7", "S8"])
    assert {name: written[name] for name in ("languages", "specialties", "gender")} == {
        n: sent[n] for n in ("languages", "specialties", "gender")
    }


async def test_S3_a_name_a_state_and_a_degree_are_enough_to_begin_with_and_not_to_be_listed(portal: Portal) -> None:
    answer = await portal.call("POST", "/v1/providers", json={"name": "New", "state": "TX", "degree": "masters"})
    assert answer.status_code == 201, answer.text
    told = await listing(portal, answer.json()["provider_id"], "provider")
    assert told["listed"] is False
    assert {found["code"] for found in told["unmet"]} >= {"not_licensed", "not_credentialed", "not_participating"}


async def test_S3_loading_a_participation_that_does_not_hold_is_refused_and_nothing_is_kept(portal: Portal) -> None:
    sent = body(virtual_care=False)
    answer = await portal.call("POST", "/v1/providers", json=sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "requirement_not_met")
    assert [found["code"] for found in answer.json()["unmet"]] == ["no_virtual_care"]
    assert (await portal.call("GET", f"/v1/providers/{sent['provider_id']}")).status_code == 404


async def test_S3_a_provider_joins_as_soon_as_the_papers_are_there(portal: Portal) -> None:
    there = await portal.add(participations=[], credentials=[])
    path, own = f"/v1/providers/{there['provider_id']}/participations", UUID(there["provider_id"])
    answer = await portal.call("POST", path, "provider", own, json=TERMS)
    assert [found["code"] for found in answer.json()["unmet"]] == ["not_credentialed"]
    assert (await change(portal, there, credentials=body()["credentials"])).status_code == 200
    assert (await portal.call("POST", path, "provider", own, json=TERMS)).status_code == 201
    assert (await listing(portal, there["provider_id"]))["listed"]


@pytest.mark.parametrize("agreed", [{}, {"agreed": ["S7", "S8", "A1", "C3"]}, {"agreed": "all"}])
async def test_S3_nothing_is_agreed_to_by_default(portal: Portal, agreed: dict[str, Any]) -> None:
    there = await portal.add(participations=[])
    sent = {"programme": "care_connect", "terms_version": "2026-01"} | agreed
    answer = await portal.call("POST", f"/v1/providers/{there['provider_id']}/participations", json=sent)
    assert answer.status_code == 422


async def test_S4_leaving_is_at_once_and_leaves_what_else_there_is(portal: Portal) -> None:
    there = await portal.add(participations=[TERMS, TERMS | {"programme": "emotional_wellbeing_solutions"}])
    left = await portal.call("POST", f"/v1/providers/{there['provider_id']}/participations/care_connect/departure")
    assert left.status_code == 200
    assert [found["code"] for found in (await listing(portal, there["provider_id"]))["unmet"]] == ["left_programme"]
    assert (await listing(portal, there["provider_id"], programme="emotional_wellbeing_solutions"))["listed"]


async def test_S4_thirty_days_notice_and_its_withdrawal(portal: Portal) -> None:
    there = await portal.add()
    path = f"/v1/providers/{there['provider_id']}/insurance-departure"
    given = (await portal.call("POST", path)).json()
    assert (given["insurance_departure_on"], given["version"]) == ("2026-04-01", 2)
    portal.now = NOW + timedelta(days=30)
    try:
        assert (await listing(portal, there["provider_id"]))["listed"]
        portal.now = NOW + timedelta(days=31)
        told = await listing(portal, there["provider_id"])
        assert [found["code"] for found in told["unmet"]] == ["left_insurance_programme"]
        assert (await portal.call("DELETE", path)).json()["code"] == "wrong_state"
        portal.now = NOW + timedelta(days=10)
        assert (await portal.call("DELETE", path)).json()["insurance_departure_on"] is None
    finally:
        portal.now = NOW


async def test_a_change_says_which_version_it_was_made_on(portal: Portal) -> None:
    there = await portal.add()
    assert (await change(portal, there, profile="First")).headers["etag"] == '"2"'
    assert (await change(portal, there, profile="Second")).json()["code"] == "state_changed"
    bare = await portal.call("PUT", f"/v1/providers/{there['provider_id']}", json={"name": "R", "state": "MA", "degree": "masters"})
    assert bare.json()["code"] == "if_match_missing"


async def test_of_many_changes_at_once_one_is_kept_and_the_others_are_told(portal: Portal) -> None:
    there = await portal.add()
    answers = await asyncio.gather(*(change(portal, there, profile=f"Number {number}") for number in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9


async def test_S3_of_many_joins_at_once_one_is_kept(portal: Portal) -> None:
    there = await portal.add(participations=[])
    path = f"/v1/providers/{there['provider_id']}/participations"
    answers = await asyncio.gather(*(portal.call("POST", path, json=TERMS) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len((await portal.call("GET", f"/v1/providers/{there['provider_id']}")).json()["participations"]) == 1


async def test_S3_joining_while_operations_take_the_licence_back_never_lists_somebody_without_one(portal: Portal) -> None:
    for _ in range(8):
        there = await portal.add(participations=[])
        path = f"/v1/providers/{there['provider_id']}/participations"
        await asyncio.gather(portal.call("POST", path, json=TERMS), change(portal, there, licences=[]))
        shown = await portal.db.pool.fetchval("select count(*) from directory_listing where provider_id = $1", there["provider_id"])
        assert shown == 0


async def test_C13_an_ssn_in_a_profile_is_masked_and_one_in_a_name_refused(portal: Portal) -> None:
    there = await portal.add(profile="Call me, 078-05-1120")
    assert "078" not in (await portal.call("GET", f"/v1/providers/{there['provider_id']}")).text
    answer = await portal.call("POST", "/v1/providers", json=body(name="R. 078-05-1120"))
    assert (answer.status_code, answer.json()["code"]) == (422, "ssn_refused")


@pytest.mark.parametrize(
    "bad",
    [
        {"state": "ZZ"},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"degree": "wizard"},
        {"taxonomy_code": "000000000X"},
        {"licences": [{"state": "MA", "kind": "honorary", "expires_on": "2027-03-02"}]},
        {"licences": [{"state": "MA", "kind": "full", "expires_on": "tomorrow"}]},
        {"specialties": ["everything"]},
        {"languages": []},
        {"languages": ["English"]},
        {"profile": "x" * 2001},
        {"profile": "a\x00b"},
        {"name": "a\x00b"},
        {"favourite": True},
    ],
)
async def test_a_record_of_another_form_is_refused(portal: Portal, bad: dict[str, Any]) -> None:
    answer = await portal.call("POST", "/v1/providers", json=body(**bad))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/listing?programme=care_connect"),
        ("PUT", ""),
        ("POST", "/participations"),
        ("POST", "/participations/care_connect/departure"),
        ("POST", "/insurance-departure"),
        ("DELETE", "/insurance-departure"),
    ],
)
async def test_of_somebody_elses_record_it_is_not_said_that_it_exists(portal: Portal, method: str, path: str) -> None:
    there = await portal.add()
    sent = (
        {"json": TERMS if path == "/participations" else {"name": "R", "state": "MA", "degree": "masters"}}
        if method in ("PUT", "POST")
        else {}
    )
    answers = [
        await portal.call(method, f"/v1/providers/{provider_id}{path}", "provider", uuid4(), headers={"if-match": '"1"'}, **sent)
        for provider_id in (there["provider_id"], uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


async def test_a_provider_cannot_give_themselves_a_licence(portal: Portal) -> None:
    there = await portal.add()
    granted = [*there["licences"], {"state": "NY", "kind": "full", "expires_on": "2030-01-01"}]
    answer = await change(portal, there, "provider", licences=granted)
    assert (answer.status_code, answer.json()["field"]) == (403, "licences")
    assert (await change(portal, there, "provider", profile="Hello")).status_code == 200


async def test_clients_do_not_read_records(portal: Portal) -> None:
    there = await portal.add()
    for path in ("/v1/providers", f"/v1/providers/{there['provider_id']}"):
        assert (await portal.call("GET", path, "client")).status_code == 403


async def test_a_repeated_request_is_answered_as_before(portal: Portal) -> None:
    sent, caller = body(), uuid4()
    answers = [await portal.call("POST", "/v1/providers", subject=caller, json=sent, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert (await portal.call("POST", "/v1/providers", json=sent)).json()["code"] == "already_exists"


async def test_operations_page_through_all_of_them(portal: Portal) -> None:
    for _ in range(5):
        await portal.add(state="WY")
    pages, cursor = [], {}
    while True:
        page = (await portal.call("GET", "/v1/providers", params={"state": "WY", "limit": 2, **cursor})).json()
        pages.append(len(page["items"]))
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pages == [2, 2, 1]
