"""An individual export: for whom and what for (C5), of what, since when. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from common.contracts.vocabulary import Programme, Purpose

ALL = "all"
"""The part of an export that is organised by patient."""


class Status(StrEnum):
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OutputFormat(StrEnum):
    NDJSON = "application/fhir+ndjson"
    PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Export:
    export_id: UUID
    recipient_id: UUID
    purpose: Purpose
    programme: Programme | None
    types: tuple[str, ...]
    patients: tuple[UUID, ...] | None
    """Recipient tokens; None: all."""
    since: datetime | None
    by_patient: bool
    output_format: OutputFormat
    manifest_version: int
    request: str
    ignored: tuple[str, ...]
    """Parameters that were left aside, as asked (`handling=lenient`)."""
    status: Status
    requested_at: datetime
    transaction_time: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one stream and type. The generation moves with every redaction, and with it the part's address."""

    stream: int
    part: str
    generation: int
    rows: int
