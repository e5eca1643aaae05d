"""R2: whoever reads reports can read what was published and nothing else. R3: everybody reads their own. D13: nothing is not told apart."""

from uuid import uuid4

import asyncpg
import pytest

from common.contracts.vocabulary import Programme
from common.problems import Problem
from reporting.release_ledger.cells import ScopeKind
from reporting.reports.reader import open_reader
from reporting.reports.usecases import explain_measure, list_reports, of_employer, of_plan, read_report
from tests.pages_reporting.showing import EMPLOYER, PLAN, SMALL
from tests.reporting.reports.served import Served

READABLE = {"published_cell", "release"}


async def test_R2_the_reader_of_reports_can_read_no_other_table(published: str) -> None:
    reader = await open_reader(published)
    tables = [row[0] for row in await reader.fetch("select tablename from pg_tables where schemaname = 'public'")]
    assert len(tables) > 20
    for table in tables:
        if table in READABLE:
            assert await reader.fetchval(f"select count(*) from {table}") > 0
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.fetchval(f"select 1 from {table}")
    await reader.close()


async def test_R2_the_reader_of_reports_can_write_nothing_and_stays_who_it_is(published: str) -> None:
    reader = await open_reader(published)
    async with reader.acquire() as connection:
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute("insert into release (release_id) values (gen_random_uuid())")
        await connection.execute("reset role")
        assert await connection.fetchval("select current_user") == "care_connect_reports"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("select 1 from unit")
    await reader.close()


async def test_R3_an_employer_reads_its_own_and_of_anothers_not_even_that_it_is_there(site: Served) -> None:
    own = await site.get("employer", EMPLOYER, f"/v1/employers/{EMPLOYER}/reports/2025")
    assert (own.status_code, own.json()["scope"]) == (200, "employer")
    for path in ("", "/2025", "/2025/explanation?measure=recovery"):
        another = await site.get("employer", uuid4(), f"/v1/employers/{EMPLOYER}/reports{path}")
        nobody = await site.get("employer", EMPLOYER, f"/v1/employers/{uuid4()}/reports{path}")
        assert (another.status_code, another.json()["code"]) == (404, "not_found")
        assert another.json() == nobody.json()


async def test_R3_a_plan_reads_the_programme_and_never_an_employer(site: Served) -> None:
    for path in ("", "/2025"):
        assert (await site.get("plan", PLAN, f"/v1/employers/{EMPLOYER}/reports{path}")).status_code == 404, "unless it is directed (C15)"
        assert (await site.get("plan", EMPLOYER, f"/v1/plans/{PLAN}/reports{path}")).status_code == 404
    whole = (await site.get("plan", PLAN, f"/v1/plans/{PLAN}/reports/2025")).json()
    part = (await site.get("plan", PLAN, f"/v1/plans/{PLAN}/reports/2025?programme=care_connect")).json()
    assert (whole["scope"], whole["programme"]) == ("plan", None)
    assert (part["scope"], part["programme"]) == ("programme", "care_connect")
    assert str(EMPLOYER) not in f"{whole}{part}" and "employer" not in {whole["scope"], part["scope"]}
    assert people(part) < people(whole)


def people(report: dict[str, list[dict[str, list[dict[str, dict[str, float]]]]]]) -> float:
    return report["families"][0]["measures"][0]["value"]["value"]


@pytest.mark.parametrize("role", ["client", "provider", "operations", "privacy_officer", "client_matching", "service"])
async def test_C6_reports_are_for_employers_and_plans_alone_and_definitions_for_everybody(site: Served, role: str) -> None:
    for path in (f"/v1/employers/{EMPLOYER}/reports/2025", f"/v1/plans/{PLAN}/reports/2025"):
        assert (await site.get(role, uuid4(), path)).status_code == 403
    assert (await site.look(role, uuid4(), "/reports")).status_code == 403
    assert [family["code"] for family in (await site.get(role, uuid4(), "/v1/measures")).json()["items"]] == [
        "care_sought",
        "asked",
        "in_treatment",
    ]


async def test_a_link_to_a_report_is_no_capability(site: Served) -> None:
    for path in (f"/v1/employers/{EMPLOYER}/reports/2025", f"/v1/plans/{PLAN}/reports/2025?format=pdf", "/v1/measures"):
        assert (await site.http.get(path)).status_code == 401
    for path in ("/reports", "/reports/all/2025", "/reports/all/2025/pdf", "/reports/all/2025/csv"):
        assert (await site.http.get(path)).status_code == 401
    theirs, others = await site.look("employer", EMPLOYER, "/reports/all/2025"), await site.look("employer", SMALL, "/reports/all/2025")
    assert theirs.status_code == others.status_code == 200
    assert "All smaller employers together" not in theirs.text and "All smaller employers together" in others.text


async def test_D12_C15_an_employer_without_a_report_gets_that_of_all_smaller_ones(published: str) -> None:
    reader = await open_reader(published)
    listed = await list_reports(reader, of_employer(SMALL))
    assert listed and all(one.pooled for one in listed) and all(one.span != "month" for one in listed)
    report = await read_report(reader, of_employer(SMALL), "2025")
    assert report.scope is ScopeKind.SMALLER_EMPLOYERS
    assert not any(one.pooled for one in await list_reports(reader, of_employer(EMPLOYER)))
    assert not any(one.pooled for one in await list_reports(reader, of_plan(uuid4(), None)))
    await reader.close()


async def test_C15_the_norm_stands_beside_quarters_and_years_and_is_the_networks(published: str) -> None:
    reader = await open_reader(published)
    theirs, plans = await read_report(reader, of_employer(EMPLOYER), "2025"), await read_report(reader, of_plan(PLAN, None), "2025")
    month = await read_report(reader, of_plan(PLAN, Programme.CARE_CONNECT), "2026-08")
    norms = [[measure.norm for family in report.families for measure in family.measures] for report in (theirs, plans)]
    assert norms[0] == norms[1] and all(norms[0])
    assert all(measure.norm is None for family in month.families for measure in family.measures)
    await reader.close()


@pytest.mark.parametrize("period", ["2023", "2025-Q4", "2026-12"])
async def test_D13_a_period_without_a_report_is_not_there(published: str, period: str) -> None:
    reader = await open_reader(published)
    if period != "2025-Q4":
        with pytest.raises(Problem, match="not_found"):
            await read_report(reader, of_plan(PLAN, None), period)
    with pytest.raises(Problem, match="not_found"):
        await read_report(reader, of_plan(uuid4(), None), period)
    await reader.close()


async def test_D2_the_explanation_is_the_same_whether_a_number_is_shown_or_not(published: str) -> None:
    reader = await open_reader(published)
    sentences = [await explain_measure(reader, of_plan(PLAN, None), period, "recovery") for period in ("2025", "2026-Q1")]
    theirs = await explain_measure(reader, of_employer(EMPLOYER), "2025", "recovery")
    assert sentences[0] == sentences[1] == theirs != []
    with pytest.raises(Problem, match="not_found"):
        await explain_measure(reader, of_plan(PLAN, None), "2026-08", "recovery")
    await reader.close()


async def test_D8_no_other_periods_can_be_asked_for(site: Served) -> None:
    for period in ("2026-W03", "2026-01-01", "2026-13", "2026-Q5", "ytd", "202"):
        assert (await site.get("plan", PLAN, f"/v1/plans/{PLAN}/reports/{period}")).status_code == 422, period
