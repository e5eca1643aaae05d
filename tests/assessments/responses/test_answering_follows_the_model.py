"""Saving, correcting, handing in, late and twice, by two people at once: the real use cases on a real database, and a small model."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.app import MIGRATIONS
from assessments.assignments.tables import assignment as assignments
from assessments.care.tables import care_request
from assessments.instruments.catalogue import newest
from assessments.instruments.rules import score
from assessments.responses import usecases
from assessments.responses.rules import Answerer
from assessments.responses.tables import assessment_response as responses
from assessments.safety.tables import safety_flag
from assessments.schema import metadata
from common.db import Database
from common.journal import Journal
from common.migrate import migrate
from common.problems import Problem
from deploy.local.infrastructure import Infrastructure
from tests.assessments.responses.people import CODES, ITEM_9, NOON, assignment

JOURNAL = Journal("assessments", 4)
QUESTIONS = [("phq-9", "44250-9"), ("phq-9", "44255-8"), ("phq-9", ITEM_9), ("gad-7", "69725-0"), ("gad-7", "68509-9")]
one = st.tuples(st.sampled_from(QUESTIONS), st.integers(0, 3) | st.none())
saves = st.tuples(st.just("save"), st.booleans(), one)
both = st.tuples(st.just("both"), one, one).filter(lambda act: act[1][0] != act[2][0])
steps = st.lists(saves | saves | both | st.tuples(st.sampled_from(["submit", "close", "twice"]), st.booleans()), max_size=12)


@dataclass
class Model:
    """What people expect of a form."""

    answers: dict[str, dict[str, str]] = field(default_factory=lambda: {"phq-9": {}, "gad-7": {}})
    submitted: bool = False
    closed: bool = False
    flagged: bool = False

    @property
    def refusal(self) -> str | None:
        return "already_submitted" if self.submitted else "assessment_closed" if self.closed else None

    def save(self, question: tuple[str, str], value: int | None) -> None:
        instrument, link_id = question
        self.answers[instrument].pop(link_id, None)
        if value is not None:
            self.answers[instrument][link_id] = CODES[value]
            self.flagged |= link_id == ITEM_9 and value > 0


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def db(infrastructure: Infrastructure, runner: asyncio.Runner) -> Iterator[Database]:
    name = f"answering_{uuid4().hex[:8]}"
    runner.run(infrastructure.create_database(name))
    made = runner.run(Database.open(infrastructure.dsn(name), 2))
    runner.run(migrate(made, "assessments", MIGRATIONS, metadata, JOURNAL.streams))
    yield made
    runner.run(made.close())
    runner.run(infrastructure.drop_database(name))


async def together(made: Sequence[Awaitable[Any]]) -> None:
    """All come to their end before the first that failed is told."""
    for done in await asyncio.gather(*made, return_exceptions=True):
        if isinstance(done, BaseException):
            raise done


@dataclass
class Play:
    """One client's assignment, in the database and in the model."""

    db: Database
    client: UUID = field(default_factory=uuid4)
    provider: UUID = field(default_factory=uuid4)
    assignment: UUID = field(default_factory=uuid4)
    now: datetime = NOON
    model: Model = field(default_factory=Model)

    async def begin(self) -> None:
        async with self.db.begin() as tx:
            asked = assignment(client=self.client, assignment_id=self.assignment)
            await tx.execute(sa.insert(assignments).values(asked.model_dump()))
            care = {"request_id": uuid4(), "client_id": self.client, "provider_id": self.provider, "episode_id": asked.episode_id}
            more = {"programme": "care_connect", "state": "in_care", "changed_at": NOON}
            await tx.execute(sa.insert(care_request).values(care | more))

    def by(self, *, provider: bool) -> Answerer:
        return Answerer("provider", self.provider) if provider else Answerer("client", self.client)

    async def save(self, by: Answerer, question: tuple[str, str], value: int | None) -> Any:
        return await usecases.save_answer(self.db, JOURNAL, by, self.assignment, *question, value, "en", self.now)

    async def step(self, act: tuple[Any, ...]) -> None:
        match act:
            case ("save", provider, (question, value)):
                await self.expect(self.save(self.by(provider=provider), question, value))
                self.saved(question, value)
            case ("both", *pair):
                made = [self.save(self.by(provider=bool(n)), question, value) for n, (question, value) in enumerate(pair)]
                await self.expect(together(made))
                for question, value in pair:
                    self.saved(question, value)
            case ("submit", provider):
                await self.submit(self.by(provider=provider))
            case ("close", _):
                self.now, self.model.closed = NOON + timedelta(days=2), True
            case ("twice", _):
                await self.submit_twice_at_once()

    def saved(self, question: tuple[str, str], value: int | None) -> None:
        if self.model.refusal is None:
            self.model.save(question, value)

    async def expect(self, done: Any, refusal: str | None = None) -> None:
        wanted = self.model.refusal or refusal
        try:
            await done
        except Problem as problem:
            assert problem.code == wanted
        else:
            assert wanted is None

    async def submit(self, by: Answerer) -> None:
        nothing = None if any(self.model.answers.values()) else "nothing_answered"
        await self.expect(usecases.submit(self.db, JOURNAL, by, self.assignment, "en", self.now), nothing)
        self.model.submitted |= self.model.refusal is None and nothing is None

    async def submit_twice_at_once(self) -> None:
        """A double click: one of them counts, the other one is told so."""
        expected = self.model.refusal or (None if any(self.model.answers.values()) else "nothing_answered")
        by = self.by(provider=False)
        two = [usecases.submit(self.db, JOURNAL, by, self.assignment, "en", self.now) for _ in range(2)]
        said = await asyncio.gather(*two, return_exceptions=True)
        codes = sorted(str(answer) for answer in said if isinstance(answer, Problem))
        assert codes == ([expected] * 2 if expected else ["already_submitted"])
        self.model.submitted |= expected is None

    async def check(self) -> None:
        found = await usecases.progress(self.db, self.assignment, self.now)
        assert {form.instrument.name: dict(form.answers) for form in found.forms} == self.model.answers
        assert found.assignment.state == ("completed" if self.model.submitted else "sent")
        async with self.db.begin() as tx:
            rows = (await tx.execute(sa.select(responses).where(responses.c.assignment_id == self.assignment))).all()
            flags = await tx.scalar(sa.select(sa.func.count()).where(safety_flag.c.client_id == self.client))
            types = (await tx.scalars(sa.text("select type from journal where subject = :it").bindparams(it=self.client))).all()
        completed = {row.instrument: row for row in rows if row.state == "completed"}
        assert set(completed) == ({name for name, given in self.model.answers.items() if given} if self.model.submitted else set())
        for name, row in completed.items():
            wanted = score(newest(name), self.model.answers[name])
            assert (row.answered, row.raw_sum, row.total_method) == (wanted.answered, wanted.raw_sum, wanted.total_method)
        assert flags == types.count("assessments.safety_flag_raised.v1") == self.model.flagged
        assert types.count("assessments.assessment_completed.v1") == len(completed)


@given(acts=steps)
@settings(max_examples=40)
def test_whatever_is_done_to_a_form_nothing_is_lost_and_nothing_is_counted_twice(
    db: Database, runner: asyncio.Runner, acts: list[tuple[Any, ...]]
) -> None:
    async def go() -> None:
        play = Play(db)
        await play.begin()
        for act in acts:
            await play.step(act)
            await play.check()

    runner.run(go())
