"""What a decision does here. An opt-out is applied in one transaction with its receipts (R5)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from common.applying import Received
from common.contracts.consent import Decided, Declined, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from common.contracts.reporting import RedactionApplied, SinkReceipt
from common.contracts.vocabulary import Sink
from common.db import Connection, after_commit
from common.journal import Journal
from reporting.partner_topics.publisher import Publisher
from reporting.redaction import tables
from reporting.redaction.tables import Closed


def receipts_at_once(closed: Closed) -> tuple[SinkReceipt, ...]:
    """The sinks that are through with this transaction; the others answer when Kafka or the recipient has."""
    receipts = [SinkReceipt(sink=Sink.EXPORT_ROWS, records=closed.rows)]
    if not closed.on_topic:
        receipts.append(SinkReceipt(sink=Sink.PARTNER_TOPIC, records=0))
    if not closed.recalled:
        receipts += [SinkReceipt(sink=sink, records=0) for sink in (Sink.RECALL_SENT, Sink.RECALL_ACKNOWLEDGED, Sink.RECALL_ATTESTED)]
    return tuple(receipts)


class DecisionHandlers:
    """Knows the journal that the receipts go to, and the publisher that has notices to send."""

    def __init__(self, journal: Journal, publisher: Publisher) -> None:
        self.journal, self.publisher = journal, publisher

    async def on_opted_in(self, tx: Connection, received: Sequence[Received[OptedIn]]) -> None:
        await tables.open_sharing(tx, received)
        after_commit(self.publisher.wake)

    async def on_declined(self, tx: Connection, received: Sequence[Received[Declined]]) -> None:
        await tables.close_sharing(tx, received, "declined")

    async def on_opted_out(self, tx: Connection, received: Sequence[Received[OptedOut]]) -> None:
        await self._answer(tx, received, await tables.close_sharing(tx, received, "opted_out"))

    async def on_sharing_narrowed(self, tx: Connection, received: Sequence[Received[SharingNarrowed]]) -> None:
        """Everything under the old token is taken back; what is still shared goes on under a new one (C17)."""
        closed = await tables.close_sharing(tx, received, "suspended")
        await tables.open_sharing(tx, [r for r in received if not r.event.suspended])
        after_commit(self.publisher.wake)
        await self._answer(tx, received, closed)

    async def on_sharing_suspended(self, tx: Connection, received: Sequence[Received[SharingSuspended]]) -> None:
        """Redacted as by an opt-out, without a recall: perhaps it is none."""
        await self._answer(tx, received, await tables.close_sharing(tx, received, "suspended", recall=False))

    async def on_sharing_resumed(self, tx: Connection, received: Sequence[Received[SharingResumed]]) -> None:
        """C8: what was redacted meanwhile stays redacted, later exports include the client again."""
        await tables.open_sharing(tx, received)
        after_commit(self.publisher.wake)

    async def _answer(self, tx: Connection, received: Sequence[Received[Decided]], closed: Mapping[UUID, Closed]) -> None:
        if any(c.on_topic or c.recalled for c in closed.values()):
            after_commit(self.publisher.wake)
        await self.journal.append_event(tx, *(self._applied(r, closed[r.event.event_id]) for r in received))

    def _applied(self, received: Received[Decided], closed: Closed) -> RedactionApplied:
        event = received.event
        return RedactionApplied(
            occurred_at=event.occurred_at,
            client_id=event.client_id,
            programme=event.programme,
            decision_id=event.event_id,
            receipts=receipts_at_once(closed),
        )
