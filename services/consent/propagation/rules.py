"""How far an opt-out has taken effect: one place per sink, and what follows from the receipts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from common.contracts.vocabulary import Sink

STOPS_RELEASE = frozenset({Sink.EXPORT_ROWS, Sink.PARTNER_TOPIC, Sink.RECALL_SENT})
"""The sinks that must be through before an opt-out is effective. The recipient's acknowledgement is theirs to give: it is chased."""


class Status(StrEnum):
    RECORDED = "recorded"
    """Acknowledged: no release begun from here on holds the client."""
    EFFECTIVE = "effective"
    """Nothing leaves any more, not even of a download begun before, and what was produced is redacted."""
    COMPLETE = "complete"
    """The recipient has acknowledged the recall as well."""


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
    done = {receipt.sink for receipt in receipts if receipt.done_at is not None}
    if done >= set(Sink):
        return Status.COMPLETE
    return Status.EFFECTIVE if done >= STOPS_RELEASE else Status.RECORDED
