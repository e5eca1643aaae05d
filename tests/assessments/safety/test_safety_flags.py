"""A safety flag, from the answer that raises it to the clinician who looks: the real use cases and the real sweep on a real database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from assessments.app import MIGRATIONS
from assessments.assignments.tables import assignment as assignments
from assessments.care.tables import care_request
from assessments.clients.tables import known_client
from assessments.instruments.catalogue import newest
from assessments.responses import usecases as responses
from assessments.responses.rules import Answered, Answerer, AssessmentResponse, Imported
from assessments.safety import usecases as safety
from assessments.safety.actions import actions
from assessments.safety.policies import POLICIES
from assessments.safety.rules import SafetyFlag
from assessments.schema import metadata
from common.auth import Principal, Role
from common.clock import Clock
from common.db import Database
from common.deadlines import engine
from common.deadlines.firing import Sweep
from common.idempotency import IdempotencyKey
from common.journal import Journal
from common.migrate import migrate
from common.notices.rules import CLINICAL_TEAM
from common.problems import Problem
from deploy.local.infrastructure import Infrastructure
from tests.assessments.responses.people import CODES, ITEM_9, NOON, assignment

JOURNAL = Journal("assessments", 4)
NO_KEY = IdempotencyKey(None, b"")
OPERATIONS = Principal(uuid4(), Role.OPERATIONS, 0)
PROVIDER_TOLD, REMINDED, TEAM_TOLD = "safety_flag_provider", "safety_flag_reminder_provider", "safety_flag_team"


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"safety_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    made = await Database.open(infrastructure.dsn(name), 2)
    await migrate(made, "assessments", MIGRATIONS, metadata, JOURNAL.streams)
    yield made
    await made.close()
    await infrastructure.drop_database(name)


@dataclass
class Clinic:
    """One client, who was sent the PHQ-9, and whoever takes care of them."""

    db: Database
    client: UUID = field(default_factory=uuid4)
    assignment: UUID = field(default_factory=uuid4)
    now: datetime = NOON

    async def open(self, provider: UUID | None) -> "Clinic":
        async with self.db.begin() as tx:
            asked = assignment(client=self.client, assignment_id=self.assignment)
            await tx.execute(sa.insert(assignments).values(asked.model_dump()))
            await tx.execute(sa.insert(known_client).values(client_id=self.client, programme="care_connect"))
        if provider:
            await self.into_care_of(provider)
        return self

    async def into_care_of(self, provider: UUID) -> None:
        request = {"request_id": uuid4(), "client_id": self.client, "provider_id": provider, "episode_id": uuid4()}
        more = {"programme": "care_connect", "state": "in_care", "changed_at": self.now}
        async with self.db.begin() as tx:
            await tx.execute(sa.update(care_request).where(care_request.c.client_id == self.client).values(state="ended"))
            await tx.execute(sa.insert(care_request).values(request | more))

    async def answers(self, value: int | None, link_id: str = ITEM_9) -> None:
        by = Answerer("client", self.client)
        await responses.save_answer(self.db, JOURNAL, by, self.assignment, "phq-9", link_id, value, "en", self.now)

    async def sends_whole(self, answers: dict[str, str]) -> AssessmentResponse:
        caller = Principal(self.client, Role.CLIENT, 0)
        whole = Answered(self.client, newest("phq-9"), answers)
        return await responses.answer_whole(self.db, JOURNAL, caller, NO_KEY, whole, self.now)

    async def imports(self, answers: dict[str, str], days_ago: float, source_id: str = "theirs") -> AssessmentResponse:
        document = Imported(self.client, newest("phq-9"), answers, self.now - timedelta(days=days_ago), "client", source_id, 27.0)
        return await responses.import_response(self.db, JOURNAL, OPERATIONS, document, self.now)

    async def flags(self) -> list[SafetyFlag]:
        async with self.db.begin() as tx:
            rows = await tx.execute(sa.text("select * from safety_flag where client_id = :it").bindparams(it=self.client))
            return [SafetyFlag.model_validate(row, from_attributes=True) for row in rows]

    async def acknowledges(self, who: UUID, role: Role = Role.PROVIDER) -> SafetyFlag:
        [flag] = await self.flags()
        return await safety.acknowledge(self.db, JOURNAL, Principal(who, role, 0), NO_KEY, flag.flag_id, self.now)

    async def later(self, hours: float) -> None:
        """The sweep fires all that is due by then."""
        self.now += timedelta(hours=hours)
        clock = Clock(simulated=True)
        clock.move_to(self.now)
        await Sweep(self.db, JOURNAL, clock, POLICIES, actions(), lambda *_: ()).drain()

    async def told(self) -> list[tuple[str, UUID]]:
        """In the order of telling."""
        told = metadata.tables["waiting_notice"].c
        async with self.db.begin() as tx:
            ids = [flag.flag_id for flag in await self.flags()]
            rows = await tx.execute(sa.select(told.template, told.recipient_id).where(told.about.in_(ids)).order_by(told.created_at))
            return [(row.template, row.recipient_id) for row in rows]

    async def events(self) -> list[tuple[str, str]]:
        async with self.db.begin() as tx:
            wanted = "select type, payload from journal where subject = :it and type like '%safety_flag%' order by position"
            rows = await tx.execute(sa.text(wanted).bindparams(it=self.client))
            return [(row.type.split(".")[1], row.payload) for row in rows]

    async def event_names(self) -> list[str]:
        return [name for name, _ in await self.events()]


@pytest.fixture
def provider() -> UUID:
    return uuid4()


@pytest.fixture
async def clinic(db: Database, provider: UUID) -> Clinic:
    return await Clinic(db).open(provider)


async def test_item_9_above_0_is_flagged_when_it_is_saved_and_the_provider_is_told_at_once(clinic: Clinic, provider: UUID) -> None:
    await clinic.answers(1)
    [flag] = await clinic.flags()
    assert (flag.item, flag.provider_id, flag.raised_at, flag.assignment_id) == (ITEM_9, provider, NOON, clinic.assignment)
    assert await clinic.told() == [(PROVIDER_TOLD, provider)]
    [(name, payload)] = await clinic.events()
    assert name == "safety_flag_raised"
    assert not any(code in payload for code in CODES), "not which answer it was"


async def test_one_flag_a_response_and_taking_the_answer_back_takes_no_flag_back(clinic: Clinic, provider: UUID) -> None:
    for value in (1, 2, 3, 0, None, 3):
        await clinic.answers(value)
    assert len(await clinic.flags()) == 1
    assert await clinic.event_names() == ["safety_flag_raised"]
    assert await clinic.told() == [(PROVIDER_TOLD, provider)]


async def test_without_an_answer_above_0_to_item_9_nothing_is_flagged_and_no_absence_of_risk_is_told(clinic: Clinic) -> None:
    await clinic.answers(0)
    await clinic.answers(None)
    await clinic.answers(3, "44255-8")
    assert (await clinic.flags(), await clinic.told(), await clinic.events()) == ([], [], [])


async def test_a_client_whom_nobody_takes_care_of_is_told_to_the_clinical_team_at_once(db: Database) -> None:
    clinic = await Clinic(db).open(None)
    await clinic.answers(2)
    assert await clinic.told() == [(TEAM_TOLD, CLINICAL_TEAM)]
    assert (await clinic.flags())[0].provider_id is None


async def test_nobody_acknowledges_and_the_provider_is_reminded_and_the_clinical_team_told_and_told_again(
    clinic: Clinic, provider: UUID
) -> None:
    await clinic.answers(1)
    first, reminder, team = (PROVIDER_TOLD, provider), (REMINDED, provider), (TEAM_TOLD, CLINICAL_TEAM)
    ladder = {0.9: [], 1.1: [reminder], 3.9: [], 4.1: [team], 23.9: [], 24.1: [team]}
    told = [first]
    for hours, more in ladder.items():
        await clinic.later(hours - (clinic.now - NOON) / timedelta(hours=1))
        told += more
        assert await clinic.told() == told, hours
    assert await clinic.event_names() == ["safety_flag_raised", "safety_flag_escalated"]
    [flag] = await clinic.flags()
    assert flag.escalated_at is not None
    assert timedelta(hours=4) < flag.escalated_at - NOON < timedelta(hours=5)
    await clinic.acknowledges(OPERATIONS.id, Role.OPERATIONS)
    await clinic.later(1000)
    assert await clinic.told() == told


async def test_who_acknowledges_stops_the_clock_and_who_comes_second_is_told_who_and_when(clinic: Clinic, provider: UUID) -> None:
    await clinic.answers(1)
    await clinic.later(0.5)
    done = await clinic.acknowledges(provider)
    assert (done.acknowledged_as, done.acknowledged_by, done.acknowledged_at) == ("provider", provider, clinic.now)
    with pytest.raises(Problem) as twice:
        await clinic.acknowledges(OPERATIONS.id, Role.OPERATIONS)
    assert twice.value.code == "already_acknowledged"
    expected = {"acknowledged_as": "provider", "acknowledged_by": str(provider), "acknowledged_at": clinic.now.isoformat()}
    assert twice.value.extra == expected
    async with clinic.db.begin() as tx:
        assert await engine.open_deadlines(tx, subject=done.flag_id, limit=9) == []
    await clinic.later(30)
    assert await clinic.told() == [(PROVIDER_TOLD, provider)]
    assert await clinic.event_names() == ["safety_flag_raised", "safety_flag_acknowledged"]


async def test_whoever_takes_over_the_client_is_reminded_and_may_acknowledge_and_who_has_left_may_not(
    clinic: Clinic, provider: UUID
) -> None:
    await clinic.answers(1)
    await clinic.into_care_of(successor := uuid4())
    await clinic.later(1)
    assert await clinic.told() == [(PROVIDER_TOLD, provider), (REMINDED, successor)]
    with pytest.raises(Problem, match="not_found"):
        await clinic.acknowledges(provider)
    assert (await clinic.acknowledges(successor)).acknowledged_by == successor


async def test_a_whole_form_is_flagged_as_one_that_is_saved_item_by_item_and_not_twice(clinic: Clinic) -> None:
    await clinic.answers(1)
    response = await clinic.sends_whole({ITEM_9: CODES[3]})
    assert [flag.response_id for flag in await clinic.flags()] == [response.response_id]
    await clinic.sends_whole({ITEM_9: CODES[0]})
    assert len(await clinic.flags()) == 1
    await clinic.sends_whole({ITEM_9: CODES[2]})
    assert len(await clinic.flags()) == 2, "another response is another flag"


async def test_an_imported_form_is_flagged_where_it_says_something_about_now_and_imported_once(clinic: Clinic) -> None:
    await clinic.imports({ITEM_9: CODES[1]}, days_ago=15, source_id="old")
    assert await clinic.flags() == []
    first = await clinic.imports({ITEM_9: CODES[1]}, days_ago=13)
    assert len(await clinic.flags()) == 1
    assert (first.stated_total, first.stated_total_differs, first.assignment_id) == (27.0, True, None)
    assert await clinic.imports({ITEM_9: CODES[3]}, days_ago=1) == first, "the same again is answered with the first"
    assert len(await clinic.flags()) == 1


async def test_a_provider_sees_the_flags_of_the_clients_in_their_care_now_and_operations_all(clinic: Clinic, provider: UUID) -> None:
    await clinic.answers(1)
    [flag] = await clinic.flags()

    async def seen(who: UUID, role: Role = Role.PROVIDER, *, unacknowledged: bool = False) -> list[UUID]:
        caller = Principal(who, role, 0)
        return [found.flag_id for found in await safety.list_flags(clinic.db, caller, None, 500, unacknowledged=unacknowledged)]

    assert await seen(provider) == [flag.flag_id]
    assert flag.flag_id in await seen(OPERATIONS.id, Role.OPERATIONS)
    assert await seen(uuid4()) == []
    await clinic.acknowledges(provider)
    assert await seen(provider, unacknowledged=True) == []
    await clinic.into_care_of(uuid4())
    assert await seen(provider) == []


async def test_flags_are_paged_the_newest_first(db: Database, provider: UUID) -> None:
    for minutes in (3, 1, 2):
        clinic = await Clinic(db, now=NOON + timedelta(minutes=minutes)).open(provider)
        await clinic.answers(1)
    caller, pages, before = Principal(provider, Role.PROVIDER, 0), [], None
    while page := await safety.list_flags(db, caller, before, 1, unacknowledged=True):
        pages.append(page[0].raised_at)
        before = page[0].flag_id
    assert pages == [NOON + timedelta(minutes=minutes) for minutes in (3, 2, 1)]
