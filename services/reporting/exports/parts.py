"""Whether a file of an export may be read now, and as what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common.auth import Principal
from common.db import Connection, Database
from common.problems import Problem
from reporting.authorization.rules import check_covers
from reporting.exports import tables
from reporting.exports.rules import ALL, Deleted, OutputFormat, Status

# One row: how long it takes does not grow with the manifest.
FIND_PART = """
select e.recipient_id, e.purpose, e.types, e.output_format, e.status, e.expires_at, p.generation,
       coalesce((select r.sealed from recipient r where r.recipient_id = e.recipient_id), true) as sealed
  from export e left join export_part p on p.export_id = e.export_id and p.stream = $2 and p.part = $3
 where e.export_id = $1"""


@dataclass(frozen=True, slots=True)
class Found:
    """An export, and one of its parts where there is such."""

    recipient_id: UUID
    purpose: str
    types: Collection[str]
    output_format: OutputFormat
    status: Status
    expires_at: datetime | None
    generation: int | None
    sealed: bool


async def _find(tx: Connection, export_id: UUID, stream: int, part: str) -> Found | None:
    row = await tx.fetchrow(FIND_PART, export_id, stream, part)
    return Found(**dict(row) | {"output_format": OutputFormat(row["output_format"]), "status": Status(row["status"])}) if row else None


async def find_part(db: Database, caller: Principal, export_id: UUID, stream: int, part: str, now: datetime) -> Found:
    """Which generation it has, the gate looks at once more under the lock.

    Raises Problem (`unknown_export`, `export_expired`, `insufficient_scope`).
    """
    async with db.pool.acquire() as tx:
        found = check_readable(await _find(tx, export_id, stream, part), caller, now)
    if found.generation is None:
        raise Problem("unknown_export", "No such part.")
    check_covers(caller.scopes, found.types if part == ALL else (part,))
    return found


async def deletions(db: Database, caller: Principal, export_id: UUID, now: datetime) -> Sequence[Deleted]:
    """As the manifest counts them at this moment: nothing of anybody who shares. Raises Problem as `find_part` does."""
    async with db.pool.acquire() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        found = check_readable(await _find(tx, export_id, -1, ""), caller, now)
        check_covers(caller.scopes, found.types)
        export = await tables.find_export(tx, export_id)
        assert export  # as was just found
        return await tables.deletions_of(tx, export)


def deleting(deleted: Deleted) -> dict[str, Any]:
    """A transaction that takes it all out."""
    entries = [{"request": {"method": "DELETE", "url": reference}} for reference in deleted.resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def check_readable(found: Found | None, caller: Principal, now: datetime) -> Found:
    """C5: another recipient's does not exist, and a token for another purpose reads nothing."""
    if found is None or found.recipient_id != caller.id or found.status in (Status.CANCELLED, Status.IN_PROGRESS):
        raise Problem("unknown_export", "There is no such export, or its files are not there.")
    if found.purpose != caller.purpose:
        raise Problem("insufficient_scope", "The access token is for another purpose than the export.", rule="C5")
    if found.status is Status.EXPIRED or (found.expires_at is not None and found.expires_at <= now):
        raise Problem("export_expired", "The files are kept no longer. Ask for another export.")
    return found
