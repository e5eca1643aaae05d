"""Receipts that the sinks send back."""

import logging
from collections.abc import Sequence

from common.applying import Received
from common.contracts.reporting import RedactionApplied
from common.db import Connection, after_commit
from common.metrics import Metrics
from consent.propagation import tables
from consent.propagation.waiting import Waiters

log = logging.getLogger(__name__)


class ReceiptHandlers:
    """Knows whom to wake."""

    def __init__(self, waiters: Waiters, metrics: Metrics) -> None:
        self.waiters, self.metrics = waiters, metrics

    async def on_redaction_applied(self, tx: Connection, received: Sequence[Received[RedactionApplied]]) -> None:
        answered = [
            (r.event.decision_id, receipt.sink, receipt.records, r.entry.event_id, r.entry.position)
            for r in received
            for receipt in r.event.receipts
        ]
        for decision_id, seconds in await tables.fill(tx, answered):
            after_commit(lambda id=decision_id, took=seconds: self._effective(id, took))  # type: ignore[misc]

    def _effective(self, decision_id: object, seconds: float) -> None:
        self.metrics.optout_propagation_seconds.observe(seconds)
        self.waiters.wake(decision_id)  # type: ignore[arg-type]
