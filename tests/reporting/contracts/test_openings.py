"""From when until when a recipient may get anything, on a database of its own, at any time (C14)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.db import Database
from common.journal import Journal
from common.migrate import migrate
from common.problems import Problem
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.contracts import tables, usecases
from reporting.contracts.closing import close_over
from reporting.contracts.overview import overview
from reporting.contracts.rules import NOTICE, EndReason, Terms
from reporting.contracts.usecases import Ending
from reporting.schema import metadata
from tests.reporting.contracts.test_contract_rules import signed

STREAMS = 4
DAY = datetime(2026, 3, 2, tzinfo=UTC)
OFFICER = uuid4()
RECIPIENT = """
insert into recipient (recipient_id, slug, smart_client_id, jwks, scopes, purpose, sealed, acknowledge_hours, attest_days,
                       registered_at, changed_at)
values ($1, $2, $2, '{}', '{}', 'personalised_health_recommendations', false, 24, 10, now(), now())"""
SHARER = """
with c as (insert into client (client_id, plan_id, employer_id, programme) values ($1, $2, $2, 'care_connect')),
s as (insert into sharing (client_id, programme, stream, decision, categories, position, token)
      values ($1, 'care_connect', 1, 'opted_in', '{appointments}', 1, $3))
insert into recipient_token (token, client_id, programme, stream, on_topic, state_digest)
values ($3, $1, 'care_connect', 1, true, '\\xab')"""
TOKEN = """
insert into access_token (digest, recipient_id, scopes, purpose, expires_at) values ($1, $2, '{}', 'x', now() + interval '1 hour')"""
EXPORT = """
insert into export (export_id, recipient_id, purpose, types, by_patient, output_format, manifest_version, request, ignored, status)
values ($1, $2, 'x', '{}', false, 'x', 3, 'x', '{}', $3)"""


def at(day: float) -> datetime:
    return DAY + timedelta(days=day)


@dataclass
class Plan:
    db: Database
    journal: Journal = field(default_factory=lambda: Journal("reporting", STREAMS))
    id: UUID = field(default_factory=uuid4)

    async def signs(self, since: int, until: int, now: float = 0, contract_id: UUID | None = None) -> UUID:
        said = signed(since, until).model_dump(include=set(Terms.model_fields))
        terms = Terms(**said | {"recipient_id": self.id, "contract_id": contract_id or uuid4()})
        return (await usecases.record_contract(self.db, self.journal, terms, OFFICER, at(now))).contract_id

    async def ends(self, contract: UUID, now: float) -> None:
        await usecases.end_contract(self.db, self.journal, self.id, contract, Ending(EndReason.TERMINATED, OFFICER), at(now))

    async def resumes(self, now: float) -> bool:
        return await usecases.resume(self.db, self.journal, self.id, OFFICER, at(now))

    async def is_open(self, day: float) -> bool:
        async with self.db.pool.acquire() as tx:
            return await tables.in_force(tx, self.id, at(day), at(day)) is not None

    async def days_open(self, *days: float) -> list[float]:
        return [day for day in days if await self.is_open(day)]

    async def one(self, statement: str, *arguments: object) -> Any:
        return await self.db.pool.fetchval(statement, *arguments)

    async def events(self) -> list[str]:
        rows = await self.db.pool.fetch("select type from journal where subject = $1 order by position", self.id)
        return [row["type"].split(".")[1] for row in rows]


@pytest.fixture
async def plan(infrastructure: Infrastructure) -> AsyncIterator[Plan]:
    name = f"openings_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, STREAMS)
    made = Plan(db)
    await db.pool.execute(RECIPIENT, made.id, f"plan-{made.id.hex[:8]}")
    yield made
    await db.close()
    await infrastructure.drop_database(name)


async def test_C14_nothing_without_a_contract_and_the_first_one_opens(plan: Plan) -> None:
    assert await plan.days_open(0, 1) == []
    contract = await plan.signs(2, 9)
    assert await plan.days_open(0, 1.9, 2, 8.9, 9, 10) == [2, 8.9]
    assert await plan.signs(2, 9, contract_id=contract) == contract, "said again"
    with pytest.raises(Problem, match="already_exists"):
        await plan.signs(2, 10, contract_id=contract)
    assert await plan.events() == ["gate_opened"]


async def test_C14_a_renewal_without_a_gap_interrupts_nothing_and_a_gap_closes_without_anybody_looking(plan: Plan) -> None:
    first = await plan.signs(0, 5)
    await plan.signs(5, 9, now=3)
    await plan.signs(10, 20, now=4)
    assert await plan.days_open(4.9, 5, 8.9, 9, 9.5, 10, 15) == [4.9, 5, 8.9]
    await plan.ends(first, 5)
    assert await plan.is_open(5)
    await plan.ends(first, 5.5)
    assert await plan.one("select ended_at from contract where contract_id = $1", first) == at(5), "the first time counts"
    assert await plan.events() == ["gate_opened"]


async def test_C14_a_contract_that_comes_late_bridges_no_gap_even_if_it_says_so(plan: Plan) -> None:
    await plan.signs(0, 5)
    await plan.signs(4, 20, now=6)
    assert await plan.days_open(6, 10) == []
    assert await plan.events() == ["gate_opened", "gate_closed"]
    assert await plan.resumes(7) and await plan.days_open(6.9, 7, 19, 20) == [7, 19]
    assert not await plan.resumes(8), "nothing is closed"
    assert await plan.events() == ["gate_opened", "gate_closed", "gate_opened"]


async def test_C14_an_end_before_its_time_shortens_what_was_agreed_to_follow(plan: Plan) -> None:
    first = await plan.signs(0, 5)
    await plan.signs(4, 9)
    await plan.ends(first, 2)
    assert await plan.days_open(2, 4.5) == [], "the second one follows a gap now"
    with pytest.raises(Problem, match="contract_not_valid"):
        await plan.resumes(3)
    assert await plan.resumes(4.5) and await plan.is_open(8)


async def test_C14_closing_ends_tokens_and_exports_takes_the_states_back_and_opening_releases_nothing(plan: Plan) -> None:
    contract = await plan.signs(0, 5)
    client, token = uuid4(), uuid4()
    await plan.db.pool.execute(SHARER, client, plan.id, token)
    await plan.db.pool.execute(TOKEN, b"token", plan.id)
    for status in ("in_progress", "complete", "cancelled"):
        await plan.db.pool.execute(EXPORT, uuid4(), plan.id, status)
    await plan.ends(contract, 1)

    async def left() -> list[Any]:
        rows = await plan.db.pool.fetch("select status from export order by status")
        return [
            await plan.one("select count(*) from access_token"),
            [row["status"] for row in rows],
            await plan.one("select count(*) from partner_notice where kind = 'tombstone' and key = $1 and decision_id is null", token),
            await plan.one("select count(*) from partner_dirty"),
        ]

    closed = [0, ["cancelled", "expired", "expired"], 1, 0]
    assert await left() == closed
    await plan.signs(1, 9, now=2)
    assert await left() == closed and not await plan.is_open(2)
    assert await plan.one("select decision from sharing") == "opted_in", "nobody's consent changed"
    assert await plan.resumes(3)
    assert await left() == [*closed[:3], 1], "whoever shares is to be sent again, when an officer says so"
    assert await plan.one("select state_digest from recipient_token") is None


async def test_C14_time_that_ran_out_is_noticed_once(plan: Plan) -> None:
    await plan.signs(0, 5)
    for now in (4.9, 5, 6):
        await close_over(plan.db, plan.journal, plan.id, at(now))
    assert await plan.events() == ["gate_opened", "gate_closed"]
    assert await plan.one("select close_reason from release_opening") == "expired"
    async with plan.db.pool.acquire() as tx:
        assert await tables.over(tx, at(9)) == []


async def test_C14_a_contract_that_runs_out_within_sixty_days_is_told_of_until_another_follows(plan: Plan) -> None:
    async def told(day: float) -> list[bool]:
        async with plan.db.pool.acquire() as tx:
            gauge = await tables.over(tx, at(day) + NOTICE)
        return [bool(gauge), *(one.runs_out for one in await overview(plan.db, at(day)))]

    await plan.signs(0, 100)
    assert [await told(day) for day in (39, 40)] == [[False, False], [True, True]]
    await plan.signs(100, 200, now=41)
    assert await told(41) == [False, False]


async def test_C14_a_contract_is_with_a_registered_recipient(plan: Plan) -> None:
    with pytest.raises(Problem, match="unknown_recipient"):
        await Plan(plan.db).signs(0, 5)
