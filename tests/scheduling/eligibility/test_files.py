"""Eligibility files: each maintenance type, every bad line told, nothing half done, each file once (S1, C12, C13, C17)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.scheduling.eligibility.office import CARE_CONNECT, NOW, TODAY, Office, registration

HEADER = "maintenance_type,client_id,member_id,employer_id,plan_id,programme,coverage_start,coverage_end,birth_date,state"
COLUMNS = HEADER.split(",")
REGISTERED = [("2026-03-02", None)]


@dataclass
class Payroll:
    """An employer that sends files."""

    office: Office
    employer: UUID
    plan: UUID

    async def clients(self, count: int = 1) -> list[UUID]:
        return [await self.office.client(self.employer, self.plan) for _ in range(count)]

    def line(self, kind: str, client: UUID | str = "", **cells: object) -> str:
        usual = {"maintenance_type": kind, "client_id": client, "employer_id": self.employer, "plan_id": self.plan}
        usual["coverage_end" if kind == "024" else "coverage_start"] = "2026-03-02"
        return ",".join(str((usual | cells).get(name, "")) for name in COLUMNS)

    async def send(self, *lines: str, **asked: Any) -> httpx.Response:
        return await self.office.file(*lines, header=HEADER, **asked)

    async def taken(self, *lines: str, **asked: Any) -> dict[str, Any]:
        answer = await self.send(*lines, **asked)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, *lines: str) -> list[tuple[int, str, str]]:
        answer = await self.send(*lines)
        assert (answer.status_code, answer.json()["code"]) == (422, "eligibility_file_refused"), answer.text
        return [(each["line"], each["field"], each["code"]) for each in answer.json()["errors"]]

    async def all_coverage(self, clients: Sequence[UUID]) -> list[list[tuple[str, str | None]]]:
        return [await self.office.coverage(client) for client in clients]


@pytest.fixture
async def payroll(office: Office) -> Payroll:
    return Payroll(office, await office.employer(starts_on="2026-01-01"), await office.plan())


async def test_S1_an_addition_says_what_holds_from_its_start(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    taken = await payroll.taken(payroll.line("021", client, coverage_start="2026-01-01", coverage_end="2026-12-31"))
    assert (taken["lines"], taken["clients_changed"], taken["periods_added"], taken["periods_superseded"]) == (1, 1, 1, 1)
    assert await payroll.office.coverage(client) == [("2026-01-01", "2026-12-31")]


async def test_S1_a_termination_ends_on_its_day_and_whoever_leaves_tomorrow_is_eligible_today(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    assert (await payroll.taken(payroll.line("024", client, coverage_end=TODAY)))["clients_ended"] == 1
    assert await payroll.office.eligibility(client, TODAY) == (True, "")
    assert await payroll.office.eligibility(client, TODAY + timedelta(1)) == (False, "not_employed_there")


async def test_S1_a_reinstatement_after_an_end_leaves_the_days_between_uncovered(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    await payroll.taken(payroll.line("024", client, coverage_end="2026-03-10"), payroll.line("025", client, coverage_start="2026-04-01"))
    assert await payroll.office.coverage(client) == [("2026-03-02", "2026-03-10"), ("2026-04-01", None)]


async def test_S1_a_change_of_plan_splits_the_coverage(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    other = await payroll.office.plan()
    await payroll.taken(payroll.line("001", client, plan_id=other, coverage_start="2026-07-01"))
    found = (await payroll.office.done("GET", f"/v1/clients/{client}/coverage"))["items"]
    assert [(p["plan_id"], p["starts_on"], p["ends_on"]) for p in found] == [
        (str(payroll.plan), "2026-03-02", "2026-06-30"),
        (str(other), "2026-07-01", None),
    ]
    assert {p["source"] for p in found} == {"file"}


async def test_S1_a_full_file_ends_those_who_are_not_in_it_with_its_date(payroll: Payroll) -> None:
    stays, leaves, elsewhere = *await payroll.clients(2), await payroll.office.client(await payroll.office.employer(), payroll.plan)
    taken = await payroll.taken(payroll.line("030", stays), file_date="2026-03-31")
    assert taken["clients_ended"] == 1
    assert await payroll.all_coverage([stays, leaves, elsewhere]) == [REGISTERED, [("2026-03-02", "2026-03-31")], REGISTERED]


async def test_S1_a_full_file_that_ends_many_is_taken_only_when_that_is_said_to_be_right(payroll: Payroll) -> None:
    clients = await payroll.clients(12)
    answer = await payroll.send(payroll.line("030", clients[0]))
    assert (answer.status_code, answer.json()["code"]) == (422, "eligibility_file_refused")
    assert (answer.json()["field"], answer.json()["would_end"], answer.json()["covered"]) == ("accept_ends", 11, 12)
    assert await payroll.all_coverage(clients) == [REGISTERED] * 12
    assert (await payroll.taken(payroll.line("030", clients[0]), accept_ends=True))["clients_ended"] == 11


async def test_S1_every_bad_line_is_told_and_nothing_is_done(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    line, nobody = payroll.line, uuid4()
    faults = await payroll.refused(
        line("021", client, coverage_start="2026-01-01"),  # line 2 is right
        line("999", client),
        line("021", "somebody"),
        line("021"),
        line("021", nobody),
        line("021", client, employer_id=nobody),
        line("021", client, plan_id=nobody),
        line("021", client, coverage_start="03/02/2026"),
        line("021", client, coverage_start=""),
        line("024", client, coverage_end=""),
        line("021", client, coverage_end="2026-03-01"),
        line("021", client, state="XX"),
        line("021", client, programme="yoga"),
        line("021", client, birth_date="1985-05-18"),
        line("021", client) + ",more",
        line("999", "somebody", coverage_start="soon"),
    )
    assert faults == [
        (3, "maintenance_type", "invalid"),
        (4, "client_id", "invalid"),
        (5, "client_id", "missing"),
        (6, "client_id", "unknown_client"),
        (7, "employer_id", "unknown_employer"),
        (8, "plan_id", "unknown_plan"),
        (9, "coverage_start", "invalid"),
        (10, "coverage_start", "missing"),
        (11, "coverage_end", "missing"),
        (12, "coverage_end", "before_start"),
        (13, "state", "invalid"),
        (14, "programme", "invalid"),
        (15, "birth_date", "does_not_match"),
        (16, "", "wrong_number_of_cells"),
        (17, "maintenance_type", "invalid"),
        (17, "client_id", "invalid"),
        (17, "coverage_start", "invalid"),
    ]
    assert await payroll.office.coverage(client) == REGISTERED


async def test_S1_what_is_not_there_cannot_be_changed_or_ended(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    elsewhere = {"employer_id": await payroll.office.employer()}
    faults = await payroll.refused(
        payroll.line("001", client, **elsewhere),
        payroll.line("025", client, **elsewhere),
        payroll.line("024", client, **elsewhere),
        payroll.line("024", client, plan_id=await payroll.office.plan()),
    )
    assert faults == [
        (2, "employer_id", "no_coverage"),
        (3, "employer_id", "no_coverage"),
        *((n, "plan_id", "no_coverage") for n in (4, 5)),
    ]


async def test_S1_a_full_file_holds_nothing_but_who_is_covered(payroll: Payroll) -> None:
    first, second = await payroll.clients(2)
    faults = await payroll.refused(payroll.line("030", first), payroll.line("024", second))
    assert faults == [(3, "maintenance_type", "mixed_with_full_file")]


async def test_C12_a_file_with_a_child_under_13_is_refused(payroll: Payroll) -> None:
    first = payroll.line("021", member_id="W555", birth_date="2013-03-03")
    second = payroll.line("021", member_id="W556", birth_date="2013-03-02")
    assert await payroll.refused(first, second) == [(2, "birth_date", "under_age")]


@pytest.mark.parametrize("number", ["078-05-1120", "078051120", "078 05 1120"])
async def test_C13_a_file_with_a_social_security_number_is_refused_and_does_not_come_back(payroll: Payroll, number: str) -> None:
    answer = await payroll.send(payroll.line("021", member_id=number))
    assert answer.json()["errors"] == [{"line": 2, "field": "member_id", "code": "ssn_refused"}]
    assert number not in answer.text
    answer = await payroll.send(payroll.line("021", member_id="W555", state=number))
    assert answer.json()["errors"] == [{"line": 2, "field": "state", "code": "ssn_refused" if number != "078051120" else "invalid"}]


@pytest.mark.parametrize(
    ("header", "field", "code"),
    [
        (f"{HEADER},ssn", "", "unknown_column"),
        (HEADER.replace("employer_id", "name"), "", "unknown_column"),
        ("maintenance_type,client_id,plan_id", "employer_id", "missing_column"),
        ("maintenance_type,employer_id,plan_id", "client_id", "missing_column"),
        (f"{HEADER},state", "state", "column_twice"),
        ("", "employer_id", "missing_column"),
    ],
)
async def test_C17_a_file_has_the_columns_that_are_needed_and_no_others(office: Office, header: str, field: str, code: str) -> None:
    answer = await office.file(header=header)
    assert {"line": 1, "field": field, "code": code} in answer.json()["errors"]


async def test_C17_of_people_who_never_sought_care_here_nothing_is_kept(payroll: Payroll) -> None:
    client = await payroll.office.client(payroll.employer, payroll.plan, member_id="W-1")
    taken = await payroll.taken(
        payroll.line("021", member_id="W-2"), payroll.line("021", member_id="W-1", coverage_start="2026-02-01", birth_date="1985-05-17")
    )
    assert (taken["not_clients"], taken["not_clients_at"], taken["clients_changed"]) == (1, [2], 1)
    assert await payroll.office.coverage(client) == [("2026-02-01", None)]
    kept = await payroll.office.db.pool.fetchval("select count(*) from client where member_id = 'W-2'")
    assert kept == 0


async def test_a_member_id_that_is_somebody_elses_is_told(payroll: Payroll) -> None:
    await payroll.office.client(payroll.employer, payroll.plan, member_id="W-1")
    (other,) = await payroll.clients()
    assert await payroll.refused(payroll.line("021", other, member_id="W-1")) == [(2, "member_id", "does_not_match")]


async def test_S1_the_same_file_is_taken_once_also_when_it_comes_twice_at_the_same_moment(payroll: Payroll) -> None:
    clients = await payroll.clients(3)
    lines = [payroll.line("021", client, coverage_start="2026-01-01") for client in clients]
    first, second = await asyncio.gather(payroll.taken(*lines), payroll.taken(*lines))
    assert first == second == await payroll.taken(*lines)
    history = await payroll.office.db.pool.fetchval("select count(*) from coverage_period where client_id = any($1)", clients)
    assert history == 6
    assert (await payroll.taken(*lines, file_date="2026-03-31"))["clients_changed"] == 0, "of another date it is another file"


async def test_S1_a_refused_file_may_come_again_when_the_reason_is_gone(payroll: Payroll) -> None:
    client = uuid4()
    assert await payroll.refused(payroll.line("021", client)) == [(2, "client_id", "unknown_client")]
    body = registration(payroll.employer, payroll.plan, client_id=str(client))
    await payroll.office.done("POST", "/v1/clients", json=body)
    await payroll.taken(payroll.line("021", client))


async def test_S2_a_file_that_moves_people_to_a_plan_that_cannot_be_processed_tells_them(payroll: Payroll) -> None:
    clients = await payroll.clients(3)
    provider = await payroll.office.request(clients[1])
    closed = await payroll.office.plan(participating=False)
    await payroll.taken(*(payroll.line("001", client, plan_id=closed) for client in clients[:2]))
    told = [await payroll.office.told("client", client) for client in clients]
    assert told == [["plan_not_processable_client"], ["plan_not_processable_client"], []]
    assert await payroll.office.told("provider", provider) == ["plan_not_processable_provider"]
    assert [len(await payroll.office.events(client)) for client in clients] == [3, 3, 2]
    known = await payroll.office.done("GET", f"/v1/clients/{clients[0]}")
    assert known["plan_id"] == str(closed)


async def test_S1_an_employers_file_says_nothing_of_another_employers_people(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    other = await payroll.office.employer(starts_on="2026-01-01")
    await payroll.taken(payroll.line("021", client, employer_id=other, coverage_start="2026-02-01"))
    assert await payroll.office.coverage(client) == [("2026-02-01", None), ("2026-03-02", None)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "not_utf_8"),
        (f'{HEADER}\n"021,\n'.encode(), "malformed"),
        (f"\ufeff{HEADER}\n021\n".encode(), "wrong_number_of_cells"),
    ],
)
async def test_what_is_no_table_is_refused(office: Office, content: bytes, code: str) -> None:
    answer = await office.call("POST", "/v1/eligibility-files", content=content, headers={"content-type": "text/csv; charset=utf-8"})
    assert [each["code"] for each in answer.json()["errors"]] == [code]


async def test_a_file_is_csv_and_comes_from_operations(office: Office) -> None:
    answer = await office.call("POST", "/v1/eligibility-files", content=HEADER, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (422, "Content-Type")
    for role in ("employer", "plan", "client", "provider"):
        answer = await office.call("POST", "/v1/eligibility-files", role, content=HEADER, headers={"content-type": "text/csv"})
        assert answer.status_code == 403


async def test_S1_the_days_before_a_file_are_known_as_they_were_known(payroll: Payroll) -> None:
    (client,) = await payroll.clients()
    payroll.office.now = NOW + timedelta(days=5)
    await payroll.taken(payroll.line("024", client, coverage_end="2026-03-04"))
    assert await payroll.office.coverage(client, known_at=(NOW + timedelta(days=4)).isoformat()) == REGISTERED
    assert await payroll.office.coverage(client) == [("2026-03-02", "2026-03-04")]
    assert await payroll.office.eligibility(client, programme=CARE_CONNECT) == (False, "not_employed_there")
