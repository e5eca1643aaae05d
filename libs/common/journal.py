"""The journal: what happened, appended in the transaction that made it happen.

A stream is a fixed hash bucket of the subject. Appending takes the stream's head row, as the last statements of the transaction,
so positions in a stream are gapless and in commit order. From that follow order, no loss, exactly once in effect, freshness and
tamper evidence (ARCHITECTURE.md). Each entry's digest covers the digest before it.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.cloudevents import Entry, digest_of
from common.contracts.event import Event
from common.db import PENDING, Connection
from common.tracing import TRACEPARENT

PAYLOAD_LIMIT = 65_536
"""Bytes. Far below Kafka's message limit: a record that the broker refuses would stop its stream's relay for ever."""

FIRST_DIGEST = bytes(32)


def stream_of(subject: UUID, streams: int) -> int:
    return int.from_bytes(sha256(subject.bytes).digest()[:8], "big") % streams


def appending(after: str, first: int) -> str:
    """CTEs that append one entry for the single row of the CTE `after`; parameters from `$first` on as `arguments` gives them."""
    stream, event_id, kind, subject, payload, traceparent = (f"${first + n}" for n in range(6))
    return f"""
    head as (
      update journal_head h
         set position = h.position + 1,
             digest = sha256(h.digest || convert_to(concat_ws(E'\\n', h.stream, h.position + 1, {event_id}::uuid,
                                                              {kind}::text, {subject}::uuid, {payload}::text), 'UTF8'))
        from {after} where h.stream = {stream}
      returning h.stream, h.position, h.digest),
    entry as (
      insert into journal (stream, position, event_id, type, subject, payload, traceparent, digest)
      select stream, position, {event_id}::uuid, {kind}::text, {subject}::uuid, {payload}::text, {traceparent}::text, digest
        from head)"""


APPEND = f"with this as (select 1), {appending('this', 1)} select position, digest from head"

LOCK_HEADS = "select stream, position, digest from journal_head where stream = any($1::int[]) order by stream for update"

APPEND_MANY = """
with entry as (
  insert into journal (stream, position, event_id, type, subject, payload, traceparent, digest)
  select * from unnest($1::int[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bytea[])
  returning stream, position, digest)
update journal_head h set position = e.position, digest = e.digest
  from (select distinct on (stream) stream, position, digest from entry order by stream, position desc) e
 where h.stream = e.stream"""

PAGE = """
select stream, position, event_id, type, subject, payload, digest, traceparent
  from journal where stream = $1 and position > $2 order by position limit $3"""

HEADS = "select stream, position, digest from journal_head order by stream"


Arguments = tuple[int, UUID, str, UUID, str, str | None]
"""Stream, event id, type, subject, payload, traceparent."""


class Journal:
    """One service's journal: its name and its number of streams."""

    def __init__(self, source: str, streams: int) -> None:
        self.source = source
        self.streams = streams

    def arguments(self, event: Event) -> Arguments:
        """Raises ValueError above the payload limit."""
        payload = event.to_json()
        if len(payload.encode()) > PAYLOAD_LIMIT:
            raise ValueError(f"{event.type} exceeds {PAYLOAD_LIMIT} bytes")
        stream = stream_of(event.subject, self.streams)
        return stream, event.event_id, event.type, event.subject, payload, TRACEPARENT.get()

    def appended(self, arguments: Arguments, position: int, digest: bytes) -> Entry:
        """Note an entry, to be handed to the relay at commit."""
        stream, event_id, kind, subject, payload, traceparent = arguments
        entry = Entry(self.source, stream, position, event_id, kind, subject, payload, digest, traceparent)
        pending = PENDING.get()
        if pending is not None:
            pending.appended.append(entry)
        return entry

    async def append(self, tx: AsyncConnection, *events: Event) -> None:
        """Within a use case's transaction, as its last statements."""
        for event in self._in_stream_order(events):
            arguments = self.arguments(event)
            row = (await tx.exec_driver_sql(APPEND, arguments)).one()
            self.appended(arguments, row.position, row.digest)

    async def append_all(self, tx: AsyncConnection, events: Sequence[Event]) -> None:
        """Within a transaction of SQLAlchemy, as its last statements: two round trips for any number of events."""
        if events:
            connection = await tx.get_raw_connection()
            assert connection.driver_connection is not None
            if not connection.driver_connection.is_in_transaction():
                await tx.exec_driver_sql("select 1")  # the transaction begins with SQLAlchemy's own first statement
            await self.append_event(connection.driver_connection, *events)

    async def append_event(self, tx: Connection, *events: Event) -> None:
        """Within a handler's transaction, as its last statements: two round trips for any number of events."""
        if len(events) == 1:
            arguments = self.arguments(events[0])
            row = await tx.fetchrow(APPEND, *arguments)
            assert row is not None
            self.appended(arguments, row["position"], row["digest"])
        elif events:
            await self._append_many(tx, self._in_stream_order(events))

    def _in_stream_order(self, events: Sequence[Event]) -> list[Event]:
        """Heads are taken in ascending order, so that two transactions never wait for each other."""
        return sorted(events, key=lambda event: stream_of(event.subject, self.streams))

    async def _append_many(self, tx: Connection, events: list[Event]) -> None:
        wanted = sorted({stream_of(event.subject, self.streams) for event in events})
        heads = {row["stream"]: row for row in await tx.fetch(LOCK_HEADS, wanted)}
        entries: list[Entry] = []
        for stream, group in groupby(events, key=lambda event: stream_of(event.subject, self.streams)):
            position, digest = heads[stream]["position"], heads[stream]["digest"]
            for event in group:
                position += 1
                arguments = self.arguments(event)
                digest = digest_of(digest, Entry(self.source, stream, position, *arguments[1:5], digest=b""))
                entries.append(self.appended(arguments, position, digest))
        await tx.execute(
            APPEND_MANY,
            [e.stream for e in entries],
            [e.position for e in entries],
            [e.event_id for e in entries],
            [e.type for e in entries],
            [e.subject for e in entries],
            [e.payload for e in entries],
            [e.traceparent for e in entries],
            [e.digest for e in entries],
        )

    async def page(self, tx: Connection, stream: int, after: int, limit: int) -> list[Entry]:
        return [Entry(source=self.source, **row) for row in await tx.fetch(PAGE, stream, after, limit)]


async def heads(tx: Connection) -> Mapping[int, int]:
    """The vector of heads: everything up to these positions is committed."""
    return {row["stream"]: row["position"] for row in await tx.fetch(HEADS)}


async def first_broken(journal: Journal, tx: Connection, stream: int) -> int | None:
    """The first position whose digest does not follow from the line before it, or a missing one; None where all is well."""
    digest, position = FIRST_DIGEST, 0
    while entries := await journal.page(tx, stream, position, 1000):
        for entry in entries:
            digest = digest_of(digest, entry)
            if entry.position != position + 1 or entry.digest != digest:
                return position + 1
            position += 1
    head = await tx.fetchrow("select position, digest from journal_head where stream = $1", stream)
    if head is None or head["position"] != position or head["digest"] != digest:
        return position + 1
    return None
