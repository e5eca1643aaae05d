"""A contract with a recipient of individual data (C14), and for how long contracts cover one another without a gap. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import Purpose
from common.problems import Problem


class Obligation(StrEnum):
    """What a recipient binds itself to (C5, C6, C14; 45 CFR 164.504(e)(2)(ii))."""

    ENCRYPTION_AT_REST = "encryption_at_rest"
    ENCRYPTION_IN_TRANSIT = "encryption_in_transit"
    NO_REDISCLOSURE = "no_redisclosure"
    NO_REIDENTIFICATION = "no_reidentification"
    NO_RATE_OR_COVERAGE_USE = "no_rate_or_coverage_use"
    """Neither for setting rates nor for deciding about coverage (C6)."""
    DELETION_ON_RECALL = "deletion_on_recall"
    """Within `delete_within_days`."""
    BREACH_NOTICE = "breach_notice"
    """Within `breach_notice_hours`."""
    RETURN_OR_DESTRUCTION_AT_END = "return_or_destruction_at_end"
    NAMED_PERSONS_ONLY = "named_persons_only"


NOTICE = timedelta(days=60)
"""So long before a recipient's contracts run out somebody is told: a renewal has to be agreed, and a gap closes the gate."""
REQUIRED = frozenset(Obligation) - {Obligation.NAMED_PERSONS_ONLY}


class EndReason(StrEnum):
    """Why a contract was ended before its time."""

    TERMINATED = "terminated"
    SUPERSEDED = "superseded"
    BREACH = "breach"
    AUDIT_REFUSED = "audit_refused"
    PURPOSE_ENDED = "purpose_ended"


class Terms(BaseModel):
    """What was signed. It does not change: what is agreed anew is another contract."""

    model_config = ConfigDict(frozen=True)

    contract_id: UUID
    recipient_id: UUID
    reference: str
    legal_name: str
    """Of the legal entity, and its postal `address`: the accounting of disclosures names both (45 CFR 164.528(b)(2)(ii))."""
    address: str
    purpose: Purpose
    obligations: tuple[Obligation, ...]
    delete_within_days: int
    breach_notice_hours: int
    audit_right: bool
    audit_every_months: int
    document_digest: str
    """SHA-256 of the signed document, in hex."""
    valid_from: datetime
    valid_until: datetime


class Contract(Terms):
    """With what came after the signature."""

    recorded_by: UUID
    recorded_at: datetime
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    ended_by: UUID | None = None

    @property
    def over_at(self) -> datetime:
        return min(self.valid_until, self.ended_at) if self.ended_at else self.valid_until


def check_terms(terms: Terms, now: datetime) -> None:
    """Raises Problem where nothing may be released under such a contract (C14)."""
    if missing := sorted(REQUIRED - set(terms.obligations)):
        detail = f"A contract binds the recipient to all that is required: {', '.join(missing)} is missing."
        raise Problem("invalid_request", detail, field="obligations", rule="C14")
    if terms.valid_until <= terms.valid_from:
        raise Problem("invalid_request", "A contract ends after it begins.", field="valid_until")
    if terms.valid_until <= now:
        raise Problem("invalid_request", "This contract is over already.", field="valid_until", rule="C14")


def covered_until(since: datetime, contracts: Iterable[Contract], purpose: Purpose) -> datetime:
    """Until when contracts for this purpose follow each other without a gap, from `since` on; `since` where none covers that moment."""
    until = since
    for contract in sorted(contracts, key=lambda one: one.valid_from):
        if contract.purpose is purpose and contract.valid_from <= until:
            until = max(until, contract.over_at)
    return until


def in_force(contracts: Collection[Contract], purpose: Purpose, now: datetime) -> Contract | None:
    """Of several the one that lasts longest."""
    valid = [one for one in contracts if one.purpose is purpose and one.valid_from <= now < one.over_at]
    return max(valid, key=lambda one: one.over_at, default=None)


def not_valid() -> Problem:
    return Problem(
        "contract_not_valid",
        "Nothing is released to this recipient now: no contract is in force, or it is to be resumed first.",
        rule="C14",
    )
