"""Employers, their contracts and their holidays over HTTP."""

from datetime import date
from uuid import UUID, uuid4

from common.contracts.vocabulary import Programme
from common.deadlines.calendar_versions import newest_calendar
from common.deadlines.calendars import is_business_day
from scheduling.employers.tables import calendar_of
from tests.scheduling.eligibility.office import CARE_CONNECT, EWS, NOW, Office


async def agree(office: Office, employer: UUID, programme: str = EWS, **terms: object) -> dict[str, object]:
    path = f"/v1/employers/{employer}/programmes/{programme}"
    found: dict[str, object] = await office.done("PUT", path, json={"starts_on": "2026-01-01"} | terms)
    return found


async def test_S1_an_employer_is_added_with_names_only_and_covered_from_that_day(office: Office) -> None:
    employer = await office.employer()
    found = await office.done("GET", f"/v1/employers/{employer}")
    assert found == {"employer_id": str(employer), "name": "Acme", "programmes": [CARE_CONNECT, EWS]}
    terms = {p: await office.done("GET", f"/v1/employers/{employer}/programmes/{p}") for p in (CARE_CONNECT, EWS)}
    assert terms[EWS]["starts_on"] == "2026-03-02"
    assert (terms[EWS]["ends_on"], terms[EWS]["regions"], terms[EWS]["calendar"]) == (None, None, "us-federal")
    assert (terms[EWS]["session_limit"], terms[CARE_CONNECT]["session_limit"]) == (6, None)


async def test_S1_a_change_makes_a_version_and_days_before_it_keep_theirs(office: Office) -> None:
    employer = await office.employer(EWS, starts_on="2026-01-01", session_limit=4)
    changed = await agree(office, employer, session_limit=8, applies_from="2026-07-01")
    assert (changed["version"], changed["applies_from"]) == (2, "2026-07-01")
    path = f"/v1/employers/{employer}/programmes"
    limits = [(await office.done("GET", f"{path}/{EWS}", params={"on": on}))["session_limit"] for on in ("2026-06-30", "2026-07-01")]
    assert limits == [4, 8]
    assert [version["version"] for version in (await office.done("GET", path))["items"]] == [2, 1]
    assert (await office.call("GET", f"{path}/{EWS}", params={"on": "2025-12-31"})).status_code == 404


async def test_S1_a_change_without_a_day_applies_from_today_and_first_terms_from_their_start(office: Office) -> None:
    employer = await office.employer(EWS)
    assert (await agree(office, employer))["applies_from"] == "2026-03-02"
    assert (await agree(office, employer, CARE_CONNECT, starts_on="2025-06-01"))["applies_from"] == "2025-06-01"
    assert (await office.done("GET", f"/v1/employers/{employer}"))["programmes"] == [CARE_CONNECT, EWS]


async def test_S13_a_limit_for_care_connect_is_refused_over_http(office: Office) -> None:
    employer = await office.employer()
    path = f"/v1/employers/{employer}/programmes/{CARE_CONNECT}"
    answer = await office.call("PUT", path, json={"starts_on": "2026-01-01", "session_limit": 8})
    assert (answer.status_code, answer.json()["rule"]) == (422, "S13")
    for limit in (0, 53):
        answer = await office.call("PUT", path.replace(CARE_CONNECT, EWS), json={"starts_on": "2026-01-01", "session_limit": limit})
        assert answer.status_code == 422


async def test_C6_an_employer_sees_its_own_contract_and_no_other_and_changes_none(office: Office) -> None:
    mine, other = await office.employer(), await office.employer()
    for path in ("", "/programmes", f"/programmes/{EWS}"):
        assert (await office.call("GET", f"/v1/employers/{mine}{path}", "employer", mine)).status_code == 200
        assert (await office.call("GET", f"/v1/employers/{other}{path}", "employer", mine)).status_code == 404
    for path in (f"/programmes/{EWS}", "/calendar"):
        assert (await office.call("PUT", f"/v1/employers/{mine}{path}", "employer", mine, json={})).status_code == 403


async def test_an_employer_that_is_none_has_no_contract(office: Office) -> None:
    for method, path in (("GET", f"programmes/{EWS}"), ("GET", "programmes"), ("PUT", f"programmes/{EWS}"), ("PUT", "calendar")):
        body = {"starts_on": "2026-01-01"} if path.endswith(EWS) else {}
        answer = await office.call(method, f"/v1/employers/{uuid4()}/{path}", json=body if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_S9_a_contracts_own_holidays_count_where_its_terms_name_the_calendar(office: Office) -> None:
    employer = await office.employer(EWS)
    path = f"/v1/employers/{employer}/calendar"
    put = await office.done("PUT", path, json={"closed": ["2026-12-24"], "opened": ["2026-10-12"]})
    assert (put["calendar"], put["closed"], put["counted_by"]) == (f"employer-{employer}", ["2026-12-24"], [])
    await agree(office, employer, calendar=put["calendar"])
    again = await office.done("PUT", path, json={"closed": ["2026-12-24"], "opened": ["2026-10-12"]})
    assert (again["version"], again["counted_by"]) == (put["version"], [EWS])
    async with office.db.begin() as tx:
        codes = [await calendar_of(tx, employer, programme, NOW.date()) for programme in Programme]
        calendar = await newest_calendar(tx, put["calendar"], NOW)
    assert codes == ["us-federal", put["calendar"]]
    assert calendar is not None
    asked = [date(2026, 12, 24), date(2026, 12, 25), date(2026, 10, 12), date(2026, 12, 23)]
    assert [is_business_day(calendar, day) for day in asked] == [False, False, True, True]


async def test_S9_holidays_that_cannot_be_meant_and_calendars_that_there_are_not_are_refused(office: Office) -> None:
    employer = await office.employer(EWS)
    for closed, opened in ((["2026-12-24"], ["2026-12-24"]), (["1999-12-24"], [])):
        answer = await office.call("PUT", f"/v1/employers/{employer}/calendar", json={"closed": closed, "opened": opened})
        assert answer.status_code == 422, answer.text
    for owner in (employer, uuid4()):
        terms = {"starts_on": "2026-01-01", "calendar": f"employer-{owner}"}
        answer = await office.call("PUT", f"/v1/employers/{employer}/programmes/{EWS}", json=terms)
        assert (answer.status_code, answer.json()["field"]) == (422, "calendar")


async def test_two_changes_at_the_same_moment_are_two_versions(office: Office) -> None:
    import asyncio

    employer = await office.employer(EWS)
    made = await asyncio.gather(*(agree(office, employer, session_limit=limit) for limit in range(1, 9)))
    assert sorted(str(contract["version"]) for contract in made) == [str(number) for number in range(2, 10)]
