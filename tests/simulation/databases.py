"""What a run writes to scheduling's database, and reads from both: again, where the server was killed meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from common.contracts.event import ClientEvent
from common.db import DOWN, Database, Pool
from common.journal import Journal

T = TypeVar("T")
STREAMS = 16
PATIENCE = 60.0
AT_REST = """
select coalesce((select sum(position) from applied where source = 'scheduling'), 0)::int as applied,
       (select count(*) from to_plan) as marks,
       (select count(*) from deadline where next_fire_at <= $1) as due,
       (select count(*) from waiting_notice) as waiting"""
NUDGE = (
    "update waiting_notice set next_attempt_at = clock_timestamp() where next_attempt_at > clock_timestamp()",
    "update to_plan set retry_at = null where retry_at is not null",
)
"""Hours have passed: what was put off by a minute of real time is due again."""
NEW = """
select j.stream, j.position, j.type, j.payload from journal j join unnest($1::int[], $2::bigint[]) as seen(stream, position)
    on j.stream = seen.stream and j.position > seen.position
 order by j.stream, j.position"""


async def again(work: Callable[[], Awaitable[T]]) -> T:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except (*DOWN, asyncpg.PostgresError):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


@dataclass
class Databases:
    scheduling: Database
    assessments: Pool
    journal: Journal = field(default_factory=lambda: Journal("scheduling", STREAMS))
    appended: int = 0
    seen: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(STREAMS), 0))

    @classmethod
    async def open(cls, scheduling: str, assessments: str) -> "Databases":
        return cls(await Database.open(scheduling, 3), await asyncpg.create_pool(assessments, min_size=0, max_size=3))

    async def close(self) -> None:
        await self.scheduling.close()
        self.assessments.terminate()

    async def append(self, events: Sequence[ClientEvent]) -> None:
        if events:
            await again(lambda: self._append(events))
            self.appended += len(events)

    async def _append(self, events: Sequence[ClientEvent]) -> None:
        """Once, also where the server was killed before it could say that it had committed."""
        if not await self.scheduling.pool.fetchval("select 1 from journal where event_id = $1", events[0].event_id):
            async with self.scheduling.begin_event() as tx:
                await self.journal.append_event(tx, *events)
        await self.scheduling.pool.execute("notify relay_scheduling")

    async def at_rest(self, now: datetime, *, told: bool) -> bool:
        """All of it applied, planned, fired and, where scheduling can be `told`, handed over."""
        row = await self.not_at_rest(now)
        done = row["applied"] == row["appended"] and not row["marks"] and not row["due"]
        return done and not (told and row["waiting"])

    async def not_at_rest(self, now: datetime) -> dict[str, int]:
        row = await again(lambda: self.assessments.fetchrow(AT_REST, now))
        assert row is not None
        return dict(row) | {"appended": self.appended}

    async def nudge(self) -> None:
        for statement in NUDGE:
            await again(lambda statement=statement: self.assessments.execute(statement))  # type: ignore[misc]

    async def news(self) -> list[asyncpg.Record]:
        """What assessments has told since the last look."""
        rows = await again(lambda: self.assessments.fetch(NEW, list(self.seen), list(self.seen.values())))
        self.seen.update({row["stream"]: row["position"] for row in rows})
        return rows

    async def notices(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await again(lambda: self.scheduling.pool.fetch("select * from notice_taken"))]
