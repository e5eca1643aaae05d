"""An individual export: for whom and what for (C5), of what, since when. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from common.contracts.vocabulary import Category, Programme, Purpose

ALL = "all"
"""The part of an export that is organised by patient."""
MOST_IN_PROGRESS = 5
"""Exports of one recipient at a time."""
POLL_EVERY = 0.1
"""Seconds. Who asks more often how far an export is, is asked to wait."""


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


@dataclass(frozen=True, slots=True)
class Deleted:
    """A person's rows were taken out, or the consent ended since: drop these resources, and all else held under the token."""

    token: UUID
    resources: tuple[str, ...]


CATEGORIES_OF = {
    "Appointment": {Category.APPOINTMENTS, Category.SESSION_FREQUENCY},
    "Encounter": {Category.APPOINTMENTS, Category.SESSION_FREQUENCY},
    "QuestionnaireResponse": {Category.ASSESSMENT_RESULTS, Category.SATISFACTION},
    "Observation": {Category.ASSESSMENT_RESULTS, Category.SATISFACTION},
}
"""The others come with every consent."""


def known_to_recipient(resources: Iterable[str], types: Collection[str], taken: Collection[str]) -> tuple[str, ...]:
    """Of the resources taken out, as `Type/id`, those of the types asked for that the recipient can have. `taken`: the categories that it
    was given under the token. To tell it to drop what it never had would say, after an opt-out, how much there was (C4, C16)."""

    def told(kind: str) -> bool:
        needed = CATEGORIES_OF.get(kind)
        return kind in types and (needed is None or not needed.isdisjoint(taken))

    return tuple(sorted(resource for resource in set(resources) if told(resource.partition("/")[0])))
