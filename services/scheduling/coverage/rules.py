"""Who pays for a visit, and how many the contract has left (S13). Pure.

Care Connect: insurance pays, the plan's copay applies, nothing is counted. EWS: the employer pays for so many visits a year; at the
limit the client chooses whether to go on with insurance. Consultations, missed and cancelled appointments are not counted.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from common.contracts.vocabulary import Programme

Funding = Literal["insurance", "employer"]


class CoverageChoice(StrEnum):
    """How it goes on after the contract's last visit of the year."""

    CONTINUE_WITH_INSURANCE = "continue_with_insurance"
    END = "end"


class VisitState(StrEnum):
    RESERVED = "reserved"
    """Scheduled, and not held yet: it holds its place."""
    HELD = "held"


@dataclass(frozen=True, slots=True)
class VisitTerms:
    """`visit_number` and `visit_limit` only where the visit counts; `left` after it, also counting what is scheduled."""

    funding: Funding
    copay_applies: bool
    visit_number: int | None = None
    visit_limit: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    appointment_id: UUID
    client_id: UUID
    employer_id: UUID
    programme: Programme
    on_date: date
    state: VisitState
    funding: Funding
    number: int | None
    limit: int | None
