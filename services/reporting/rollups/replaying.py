"""The owners' journals applied once more, to temporary tables that stand before the real ones for one connection, and go with it."""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from common.applying import Received, Subscription, layers, read
from common.cloudevents import Entry
from common.contracts.catalogue import EVENTS
from common.contracts.event import Event
from common.db import Connection
from reporting.rollups import handlers
from reporting.rollups.closing import Positions, record_closing
from reporting.rollups.counting import count_all

FACTS = ("counted_client", "episode_fact", "request_fact", "session_fact", "outcome_fact", "score_fact", "asked_fact")
TABLES = (*FACTS, "recount_mark", "unit", "rollup", "closing")
SUBSCRIPTIONS = {
    "scheduling": Subscription("scheduling", handlers.SCHEDULING, EVENTS),
    "assessments": Subscription("assessments", handlers.ASSESSMENTS, EVENTS),
}

Page = Callable[[str, int, int], Awaitable[Sequence[Entry]]]
"""Source, stream, position: some of the entries after it, in their order."""

CLOSINGS = "select family, month, positions::text as positions, parked, closed_at from closing order by number"


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that was closed, and what had been applied by then but for what was parked."""

    family: str
    month: str
    positions: Positions
    parked: Sequence[UUID]
    closed_at: datetime


async def closings(tx: Connection) -> list[Closing]:
    """In the order in which they were made."""
    return [
        Closing(row["family"], row["month"], _positions(row["positions"]), row["parked"], row["closed_at"])
        for row in await tx.fetch(CLOSINGS)
    ]


def _positions(written: str) -> Positions:
    return {source: {int(stream): at for stream, at in streams.items()} for source, streams in json.loads(written).items()}


@dataclass
class Replay:
    """How far it is. Raises LookupError where a journal does not have what had been applied of it."""

    tx: Connection
    page: Page
    at: dict[tuple[str, int], int] = field(default_factory=dict)
    waiting: list[Entry] = field(default_factory=list)
    """What was parked at the time."""

    async def begin(self) -> None:
        for table in TABLES:
            await self.tx.execute(f"create temporary table {table} (like public.{table} including all)")

    async def through(self, made: Iterable[Closing]) -> None:
        """Closes what was closed, where it was closed."""
        for closing in made:
            await self.reach(closing.positions, closing.parked)
            await record_closing(self.tx, closing.family, closing.month, closing.positions, closing.parked, closing.closed_at)

    async def reach(self, positions: Positions, parked: Collection[UUID]) -> None:
        """Applies what was applied, and counts."""
        ready, self.waiting = _parted(self.waiting, parked)
        await self._apply(ready)
        for source, streams in positions.items():
            for stream, until in streams.items():
                await self._read(source, stream, until, parked)
        async with self.tx.transaction():
            await count_all(self.tx)

    async def _read(self, source: str, stream: int, until: int, parked: Collection[UUID]) -> None:
        while (at := self.at.get((source, stream), 0)) < until:
            entries = [entry for entry in await self.page(source, stream, at) if entry.position <= until]
            if not entries:
                raise LookupError(f"the journal of {source} ends at {stream}/{at}, before {until}")
            ready, waiting = _parted(entries, parked)
            self.waiting += waiting
            await self._apply(ready)
            self.at[source, stream] = entries[-1].position

    async def _apply(self, entries: Sequence[Entry]) -> None:
        received: list[Received[Event]] = []
        for entry in entries:
            subscription = SUBSCRIPTIONS[entry.source]
            if EVENTS.get(entry.type) in subscription.handlers:
                received.append(Received(read(subscription, entry), entry))
        async with self.tx.transaction():
            for kind, group in layers(received):
                await _handlers()[kind](self.tx, group)


def _handlers() -> Mapping[type[Event], Callable[..., Awaitable[None]]]:
    return {**handlers.SCHEDULING, **handlers.ASSESSMENTS}


def _parted(entries: Sequence[Entry], parked: Collection[UUID]) -> tuple[list[Entry], list[Entry]]:
    """The others, and those that are parked."""
    held = set(parked)
    return [e for e in entries if e.event_id not in held], [e for e in entries if e.event_id in held]
