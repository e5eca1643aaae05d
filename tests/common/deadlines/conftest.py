"""A service reduced to its deadlines, its journal, and one table of effects. Time is what the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.clock import Clock
from common.contracts.event import ClientEvent, Event
from common.db import Database, new_metadata
from common.deadlines import engine
from common.deadlines.deadline import Deadline
from common.deadlines.firing import Action, Fired, Firing, Sweep
from common.deadlines.policies import Policies, Policy, Rung
from common.deadlines.rules import Kind
from common.deadlines.statements import NAMES
from common.deadlines.tables import add_deadlines
from common.journal import Journal
from common.migrate import SEED_HEADS
from common.schema import add_journal
from deploy.local.infrastructure import Infrastructure

STREAMS = 4
NEW_YORK = "America/New_York"
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)

metadata = new_metadata()
add_journal(metadata)
add_deadlines(metadata)
sa.Table(
    "effect",
    metadata,
    sa.Column("n", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("key", sa.Text),
    sa.Column("subject", sa.Uuid),
)


class Told(ClientEvent):
    """A rung or a breach."""

    type: ClassVar[str] = "test.told.v1"
    key: str


RESPOND = Policy(
    code="respond",
    version=1,
    rule="S7",
    budget=24,
    unit="elapsed_hours",
    rungs=(
        Rung(key="remind", action="effect", hours_after_anchor=12),
        Rung(key="warn", action="effect", hours_before_due=4),
        Rung(key="escalate", action="effect", hours_before_due=-24),
    ),
    on_breach="effect",
)
SESSION = Policy(
    code="session",
    version=1,
    rule="S9",
    budget=5,
    unit="business_days",
    rungs=(Rung(key="warn", action="effect", business_days_after_anchor=3),),
)
QUIET = Policy(code="quiet", version=1, rule="S8", budget=2, unit="elapsed_hours")


async def effect(tx: AsyncConnection, firings: Sequence[Firing], _now: datetime) -> Fired:
    """One row and one event each, in two round trips."""
    if not firings:
        return Fired()
    rows = [{"key": firing.rung_key, "subject": firing.deadline.subject} for firing in firings]
    await tx.execute(sa.insert(metadata.tables["effect"]), rows)
    return Fired([told(firing.deadline, firing.rung_key, firing.fired_for) for firing in firings])


def told(deadline: Deadline, key: str, at: datetime) -> Told:
    return Told(event_id=deadline.event_id(key), client_id=deadline.about, occurred_at=at, key=key)


def breach_told(deadline: Deadline, kind: Kind, at: datetime) -> Sequence[Event]:
    """The breach's own action tells it where it has one."""
    return [] if deadline.policy_code == RESPOND.code else [told(deadline, kind, at)]


def as_policies(*policies: Policy) -> Policies:
    return {(policy.code, policy.version): policy for policy in policies}


@dataclass
class Service:
    """A database, and what a test does with it."""

    db: Database
    journal: Journal = field(default_factory=lambda: Journal("test", STREAMS))
    clock: Clock = field(default_factory=lambda: Clock(simulated=True))

    def sweep(self, *policies: Policy, actions: Mapping[str, Action] | None = None, **more: Any) -> Sweep:
        known = as_policies(*(policies or (RESPOND, SESSION, QUIET)))
        return Sweep(self.db, self.journal, self.clock, known, actions or {"effect": effect}, breach_told, **more)

    async def drain(self, now: datetime, sweep: Sweep | None = None) -> None:
        self.clock.move_to(now)
        await (sweep or self.sweep()).drain()

    async def arm(self, policy: Policy, anchor_at: datetime = MONDAY, **more: Any) -> Deadline:
        given = {"subject": uuid4(), "about": uuid4(), "zone": NEW_YORK, "now": anchor_at, **more}
        async with self.db.begin() as tx:
            return await engine.arm(tx, policy, anchor_at=anchor_at, **given)

    async def arm_many(self, policy: Policy, anchors: Iterable[datetime]) -> list[Deadline]:
        async with self.db.begin() as tx:
            given: dict[str, Any] = {"zone": NEW_YORK, "now": MONDAY}
            return [await engine.arm(tx, policy, subject=uuid4(), about=uuid4(), anchor_at=at, **given) for at in anchors]

    async def copy(self, armed: Deadline, n: int) -> None:
        """More like it, each about another client."""
        names = ", ".join(name for name in NAMES if name not in ("deadline_id", "subject", "about"))
        fresh = "gen_random_uuid(), gen_random_uuid(), gen_random_uuid()"
        await self.db.pool.execute(
            f"insert into deadline (deadline_id, subject, about, {names}) select {fresh}, {names} from deadline, generate_series(1, $2) "
            "where deadline_id = $1",
            armed.deadline_id,
            n,
        )

    async def does(self, what: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """One of the engine's changes, in a transaction of its own; `now` is when it happened, unless said."""
        now = more.get("now") or more.get("occurred_at") or more.get("at") or MONDAY
        async with self.db.begin() as tx:
            return await what(tx, *arguments, **{**more, "now": now})

    async def open(self, **more: Any) -> list[Deadline]:
        async with self.db.begin() as tx:
            return await engine.open_deadlines(tx, **{"limit": 10, **more})

    async def read(self, deadline_id: UUID) -> Any:
        return await self.db.pool.fetchrow("select * from deadline where deadline_id = $1", deadline_id)

    async def effects(self, subject: UUID) -> list[str]:
        return [row["key"] for row in await self.db.pool.fetch("select key from effect where subject = $1 order by n", subject)]

    async def history(self, deadline_id: UUID) -> list[str]:
        asked = "select kind from deadline_history where deadline_id = $1 order by history_id"
        return [row["kind"] for row in await self.db.pool.fetch(asked, deadline_id)]

    async def told(self, about: UUID) -> list[str]:
        asked = "select payload::json->>'key' as key from journal where subject = $1 order by position"
        return [row["key"] for row in await self.db.pool.fetch(asked, about)]

    async def count(self, what: str) -> int:
        counted: int = await self.db.pool.fetchval(f"select count(*) from {what}")
        return counted


async def made(infrastructure: Infrastructure, name: str) -> Database:
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    async with db.engine.begin() as tx:
        await tx.run_sync(metadata.create_all)
        await tx.execute(sa.text(SEED_HEADS), {"streams": STREAMS})
    return db


@pytest.fixture
async def service(infrastructure: Infrastructure) -> AsyncIterator[Service]:
    name = f"deadlines_{uuid4().hex[:8]}"
    db = await made(infrastructure, name)
    yield Service(db)
    await db.close()
    await infrastructure.drop_database(name)


async def eventually(true: Callable[[], Any], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)
