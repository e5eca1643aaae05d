"""Coverage terms of visits on a real database, and the choice at the limit over HTTP (S13, C16)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.contracts.event import Event
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.clients.tables import lock_covered
from scheduling.coverage import usecases
from scheduling.coverage.rules import INSURED, VisitTerms
from tests.scheduling.eligibility.office import CARE_CONNECT, EWS, NOW, TODAY, Office


@dataclass
class Care:
    """One client in care with one provider; their sessions."""

    office: Office
    client: UUID
    programme: Programme = Programme.EWS
    provider: UUID = field(default_factory=uuid4)
    last: UUID = field(default_factory=uuid4)
    """The session that was scheduled last."""

    async def reserve(self, on: date = TODAY, appointment: UUID | None = None) -> VisitTerms:
        self.last = appointment or uuid4()
        async with self.office.db.begin() as tx:
            await lock_covered(tx, self.client)
            return await usecases.reserve(tx, client_id=self.client, programme=self.programme, appointment_id=self.last, starts_on=on)

    async def settle(self, on: date = TODAY, appointment: UUID | None = None) -> tuple[VisitTerms, Sequence[Event]]:
        async with self.office.db.begin() as tx:
            await lock_covered(tx, self.client)
            return await usecases.settle(
                tx,
                appointment_id=appointment or self.last,
                client_id=self.client,
                provider_id=self.provider,
                programme=self.programme,
                held_on=on,
                now=NOW,
            )

    async def hold(self, on: date = TODAY) -> VisitTerms:
        await self.reserve(on)
        return (await self.settle(on))[0]

    async def release(self, appointment: UUID | None = None) -> None:
        async with self.office.db.begin() as tx:
            await usecases.release(tx, appointment or self.last)

    async def move(self, on: date, appointment: UUID | None = None) -> VisitTerms | None:
        async with self.office.db.begin() as tx:
            return await usecases.move(tx, appointment or self.last, on)

    async def terms(self, on: date | None = None) -> dict[str, Any]:
        asked = {"programme": self.programme.value} | ({"on": on.isoformat()} if on else {})
        path = f"/v1/clients/{self.client}/coverage-terms"
        found: dict[str, Any] = await self.office.done("GET", path, "client", self.client, params=asked)
        return found

    async def choose(self, choice: str = "continue_with_insurance") -> Any:
        body = {"programme": self.programme.value, "choice": choice}
        return await self.office.call("POST", f"/v1/clients/{self.client}/coverage-choices", "client", self.client, json=body)

    async def told(self) -> tuple[list[str], list[str]]:
        return await self.office.told("client", self.client), await self.office.told("provider", self.provider)


async def care(office: Office, limit: int = 3, programme: str = EWS, **terms: Any) -> Care:
    employer = await office.employer(starts_on="2026-01-01", session_limit=limit)
    if terms:
        path = f"/v1/employers/{employer}/programmes/{EWS}"
        await office.done("PUT", path, json={"starts_on": "2026-01-01", "applies_from": "2026-01-01", "session_limit": limit} | terms)
    client = await office.client(employer, await office.plan(copay_cents=2500), programme=programme)
    return Care(office, client, Programme(programme))


async def refused(work: Any) -> str:
    with pytest.raises(Problem) as problem:
        await work
    return problem.value.code


async def test_S13_care_connect_counts_nothing_and_the_copay_applies(office: Office) -> None:
    found = await care(office, 1, CARE_CONNECT)
    assert [await found.hold() for _ in range(3)] == [INSURED] * 3
    terms = await found.terms()
    assert (terms["funding"], terms["copay_applies"], terms["copay_cents"], terms["limit"], terms["left"]) == (
        *("insurance", True, 2500),
        *(None, None),
    )
    assert await found.told() == ([], [])
    assert (await found.choose()).json()["code"] == "wrong_state"


async def test_S13_an_EAP_pays_for_visits_up_to_its_limit_and_then_no_more(office: Office) -> None:
    found = await care(office)
    assert [await found.hold() for _ in range(3)] == [VisitTerms("employer", False, n, 3, 3 - n) for n in (1, 2, 3)]
    assert await refused(found.reserve()) == "visit_limit_reached"
    terms = await found.terms()
    assert (terms["used"], terms["left"], terms["limit"], terms["funding"], terms["may_choose"]) == (3, 0, 3, "insurance", True)


async def test_S13_client_and_provider_are_warned_before_the_last_visit_and_told_at_the_limit(office: Office) -> None:
    found = await care(office)
    await found.hold()
    assert await found.told() == ([], [])
    await found.hold()
    assert await found.told() == (["visit_one_left_client"], ["visit_one_left_provider"])
    await found.hold()
    told = await found.told()
    assert told == (
        ["visit_limit_choice_client", "visit_one_left_client"],
        ["visit_limit_reached_provider", "visit_one_left_provider"],
    )


async def test_S13_who_has_chosen_before_is_not_asked_again(office: Office) -> None:
    found = await care(office, 2)
    await found.hold()
    assert (await found.choose()).status_code == 201
    await found.hold()
    assert (await found.told())[0] == ["visit_one_left_client"]


async def test_S13_sessions_that_are_scheduled_hold_their_place_until_they_are_cancelled_or_missed(office: Office) -> None:
    found = await care(office, 2)
    await found.reserve()
    first = found.last
    await found.reserve()
    assert await refused(found.reserve()) == "visit_limit_reached"
    assert [(await found.terms())[name] for name in ("used", "scheduled", "left")] == [0, 2, 0]
    await found.release(first)
    assert (await found.reserve()).visit_number == 2


async def test_S13_what_was_held_is_settled_once_and_stays(office: Office) -> None:
    found = await care(office, 2)
    await found.reserve()
    terms, events = await found.settle()
    assert len(events) == 1
    assert await found.settle() == (terms, [])
    await found.release()
    assert await found.move(TODAY + timedelta(400)) is None
    assert (await found.terms())["used"] == 1


async def test_S13_at_the_limit_the_client_chooses_and_goes_on_with_insurance(office: Office) -> None:
    found = await care(office, 2)
    assert (await found.choose()).json()["code"] == "wrong_state", "two are left"
    await found.hold()
    await found.hold()
    assert (await found.choose("end")).status_code == 201
    assert await refused(found.reserve()) == "visit_limit_reached"
    answer = await found.choose()
    assert (answer.status_code, answer.json()["period_ends_on"]) == (201, "2026-12-31")
    assert (await found.choose()).status_code == 201
    events = await office.events(found.client)
    assert events.count("coverage_chosen") == 2, "the same choice again is no news"
    assert await found.hold() == INSURED
    assert (await found.terms())["used"] == 2


async def test_S13_a_choice_is_the_clients_own_and_for_one_limit_period(office: Office) -> None:
    found = await care(office, 1)
    await found.hold()
    path, body = f"/v1/clients/{found.client}/coverage-choices", {"programme": EWS, "choice": "end"}
    assert (await office.call("POST", path, "client", uuid4(), json=body)).status_code == 404
    for role in ("operations", "provider", "employer"):
        assert (await office.call("POST", path, role, json=body)).status_code == 403
    await found.choose()
    assert (await found.reserve(date(2026, 12, 31))).funding == "insurance"
    assert (await found.reserve(date(2027, 1, 1))).funding == "employer"
    assert await refused(found.reserve(date(2027, 1, 2))) == "visit_limit_reached"


@pytest.mark.parametrize(("kind", "turn"), [("contract_year", "2027-02-01"), ("calendar_year", "2027-01-01")])
async def test_S13_visits_are_counted_anew_with_the_contracts_year(office: Office, kind: str, turn: str) -> None:
    found = await care(office, 1, starts_on="2026-02-01", limit_period=kind)
    await found.reserve()
    anew = date.fromisoformat(turn)
    assert await refused(found.reserve(anew - timedelta(1))) == "visit_limit_reached"
    assert (await found.reserve(anew)).visit_number == 1


async def test_S13_a_session_that_moves_into_another_year_gives_its_place_back(office: Office) -> None:
    found = await care(office, 1)
    await found.reserve()
    moving = found.last
    assert await found.move(TODAY + timedelta(7)) == VisitTerms("employer", False, 1, 1, 0)
    assert await found.move(date(2027, 3, 1)) == VisitTerms("employer", False, 1, 1, 0)
    await found.reserve()
    assert await refused(found.move(TODAY, moving)) == "visit_limit_reached"
    assert (await found.terms(date(2027, 3, 1)))["scheduled"] == 1, "a move that is refused changes nothing"


async def test_S13_what_took_place_without_having_been_scheduled_is_counted_too(office: Office) -> None:
    found = await care(office, 1)
    assert (await found.settle(appointment=uuid4()))[0].visit_number == 1
    terms, events = await found.settle(appointment=uuid4())
    assert terms == INSURED
    assert [event.type for event in events] == ["scheduling.visit_covered.v1"]


async def test_S1_nothing_is_reserved_for_a_day_after_the_client_has_left_the_employer(office: Office) -> None:
    found = await care(office)
    period = (await office.done("GET", f"/v1/clients/{found.client}/coverage"))["items"][0]["period_id"]
    path = f"/v1/clients/{found.client}/coverage/{period}/end"
    await office.done("POST", path, json={"ends_on": TODAY.isoformat()})
    assert (await found.reserve(TODAY)).funding == "employer"
    assert await refused(found.reserve(TODAY + timedelta(1))) == "not_eligible"
    assert (await found.settle(TODAY + timedelta(1), uuid4()))[0] == INSURED


async def test_S13_of_many_who_want_the_last_visit_at_once_one_gets_it(office: Office) -> None:
    found = await care(office, 3)
    others = [Care(office, found.client) for _ in range(12)]
    answers = await asyncio.gather(*(one.reserve() for one in others), return_exceptions=True)
    terms = [answer for answer in answers if isinstance(answer, VisitTerms)]
    assert sorted(each.visit_number or 0 for each in terms) == [1, 2, 3]
    assert all(isinstance(answer, VisitTerms) or getattr(answer, "code", "") == "visit_limit_reached" for answer in answers)


async def test_C16_nobody_but_the_client_and_operations_sees_how_many_visits_there_were(office: Office) -> None:
    found = await care(office)
    path = f"/v1/clients/{found.client}/coverage-terms?programme={EWS}"
    for role in ("provider", "employer", "plan", "client_matching", "privacy_officer"):
        assert (await office.call("GET", path, role)).status_code == 403
    assert (await office.call("GET", path, "client", uuid4())).status_code == 404
    assert (await office.call("GET", path)).status_code == 200


async def test_S13_a_new_employers_contract_has_visits_of_its_own(office: Office) -> None:
    found = await care(office, 1)
    await found.hold()
    assert await refused(found.reserve()) == "visit_limit_reached"
    known = await office.done("GET", f"/v1/clients/{found.client}")
    period = (await office.done("GET", f"/v1/clients/{found.client}/coverage"))["items"][0]["period_id"]
    await office.done("POST", f"/v1/clients/{found.client}/coverage/{period}/end", json={"ends_on": TODAY.isoformat()})
    start = TODAY + timedelta(1)
    new = {"employer_id": str(await office.employer(EWS)), "plan_id": known["plan_id"], "starts_on": start.isoformat()}
    await office.done("POST", f"/v1/clients/{found.client}/coverage", json=new)
    assert (await found.reserve(start)) == VisitTerms("employer", False, 1, 6, 5)
