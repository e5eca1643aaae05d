"""S5: who sees which providers, and that the directory follows every change and every day by itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.contracts.vocabulary import Programme
from scheduling.directory.rules import Candidate
from scheduling.directory.tables import candidates
from tests.scheduling.directory.people import keep_client, open_at
from tests.scheduling.providers.edge import Portal, body
from tests.scheduling.providers.made import NOW, PLAN, TODAY

CARE_CONNECT = Programme.CARE_CONNECT


def only(state: str, **changes: Any) -> dict[str, Any]:
    """Licensed in this state, which is the test's own."""
    return body(licences=[{"state": state, "kind": "full", "expires_on": "2027-03-02"}], **changes)


async def found(portal: Portal, state: str, now: datetime = NOW, **asked: Any) -> list[str]:
    portal.now = now
    return await portal.ids(state=state, programme="care_connect", plan_id=str(PLAN), **asked)


async def test_S5_a_client_sees_providers_of_their_own_state_and_plan_without_asking(portal: Portal) -> None:
    here, elsewhere = await portal.add(**only("VT")), await portal.add(**only("NH"))
    other_plan = [{"plan_id": str(uuid4()), "under_network_tax_id": True, "starts_on": "2025-01-01"}]
    await portal.add(**only("VT", credentials=other_plan))
    client = await keep_client(portal.db, "VT", PLAN, CARE_CONNECT, "America/New_York")
    items = (await portal.search("client", client))["items"]
    assert [item["provider_id"] for item in items] == [here["provider_id"]]
    for wrong in ({"state": "NH"}, {"plan_id": str(uuid4())}):
        answer = await portal.call("GET", "/v1/directory", "client", client, params=wrong)
        assert (answer.status_code, answer.json()["rule"]) == (422, "S5")
    assert elsewhere["provider_id"] in await found(portal, "NH")


async def test_S5_somebody_who_is_no_client_yet_sees_nobody(portal: Portal) -> None:
    assert (await portal.call("GET", "/v1/directory", "client")).json()["code"] == "unknown_client"


@pytest.mark.parametrize("role", ["provider", "operations", "client_matching"])
async def test_S5_the_network_searches_everywhere(portal: Portal, role: str) -> None:
    there = await portal.add(**only("ME"))
    assert there["provider_id"] in [item["provider_id"] for item in (await portal.search(role, state="ME"))["items"]]


@pytest.mark.parametrize("role", ["employer", "plan", "privacy_officer", "service"])
async def test_C6_nobody_else_searches(portal: Portal, role: str) -> None:
    assert (await portal.call("GET", "/v1/directory", role)).status_code == 403


async def test_S3_a_provider_is_gone_on_the_day_after_the_licence_ends_and_nothing_has_to_be_done(portal: Portal) -> None:
    there = await portal.add(**body(licences=[{"state": "RI", "kind": "full", "expires_on": "2026-03-02"}]))
    last_evening, midnight = datetime(2026, 3, 3, 4, 59, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert await found(portal, "RI", last_evening) == [there["provider_id"]]
    assert await found(portal, "RI", midnight) == []


async def test_S5_the_day_is_the_one_where_the_client_is(portal: Portal) -> None:
    there = await portal.add(**body(licences=[{"state": "FL", "kind": "full", "expires_on": "2026-03-02"}]))
    panhandle = await keep_client(portal.db, "FL", PLAN, CARE_CONNECT, "America/Chicago")
    miami = await keep_client(portal.db, "FL", PLAN, CARE_CONNECT, "America/New_York")
    portal.now = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
    seen = [[item["provider_id"] for item in (await portal.search("client", who))["items"]] for who in (panhandle, miami)]
    assert seen == [[there["provider_id"]], []]


async def test_S3_a_provider_appears_on_the_day_when_the_credential_begins(portal: Portal) -> None:
    credentials = [{"plan_id": str(PLAN), "under_network_tax_id": True, "starts_on": "2025-01-01", "ends_on": "2026-03-01"}]
    credentials.append(credentials[0] | {"starts_on": "2026-03-05", "ends_on": None})
    there = await portal.add(**only("CT", credentials=credentials, participations=[]))
    joined = await portal.call("POST", f"/v1/providers/{there['provider_id']}/participations", json=body()["participations"][0])
    assert joined.json()["unmet"][0]["code"] == "credential_ended"
    portal.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (
        await portal.call("POST", f"/v1/providers/{there['provider_id']}/participations", json=body()["participations"][0])
    ).status_code == 201
    shown = [bool(await found(portal, "CT", datetime(2026, 3, day, 12, tzinfo=UTC))) for day in (1, 2, 4, 5, 6)]
    assert shown == [True, False, False, True, True]


async def test_S4_whoever_leaves_is_gone_at_once_and_whoever_gave_notice_after_thirty_days(portal: Portal) -> None:
    leaving, noticed = await portal.add(**only("DE")), await portal.add(**only("DE"))
    await portal.call("POST", f"/v1/providers/{noticed['provider_id']}/insurance-departure")
    assert set(await found(portal, "DE")) == {leaving["provider_id"], noticed["provider_id"]}
    await portal.call("POST", f"/v1/providers/{leaving['provider_id']}/participations/care_connect/departure")
    assert await found(portal, "DE") == [noticed["provider_id"]]
    assert await found(portal, "DE", NOW + timedelta(days=30)) == [noticed["provider_id"]]
    assert await found(portal, "DE", NOW + timedelta(days=31)) == []


async def test_S5_the_directory_follows_a_change_of_the_record(portal: Portal) -> None:
    there = await portal.add(**only("NJ", specialties=["grief"], profile="old words"))
    sent = only("NJ", specialties=["work"], profile="new words", accepting_clients=False)
    changed = {name: value for name, value in sent.items() if name not in ("provider_id", "participations")}
    answer = await portal.call("PUT", f"/v1/providers/{there['provider_id']}", json=changed, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert [await found(portal, "NJ", specialty=code) for code in ("grief", "work")] == [[], [there["provider_id"]]]
    assert [await found(portal, "NJ", q=word) for word in ("old", "new")] == [[], [there["provider_id"]]]
    assert await found(portal, "NJ", accepting=True) == []


async def test_nothing_is_asked_for_that_there_is_not(portal: Portal) -> None:
    for wrong in (
        {"specialty": "everything"},
        {"favourites": "true"},
        {"open_before": "2026-03-02T10:00"},
        {"order": "best"},
        {"q": "x" * 201},
    ):
        assert (await portal.call("GET", "/v1/directory", params=wrong)).status_code == 422, wrong


async def proposed(portal: Portal, state: str, **more: Any) -> list[Candidate]:
    asked: dict[str, Any] = {"language": "es", "specialties": ["grief", "work"], "exclude": (), "limit": 10, "today": TODAY} | more
    async with portal.db.begin() as tx:
        return await candidates(tx, programme=CARE_CONNECT, state=state, plan_id=PLAN, **asked)


async def test_S10_candidates_are_whom_the_client_may_ask_those_who_understand_them_first(portal: Portal) -> None:
    names = {}
    for name, more, opens in (
        ("fits", {"languages": ["es-MX"], "specialties": ["grief", "work"]}, 50),
        ("fits later", {"languages": ["es"], "specialties": ["grief", "work"]}, 60),
        ("fits, no slot", {"languages": ["es"], "specialties": ["grief", "work"]}, None),
        ("half", {"languages": ["es"], "specialties": ["work"]}, 1),
        ("English", {"languages": ["en"], "specialties": ["grief", "work"]}, 1),
        ("full", {"languages": ["es"], "accepting_clients": False}, 1),
        ("asked already", {"languages": ["es"]}, 1),
    ):
        there = await portal.add(**only("WA", name=name, **more))
        names[name] = UUID(there["provider_id"])
        await open_at(portal.db, names[name], opens and NOW + timedelta(hours=opens))
    await portal.add(**only("OR", languages=["es"]))
    found = await proposed(portal, "WA", exclude={names["asked already"]})
    assert [candidate.name for candidate in found] == ["fits", "fits later", "fits, no slot", "half", "English"]
    assert "es" in found[0].languages and found[2].next_open_at is None
    assert [candidate.name for candidate in await proposed(portal, "WA", limit=1)] == ["fits"]
    assert [candidate.name for candidate in await proposed(portal, "WA", only=[names["full"], uuid4()])] == ["full"]
    assert await proposed(portal, "WA", today=date(2027, 3, 3)) == []
    assert len(await proposed(portal, "WA", language=None, specialties=[])) == 6
