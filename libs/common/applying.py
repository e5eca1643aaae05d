"""Applying a journal's entries: one transaction for handlers, `applied` position and offset.

Order per client is kept, across clients it is free, so entries are handled in layers of one type each. A poison entry is tried again a
few times by itself, then its client is parked: later entries of the client queue behind it, the others flow.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from common.cloudevents import Entry
from common.contracts.event import Event
from common.db import DOWN, Connection, Database, Pool
from common.tracing import TRACEPARENT, child_of

log = logging.getLogger(__name__)

RETRY_AFTER = (0.05, 0.2, 0.8)
"""Seconds before each further try of a single entry."""

ADVANCE = """
with held as materialized (select pg_advisory_xact_lock($8::int, stream) from unnest($9::int[]) as stream),
arriving as (
  select * from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[])
    as a(stream, expected, position, digest, kafka_offset)),
advanced as (
  update applied p
     set position = a.position, digest = a.digest, kafka_offset = greatest(p.kafka_offset, a.kafka_offset)
    from arriving a where p.source = $1 and p.stream = a.stream and p.position = a.expected
  returning 1)
select (select count(*) from held) as held, (select count(*) from advanced) as advanced,
       array(select client_id from parked_client where source = $1 and client_id = any($7::uuid[]) for share) as parked"""

PARK_CLIENT = """
insert into parked_client (source, client_id, reason) values ($1, $2, $3) on conflict (source, client_id) do nothing"""

PARK_EVENT = """
insert into parked_event (source, stream, position, client_id, event_id, type, payload, traceparent, digest)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing"""

QUEUE = """
select source, stream, position, event_id, type, client_id as subject, payload, digest, traceparent
  from parked_event where source = $1 and client_id = $2 order by position"""


class Overtaken(Exception):
    """Another instance has applied this stream meanwhile: read the positions again."""


class Unreadable(Exception):
    """An entry whose type or content this version does not know."""


E = TypeVar("E", covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """An event with its place in its journal."""

    event: E
    entry: Entry


Handler = Callable[[Connection, Sequence[Any]], Awaitable[None]]
"""`async def on_<event>(tx, received: Sequence[Received[TheEvent]])`: a layer of events of one type, at most one a client."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a service takes from one publisher. Known events without a handler are passed over; unknown ones park their client."""

    source: str
    handlers: Mapping[type[Event], Handler]
    known: Mapping[str, type[Event]]
    lock_class: int | None = None
    """An advisory lock of each stream, held in exclusive mode from before the first handler until the commit (the release gate)."""

    def locked_streams(self, entries: Sequence[Entry]) -> list[int]:
        """In ascending order, so that two transactions never wait for each other."""
        return [] if self.lock_class is None else sorted({entry.stream for entry in entries})


def read(subscription: Subscription, entry: Entry) -> Event:
    """Raises `Unreadable`. What cannot be read is never taken for permission."""
    kind = subscription.known.get(entry.type)
    if kind is None:
        raise Unreadable(f"unknown type {entry.type}")
    try:
        event = kind.from_json(entry.payload)
    except ValueError as error:
        raise Unreadable(f"unreadable {entry.type}") from error
    if event.subject != entry.subject or event.event_id != entry.event_id:
        raise Unreadable(f"{entry.type} is about somebody else than its envelope")
    return event


def layers(received: Iterable[Received[Event]]) -> list[tuple[type[Event], list[Received[Event]]]]:
    """Groups of one type, each client at most once a group, every client's events in their order."""
    result: list[tuple[type[Event], list[Received[Event]]]] = []
    last: dict[UUID, int] = {}
    open_group: dict[type[Event], int] = {}
    for item in received:
        kind, client = type(item.event), item.event.subject
        index = open_group.get(kind, -1)
        if index <= last.get(client, -1):
            index = open_group[kind] = len(result)
            result.append((kind, []))
        result[index][1].append(item)
        last[client] = index
    return result


class Applier:
    """Applies one publisher's entries in this service's database."""

    def __init__(self, db: Database, subscription: Subscription) -> None:
        self.db = db
        self.subscription = subscription
        self._pool: Pool | None = None

    async def apply(self, entries: Sequence[Entry], expected: Mapping[int, int], offsets: Mapping[int, int]) -> None:
        """All or nothing. Raises `Overtaken`, or `DOWN` where the database is not there; a poison entry parks its client."""
        try:
            await self._apply(entries, expected, offsets)
        except (Overtaken, *DOWN):
            raise
        except Exception as error:  # which entry it is, the single tries tell
            if len(entries) > 1:
                log.warning("a poll failed, trying entry by entry", extra={"error": type(error).__name__})
            positions = dict(expected)
            for entry in entries:
                await self._apply_patiently(entry, positions[entry.stream], offsets[entry.stream])
                positions[entry.stream] = entry.position

    async def _apply(self, entries: Sequence[Entry], expected: Mapping[int, int], offsets: Mapping[int, int]) -> None:
        self._pool = self._pool or await self.db.own_pool(1, 1)
        async with self.db.begin_event(self._pool) as tx:
            parked = await self._advance(tx, entries, expected, offsets)
            for entry in entries:
                if entry.subject in parked:
                    await self._queue(tx, entry)
            readable = [Received(read(self.subscription, e), e) for e in entries if e.subject not in parked]
            await self._handle(tx, readable)

    async def _advance(
        self, tx: Connection, entries: Sequence[Entry], expected: Mapping[int, int], offsets: Mapping[int, int]
    ) -> set[UUID]:
        """Moves the positions on, if nobody else did; answers which of the subjects are parked."""
        last = {entry.stream: entry for entry in entries}
        row = await tx.fetchrow(
            ADVANCE,
            self.subscription.source,
            list(last),
            [expected[stream] for stream in last],
            [entry.position for entry in last.values()],
            [entry.digest for entry in last.values()],
            [offsets[stream] for stream in last],
            [entry.subject for entry in entries],
            self.subscription.lock_class or 0,
            self.subscription.locked_streams(entries),
        )
        if row is None or row["advanced"] != len(last):
            raise Overtaken(self.subscription.source)
        return set(row["parked"])

    async def _handle(self, tx: Connection, received: Sequence[Received[Event]]) -> None:
        for kind, group in layers(received):
            handler = self.subscription.handlers.get(kind)
            if handler:
                TRACEPARENT.set(child_of(group[0].entry.traceparent))
                await handler(tx, group)

    async def _apply_patiently(self, entry: Entry, expected: int, offset: int) -> None:
        for pause in (*RETRY_AFTER, None):
            try:
                return await self._apply([entry], {entry.stream: expected}, {entry.stream: offset})
            except (Overtaken, *DOWN):
                raise
            except Exception as error:
                if pause is None or isinstance(error, Unreadable):
                    return await self._park(entry, expected, offset, error)
                await asyncio.sleep(pause)

    async def _park(self, entry: Entry, expected: int, offset: int, error: Exception) -> None:
        reason = str(error) if isinstance(error, Unreadable) else type(error).__name__
        async with self.db.begin_event() as tx:
            await self._advance(tx, [entry], {entry.stream: expected}, {entry.stream: offset})
            await tx.execute(PARK_CLIENT, self.subscription.source, entry.subject, reason)
            await self._queue(tx, entry)
        log.error(
            "client parked",
            extra={"source": entry.source, "stream": entry.stream, "position": entry.position, "event": entry.type, "error": reason},
        )

    async def _queue(self, tx: Connection, entry: Entry) -> None:
        e = entry
        await tx.execute(PARK_EVENT, e.source, e.stream, e.position, e.subject, e.event_id, e.type, e.payload, e.traceparent, e.digest)

    async def replay(self, client_id: UUID) -> int:
        """By command, once the cause is mended: the client's queue in its order, all or nothing; how many events it was."""
        source = self.subscription.source
        async with self.db.begin_event() as tx:
            if await tx.fetchval("select 1 from parked_client where source = $1 and client_id = $2 for update", source, client_id) is None:
                return 0
            entries = [Entry(**row) for row in await tx.fetch(QUEUE, source, client_id)]
            for stream in self.subscription.locked_streams(entries):
                await tx.execute("select pg_advisory_xact_lock($1, $2)", self.subscription.lock_class, stream)
            await self._handle(tx, [Received(read(self.subscription, entry), entry) for entry in entries])
            await tx.execute("delete from parked_event where source = $1 and client_id = $2", source, client_id)
            await tx.execute("delete from parked_client where source = $1 and client_id = $2", source, client_id)
        return len(entries)
