"""A plan and its clients in a database of reporting's, and exports built batch by batch as the builder does, without a stack."""

import json
import math
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from common.applying import Received
from common.cloudevents import Entry
from common.contracts.consent import OptedIn, OptedOut
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Category, Channel, Programme, Purpose, Recipient
from common.db import Connection, Database
from reporting.exports import tables
from reporting.exports.asking import Wanted
from reporting.exports.filling import fill_batch, missing_streams
from reporting.exports.rules import Export
from reporting.exports.usecases import Progress, export_of, progress
from reporting.redaction.tables import close_sharing, open_sharing
from reporting.release_gate.gate import Hold
from reporting.resources.expressions import TYPES

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STREAM, STREAMS = 0, 2
SCORE = {"resourceType": "Observation", "code": "phq-9", "value": 9, "method": "complete", "effective": "2026-03-02T12:00:00Z"}
BOOKED = {"resourceType": "Appointment", "kind": "session", "status": "booked", "start": "2026-03-09T12:00:00Z"}
RECORD = """
insert into record (record_id, client_id, stream, programme, category, body, occurred_at)
values ($1, $2, $3, 'care_connect', $4, $5::jsonb, $6)"""


class Plan:
    """A recipient with clients on stream 0."""

    def __init__(self, db: Database) -> None:
        self.db, self.id = db, uuid4()

    async def client(self, categories: Collection[Category] | None = DEFAULT_CATEGORIES, scores: int = 1) -> UUID:
        """Somebody with some scores; None: who does not share."""
        await self.db.pool.execute("insert into client values ($1, $2, $3, 'care_connect')", client := uuid4(), self.id, uuid4())
        for _ in range(scores):
            await self.record(client)
        if categories is not None:
            await self.opt_in(client, categories)
        return client

    async def record(self, client: UUID, category: str = "assessment_results", body: object = SCORE, tx: Connection | None = None) -> UUID:
        arguments = (uuid4(), client, STREAM, category, json.dumps(body), NOW)
        await (tx or self.db.pool).execute(RECORD, *arguments)
        return arguments[0]

    async def opt_in(self, client: UUID, categories: Collection[Category] = DEFAULT_CATEGORIES) -> None:
        notice = {"notice_version": "2026-01", "notice_language": "en", "notice_digest": "ab" * 32}
        async with self.db.begin_event() as tx:
            await open_sharing(tx, [_received(OptedIn.model_validate(_said(client) | notice | {"categories": tuple(categories)}))])

    async def opt_out(self, client: UUID) -> None:
        async with self.db.begin_event() as tx:
            await close_sharing(tx, [_received(OptedOut.model_validate(_said(client)))], "opted_out")

    async def token(self, client: UUID) -> UUID:
        found: UUID = await self.db.pool.fetchval("select token from sharing where client_id = $1", client)
        return found

    async def asked(self, since: datetime | None = None, **more: Any) -> Export:
        """An export that nobody is building yet."""
        wanted = Wanted(types=more.pop("types", TYPES), since=since, **more)
        made = export_of(wanted, self.id, Purpose.PERSONALISED_RECOMMENDATIONS, None, "http://bulk", NOW)
        async with self.db.begin_event() as tx:
            await tables.insert_export(tx, made)
        return made

    async def export(self, since: datetime | None = None, **more: Any) -> Progress:
        return await built(self.db, await self.asked(since, **more))

    async def taken(self, found: Progress, *categories: str) -> None:
        """As if its files had been downloaded: what is on record then."""
        await self.db.pool.execute(
            "insert into disclosure (client_id, programme, token, recipient, recipient_id, purpose, path, export_id, categories, records, "
            "gated_at) select client_id, programme, token, 'health_plan', $2, 'x', 'export', $1, "
            "array_remove(array_agg(distinct category), null), 1, 0 from export_row where export_id = $1 group by 1, 2, 3",
            found.export.export_id,
            self.id,
        )  # fmt: skip


def _said(client: UUID) -> dict[str, Any]:
    fixed = {"recipient": Recipient.HEALTH_PLAN, "purpose": Purpose.PERSONALISED_RECOMMENDATIONS, "channel": Channel.PORTAL}
    return {"client_id": client, "programme": Programme.CARE_CONNECT, "occurred_at": NOW} | fixed


def _received(event: Any) -> Any:
    return Received(event, Entry("consent", STREAM, 1, event.event_id, event.type, event.subject, "", b""))


def held(tx: Connection, stream: int, export: Export) -> Hold:
    """As the gate hands it out."""
    return Hold(tx, stream, 0, export.recipient_id, uuid4(), NOW, math.inf)


async def fill(db: Database, export: Export, batches: int | None = None, after: tuple[UUID, str] | None = None) -> None:
    """All that is missing, or so many batches of stream 0."""
    async with db.pool.acquire() as tx:
        for stream in await missing_streams(db.pool, export.export_id, STREAMS):
            reached = after
            while batches != 0:
                reached = await fill_batch(held(tx, stream, export), export, reached)
                if reached is None:
                    break
                batches = None if batches is None else batches - 1


async def built(db: Database, export: Export) -> Progress:
    await tables.begin_export(db.pool, export.export_id)
    await fill(db, export)
    await tables.complete_export(db.pool, export.export_id, STREAMS, NOW, NOW + timedelta(hours=1))
    return await progress(db, export.recipient_id, export.export_id)


async def lines(db: Database, export: Export) -> list[dict[str, Any]]:
    rows = await db.pool.fetch("select line from export_row where export_id = $1 order by stream, part, seq", export.export_id)
    return [json.loads(row["line"]) for row in rows]


async def deleted(db: Database, found: Progress) -> dict[UUID, set[str]]:
    async with db.pool.acquire() as tx:
        return {d.token: set(d.resources) for d in await tables.deletions_of(tx, found.export)}


def references(resources: Collection[dict[str, Any]]) -> list[str]:
    return [f"{r['resourceType']}/{r['id']}" for r in resources]


def at(found: Progress) -> datetime:
    assert found.export.transaction_time
    return found.export.transaction_time


def as_of(export: Export, since: datetime) -> Export:
    return replace(export, since=since)
