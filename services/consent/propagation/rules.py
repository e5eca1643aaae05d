"""How far an opt-out has taken effect: one place per sink, and what follows from the receipts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from common.contracts.vocabulary import Sink

STOPS_RELEASE = frozenset({Sink.EXPORT_ROWS, Sink.PARTNER_TOPIC, Sink.RECALL_SENT})
"""The sinks that must be through before an opt-out is effective. What the recipient says is theirs to give: it is chased."""


class Status(StrEnum):
    RECORDED = "recorded"
    """Acknowledged: no release begun from here on holds the client."""
    EFFECTIVE = "effective"
    """Nothing leaves any more, not even of a download begun before, and what was produced is redacted."""
    COMPLETE = "complete"
    """Every sink has answered: the recipient has also acknowledged the recall, and stated that it has deleted."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One sink's place in an opt-out's propagation."""

    sink: Sink
    due_at: datetime
    done_at: datetime | None = None
    records: int | None = None
    overdue: bool = False
    evidence_id: UUID | None = None
    """The event by which the sink answered, and its place in reporting's journal (the client's stream has the same number there)."""
    evidence_position: int | None = None


def status_of(receipts: Sequence[Receipt]) -> Status:
    """Complete by the places that the opt-out has: a sink that came later has none in it."""
    done = {receipt.sink for receipt in receipts if receipt.done_at is not None}
    if not done >= STOPS_RELEASE:
        return Status.RECORDED
    return Status.COMPLETE if len(done) == len(receipts) else Status.EFFECTIVE
