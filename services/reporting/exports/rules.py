"""An individual export: for whom and what for (C5), in parts by stream. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from common.contracts.vocabulary import Programme, Purpose, Recipient
from common.problems import Problem


class Status(StrEnum):
    BUILDING = "building"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Export:
    export_id: UUID
    plan_id: UUID
    programme: Programme | None
    recipient: Recipient
    purpose: Purpose
    status: Status
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one stream. The generation moves with every redaction, and with it the part's address."""

    stream: int
    generation: int
    rows: int


@dataclass(frozen=True, slots=True)
class Deletion:
    """A person's rows were taken out: the recipient drops what it holds under this token."""

    stream: int
    token: UUID
    generation: int
    deleted_at: datetime


def check_purpose(purpose: str) -> Purpose:
    """C5: there is one purpose, and it has to be said."""
    if purpose != Purpose.PERSONALISED_RECOMMENDATIONS:
        raise Problem("recipient_not_allowed", "The only purpose is personalised health recommendations.", field="purpose", rule="C5")
    return Purpose(purpose)
