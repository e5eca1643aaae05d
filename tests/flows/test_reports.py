"""R1 to R3, R6, C15, C16 from the first request to the report, over HTTP on the real stack."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import Stack
from tests.flows.care import Care, monday
from tests.flows.reports import CLOSED, QUARTER, YEAR, Reported, values
from tests.story import Story, eventually

FORMS = ("json", "csv", "pdf")


@pytest.fixture(scope="module")
async def reported(stack: Stack) -> AsyncIterator[Reported]:
    """Lived once, and released."""
    async with httpx.AsyncClient(timeout=30) as http:
        story = await Story(stack, http).open()
        care = await Care(story).at(monday(9))
        made = Reported(care)
        await made.open()
        assert await made.releases()
        yield made
        await Care(story).at(datetime.now(UTC))


async def left(reported: Reported) -> dict[str, bytes]:
    """What everybody has got: nobody gets anything else later (D7)."""
    if not reported.left:
        reported.left = await everything(reported)
    return reported.left


async def everything(reported: Reported) -> dict[str, bytes]:
    """All reports in all forms, for everybody."""
    found: dict[str, bytes] = {}
    for role, who in (("plan", reported.plan), *(("employer", employer) for employer in reported.employers)):
        for period in (YEAR, QUARTER, "2026-11"):
            for form in FORMS:
                try:
                    found[f"{role} {who} {period} {form}"] = await reported.report(role, who, period, format=form)
                except AssertionError as error:  # an employer's single months come with their quarter, where it has any
                    found[f"{role} {who} {period} {form}"] = str(error).encode()
    return found


async def test_R1_the_plan_learns_how_fast_care_was_for_all_who_sought_it(reported: Reported) -> None:
    found = values(await reported.report("plan", reported.plan, YEAR))
    assert found["clients_seeking_care"]["n"] == len(reported.clients)
    within = found["time_to_first_session_within_5_business_days"]
    assert (within["n"], within["of"]) == (30, 60)  # of 60, 6 heard nothing, and 24 waited for two weeks
    assert found["time_to_first_session_open"]["shown"] in ("withheld", "shown")


async def test_R1_each_employer_learns_it_of_its_own_people(reported: Reported) -> None:
    for employer in reported.employers:
        found = values(await reported.report("employer", employer, YEAR))
        assert found["clients_seeking_care"]["n"] == 15


async def test_R6_those_who_share_nothing_are_in(reported: Reported) -> None:
    assert reported.declined == 30
    found = values(await reported.report("plan", reported.plan, YEAR))
    assert found["clients_seeking_care"]["n"] == 60


async def test_R2_what_an_employer_may_not_see_is_marked_and_not_said(reported: Reported) -> None:
    """Seven or eight of fifteen waited: neither they nor those within are counted out."""
    for employer in reported.employers:
        within = values(await reported.report("employer", employer, YEAR))["time_to_first_session_within_5_business_days"]
        assert within["shown"] == "withheld" and within["value"] is None and within["n"] is None


async def test_R3_an_employer_gets_its_own_report_only(reported: Reported) -> None:
    story, (own, other, *_) = reported.care.story, reported.employers
    for path in (f"/v1/employers/{other}/reports/{YEAR}", f"/v1/plans/{reported.plan}/reports/{YEAR}"):
        answer = await story.call("reporting", "GET", path, story.token("employer", own))
        assert answer.status_code in (403, 404)
    for role in ("client", "provider", "operations", "privacy_officer", "client_matching"):
        answer = await story.call("reporting", "GET", f"/v1/employers/{own}/reports/{YEAR}", story.token(role))
        assert answer.status_code == 403, role


async def test_C15_another_customers_report_is_read_by_its_direction_only_and_no_longer_than_it_lasts(reported: Reported) -> None:
    story, (own, other, third, *_) = reported.care.story, reported.employers
    always = {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2045-01-01T00:00:00Z"}

    async def reads(role: str, who: UUID, whose: UUID) -> int:
        path = f"/v1/employers/{whose}/reports"
        answers = [await story.call("reporting", "GET", f"{path}{of}", story.token(role, who)) for of in ("", f"/{YEAR}", "/2019")]
        assert answers[0].status_code == answers[1].status_code and answers[2].status_code == 404
        return answers[0].status_code

    async def directs(whose: UUID, by: UUID, role: str, reader: UUID, **more: str) -> tuple[str, int]:
        path, body = f"/v1/employers/{whose}/directions/{uuid4()}", always | {"reader_role": role, "reader_id": str(reader)} | more
        return path, (await story.call("reporting", "PUT", path, story.token("employer", by), json=body)).status_code

    assert [await reads(*one) for one in (("employer", other, own), ("plan", reported.plan, own))] == [404, 404]
    assert (await directs(own, other, "employer", other))[1] == 404, "nobody directs for another"
    path, given = await directs(own, own, "employer", other)
    assert given == 200 and await reads("employer", other, own) == 200
    assert await reads("employer", third, own) == 404 and await reads("plan", other, own) == 404, "it is for nobody else"
    assert await reads("employer", own, other) == 404, "and not the other way round"
    assert (await directs(own, own, "plan", reported.plan))[1] == 200 and await reads("plan", reported.plan, own) == 200
    assert (await directs(own, own, "employer", third, valid_from="2044-01-01T00:00:00Z"))[1] == 200
    assert await reads("employer", third, own) == 404, "not yet"
    ended = await story.call("reporting", "POST", f"{path}/end", story.token("employer", own))
    assert ended.status_code == 200 and await reads("employer", other, own) == 404
    assert len((await story.call("reporting", "GET", path.rpartition("/")[0], story.token("privacy_officer"))).json()["items"]) == 3


async def test_C15_nothing_in_a_report_names_another_customer(reported: Reported) -> None:
    for name, content in (await left(reported)).items():
        whose = UUID(name.split()[1])
        for employer in reported.employers:
            assert employer == whose or str(employer).encode() not in content, name


async def test_R2_C16_no_id_of_a_client_or_provider_and_no_count_of_sessions_is_in_anything_that_left(reported: Reported) -> None:
    stack = reported.care.story.stack
    db = await asyncpg.connect(stack.database("reporting"))
    published = "\n".join(str(dict(row)) for row in await db.fetch("select * from published_cell"))
    await db.close()
    found = {**await left(reported), "published_cell": published.encode()}
    for name, content in found.items():
        for person in (*reported.clients, *reported.providers):
            assert str(person).encode() not in content and person.hex.encode() not in content, name


async def test_D7_what_becomes_known_after_a_month_was_closed_changes_no_report(reported: Reported) -> None:
    before = await left(reported)
    care, provider = reported.care, reported.providers[0]
    await care.at(monday(9))
    late = await reported._client(reported.employers[0])
    request = (await care.ask(late, provider, "opt_in"))["request_id"]
    story = care.story
    for client in (late, reported.clients[0]):  # an opt-out moves no number either
        path, body = f"/v1/clients/{client}/opt-outs", {"programme": "care_connect"}
        out = await story.call("consent", "POST", path, story.token("client", client), json=body, headers={"prefer": "wait=10"})
        assert out.status_code in (200, 201, 202), out.text
    assert request
    db = await asyncpg.connect(story.stack.database("reporting"))

    async def counted() -> object:
        return await db.fetchrow("select month, late from unit where family = 'care_sought' and client_id = $1", late)

    month, is_late = await eventually(counted, 30)
    await db.close()
    assert (month, is_late) == ("2027-05", True)  # the first month that was open still
    await reported.releases(CLOSED + timedelta(days=1))
    assert await everything(reported) == before


async def test_D7_the_database_itself_refuses_to_change_what_was_published(reported: Reported) -> None:
    db = await asyncpg.connect(reported.care.story.stack.database("reporting"))
    for change in ("update published_cell set n = 12", "delete from published_cell", "truncate published_cell", "delete from closing"):
        with pytest.raises(asyncpg.PostgresError, match="D7"):
            await db.execute(change)
    await db.close()


async def test_releasing_again_releases_nothing_more(reported: Reported) -> None:
    assert await reported.releases() == []


async def test_D12_an_employers_size_is_stated_before_its_year_is_closed_or_not_at_all(reported: Reported) -> None:
    assert await reported.puts_population(reported.employers[0], 2026, 10) == 409
    assert await reported.puts_population(reported.employers[0], 2028, 10) == 200


async def test_D12_an_employer_of_unknown_size_gets_the_report_of_all_smaller_ones(reported: Reported) -> None:
    story, employer = reported.care.story, uuid4()
    listed = await story.call("reporting", "GET", f"/v1/employers/{employer}/reports", story.token("employer", employer))
    assert listed.status_code == 200
    assert all(item["pooled"] for item in listed.json()["items"])


async def test_the_privacy_officer_is_told_the_reason_and_the_employer_the_rules(reported: Reported) -> None:
    story, employer = reported.care.story, reported.employers[0]
    asked = {"family": "care_sought", "scope": "employer", "scope_id": str(employer), "period": YEAR}
    db = await asyncpg.connect(story.stack.database("reporting"))
    hidden = await db.fetchrow(
        "select breakdown, cell_group from withheld_cell where scope_id = $1 and period = $2 and family = 'care_sought' limit 1",
        str(employer),
        YEAR,
    )
    await db.close()
    assert hidden is not None
    officer = story.token("privacy_officer")
    asked |= {"breakdown": hidden["breakdown"], "group": hidden["cell_group"]}
    told = await story.call("reporting", "GET", "/v1/releases/explanation", officer, params=asked)
    assert told.status_code == 200 and told.json()["withheld"] and told.json()["sentences"]
    path = f"/v1/employers/{employer}/reports/{YEAR}/explanation?measure=time_to_first_session_within_5_business_days"
    rules = await story.call("reporting", "GET", path, story.token("employer", employer))
    assert rules.status_code == 200 and rules.json()["sentences"]
    assert not set(told.json()["sentences"]) & set(rules.json()["sentences"])


async def test_a_second_count_by_another_engine_agrees(reported: Reported) -> None:
    story = reported.care.story
    answer = await story.call("reporting", "POST", "/v1/rollups/second-count", story.token("operations"))
    assert answer.json() == {"agrees": True, "differences": 0}


async def test_every_release_says_how_long_the_linear_test_and_the_audit_took(reported: Reported) -> None:
    story = reported.care.story
    answer = await story.call("reporting", "GET", "/v1/releases", story.token("privacy_officer"))
    items = answer.json()["items"]
    assert {item["family"] for item in items} == {"care_sought", "asked", "in_treatment"}
    assert all(item["linear_ms"] > 0 and item["audit_ms"] >= 0 for item in items), json.dumps(items[:3])
