"""Asking for an individual export, and finding it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from common.contracts.vocabulary import Programme, Purpose, Recipient
from common.db import Database
from common.problems import Problem
from reporting.exports import tables
from reporting.exports.rules import Deletion, Export, Part, Status
from reporting.release.gate import Gate


@dataclass(frozen=True, slots=True)
class Manifest:
    export: Export
    parts: Sequence[Part]
    deletions: Sequence[Deletion]


async def request_export(
    db: Database, gate: Gate, streams: int, plan_id: UUID, programme: Programme | None, purpose: Purpose, now: datetime
) -> Manifest:
    """Part by part, each under the gate of its stream. Raises Problem where freshness cannot be proven; what was built is dropped."""
    export = Export(uuid4(), plan_id, programme, Recipient.HEALTH_PLAN, purpose, Status.BUILDING, now)
    async with db.begin_event() as tx:
        await tables.insert_export(tx, export)
    for stream in range(streams):
        async with gate.held(stream) as hold:
            await tables.build_part(hold, export)
    async with db.begin_event() as tx:
        await tables.complete(tx, export.export_id)
    return await read_manifest(db, plan_id, export.export_id)


async def read_manifest(db: Database, plan_id: UUID, export_id: UUID) -> Manifest:
    """Raises Problem where the plan has no such export: of another plan's it is not even said that it exists."""
    async with db.pool.acquire() as tx:
        export = await tables.find_export(tx, export_id)
        if export is None or export.plan_id != plan_id:
            raise Problem("unknown_export", "No such export.")
        return Manifest(export, await tables.parts_of(tx, export_id), await tables.deletions_of(tx, export_id))


async def check_ready(db: Database, plan_id: UUID, export_id: UUID) -> None:
    manifest = await read_manifest(db, plan_id, export_id)
    if manifest.export.status is not Status.COMPLETE:
        raise Problem("wrong_state", "The export is not complete: ask for a new one.")
