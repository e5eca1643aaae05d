"""Putting an accounting together: what reporting has on record as it left, what was given to authorities, and the client's own copies."""

from datetime import datetime
from typing import Any
from uuid import UUID

from common.db import Database
from common.problems import Problem
from consent.access_requests.tables import downloads_of
from consent.accounting.reporting import Reporting, disclosures_of
from consent.accounting.rules import Entry, LegalBasis
from consent.legal_demands.tables import releases_of


async def accounting_of(db: Database, reporting: Reporting, client_id: UUID, now: datetime, *, hidden: bool = False) -> list[Entry]:
    """Everything there is, in no order. `hidden`: also what an authority has suspended the client's right to (164.528(a)(2)). Raises
    Problem (`temporarily_unavailable`) where reporting is away: part of an accounting is none."""
    left = await disclosures_of(reporting, client_id)
    if left is None:
        detail = "What left cannot be looked up now. An accounting is given in full or not at all. Try again."
        raise Problem("temporarily_unavailable", detail, rule="C9", headers={"retry-after": "5"})
    async with db.pool.acquire() as tx:
        released = [_released(row) for row in await releases_of(tx, client_id, now, hidden=hidden)]
        copies = [_copy(row) for row in await downloads_of(tx, client_id)]
    return [*left, *released, *copies]


def _released(row: Any) -> Entry:
    return Entry(
        entry_id=row["attempt_id"],
        disclosed_at=row["released_at"],
        recipient_name=row["recipient_name"],
        recipient_address=row["recipient_address"],
        path="legal_release",
        kinds=tuple(row["categories"]),
        records=row["records"],
        purpose=row["purpose"],
        legal_basis=row["legal_basis"],
        outcome=row["outcome"],
        request_document_id=row["document_id"],
        case_id=row["demand_id"],
    )


def _copy(row: Any) -> Entry:
    return Entry(
        entry_id=row["download_id"],
        disclosed_at=row["downloaded_at"],
        recipient_name="client",
        recipient_address=None,
        path="access_bundle",
        kinds=("everything_held",),
        records=None,
        purpose="access_request",
        legal_basis=LegalBasis.RIGHT_OF_ACCESS,
        case_id=row["request_id"],
    )
