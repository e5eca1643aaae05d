"""The port to whoever says whether a coverage is active. Embedded: our own tables. Else an adapter (docs/guides/eligibility-check.md)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from scheduling.eligibility.rules import Verdict


class Outcome(StrEnum):
    OWN_RECORDS = "own_records"
    """Nobody else was asked: the verdict of our own tables stands."""
    ACTIVE = "active"
    INACTIVE = "inactive"
    UNAVAILABLE = "unavailable"
    """The payer could not be asked: the verdict of our own tables stands, and says so."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`found` is what our own tables say. Without a member id or a payer id there is nobody to ask about."""

    found: Verdict
    member_id: str | None
    payer_id: str | None


EligibilityCheck = Callable[[Inquiry], Awaitable[Outcome]]
"""Called outside any transaction. Raises nothing: an outage is an outcome."""


async def embedded(_inquiry: Inquiry) -> Outcome:
    return Outcome.OWN_RECORDS
