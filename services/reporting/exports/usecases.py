"""Asking for an individual export, how far it is, its manifest, and calling it off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from common.contracts.vocabulary import Programme, Purpose
from common.db import Database
from common.problems import Problem
from reporting.authorization.rules import EVERY
from reporting.contracts import tables as contracts
from reporting.contracts.rules import not_valid
from reporting.exports import clearing, tables
from reporting.exports.asking import Wanted
from reporting.exports.rules import MOST_IN_PROGRESS, POLL_EVERY, Deleted, Export, OutputFormat, Part, Status
from reporting.recipients import tables as recipients
from reporting.resources.expressions import TYPES

__all__ = ["Deleted", "Progress", "cancel", "covered", "export_of", "kick_off", "poll", "progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Of an export under way or done. `deleted`: how many persons there are to be dropped. `sealed`: its files hold Binaries."""

    export: Export
    built: int
    parts: Sequence[Part]
    deleted: int
    sealed: bool = False


def covered(scopes: frozenset[str]) -> tuple[str, ...]:
    """The types that an access token lets its holder read: what it gets where it names none."""
    return tuple(kind for kind in TYPES if EVERY in scopes or f"system/{kind}.rs" in scopes)


def export_of(wanted: Wanted, recipient_id: UUID, purpose: Purpose, programme: Programme | None, request: str, now: datetime) -> Export:
    """`request`: the address that it was asked for at."""
    return Export(
        export_id=uuid4(),
        recipient_id=recipient_id,
        purpose=purpose,
        programme=programme,
        types=wanted.types,
        patients=wanted.patients,
        since=wanted.since,
        by_patient=wanted.by_patient,
        output_format=wanted.output_format,
        manifest_version=wanted.manifest_version,
        request=request,
        ignored=tuple(wanted.ignored),
        status=Status.IN_PROGRESS,
        requested_at=now,
    )


async def kick_off(db: Database, export: Export) -> None:
    """Raises Problem where the recipient is not registered (C5), has no contract in force (C14), has too many exports under way, or cannot
    have this format sealed."""
    async with db.begin_event() as tx:
        await contracts.enter(tx, export.recipient_id)
        recipient = await recipients.find(tx, export.recipient_id)
        if recipient is None:
            raise Problem("unknown_recipient", "Individual data goes to registered recipients only.", rule="C5")
        if await contracts.in_force(tx, export.recipient_id, export.requested_at, export.requested_at) is None:
            raise not_valid()
        if recipient.sealed and export.output_format is not OutputFormat.NDJSON:
            raise Problem("not_supported", "Sealed values leave as NDJSON only.", field="_outputFormat")
        if await tables.in_progress_of(tx, export.recipient_id) >= MOST_IN_PROGRESS:
            detail = f"{MOST_IN_PROGRESS} exports are in progress: wait for one, or cancel one."
            raise Problem("too_many_requests", detail, headers={"retry-after": "5"})
        await tables.insert_export(tx, export)


async def progress(db: Database, recipient_id: UUID, export_id: UUID) -> Progress:
    """Raises Problem (`unknown_export`): of another recipient's it is not even said that it exists."""
    # One moment for all of it: nothing stands in `output` and in `deleted`.
    async with db.pool.acquire() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        export = await tables.find_export(tx, export_id)
        if export is None or export.recipient_id != recipient_id or export.status in (Status.CANCELLED, Status.EXPIRED):
            raise Problem("unknown_export", "No such export.")
        if export.status is Status.IN_PROGRESS:
            return Progress(export, await tables.built_streams(tx, export_id), (), 0)
        parts, deleted = await tables.parts_of(tx, export_id), await tables.deletions_of(tx, export)
        recipient = await recipients.find(tx, recipient_id)
        sealed = recipient is not None and recipient.sealed
        return Progress(export, await tables.built_streams(tx, export_id), parts, len(deleted), sealed)


async def poll(db: Database, export: Export) -> None:
    """Raises Problem where an export in progress is asked after too often."""
    async with db.pool.acquire() as tx:
        if export.status is Status.IN_PROGRESS and not await tables.poll(tx, export.export_id, POLL_EVERY):
            raise Problem("too_many_requests", "Ask less often how far the export is.", headers={"retry-after": "1"})


async def cancel(db: Database, export: Export) -> None:
    """Nothing of it can be had any more when this returns, and its rows are gone."""
    async with db.pool.acquire() as tx:
        await tables.cancel_export(tx, export.export_id)
        await clearing.clear_export(tx, export.export_id)
