"""A record was corrected, amended or disputed: whoever has it is told (C10, 45 CFR 164.526(c)(3), (d)(5))."""

from collections.abc import Sequence
from uuid import UUID

from common.applying import Received
from common.contracts.corrections import ClientCorrected, Spreading
from common.db import Connection, Database, after_commit
from common.journal import stream_of
from common.problems import Problem
from reporting.corrections import tables
from reporting.corrections.tables import DataCorrection
from reporting.partner_topics.publisher import Publisher
from reporting.partner_topics.tables import mark_dirty

SHARED = ("birth_year", "sex", "state")
"""What of a client's record can have left."""


async def spread(db: Database, publisher: Publisher, correction_id: UUID, said: Spreading, streams: int) -> int:
    """How many recipients are to be told; none the second time. Raises Problem where the client is not known here yet."""
    async with db.begin_event() as tx:
        if not await tables.knows(tx, said.client_id):
            raise Problem("unknown_client", "No such client, or not yet.", field="client_id")
        one = DataCorrection(correction_id, said.client_id, said.kind, said.record_id, [said.field], said.decided_at, said.ground)
        if not await tables.keep(tx, one):
            return 0
        if said.kind == "disputed" and said.record_id and await tables.dispute(tx, said.record_id, said.client_id):
            await mark_dirty(tx, [said.client_id])
        after_commit(publisher.wake)
        return await tables.tell_recipients(tx, one, stream_of(said.client_id, streams))


async def apply_to_clients(tx: Connection, publisher: Publisher, received: Sequence[Received[ClientCorrected]]) -> None:
    """In the transaction of the event: the record as it is now, the state on the topic, and who is told."""
    concerned = [r for r in received if set(r.event.changed) & set(SHARED)]
    if not concerned:
        return
    await tables.correct_clients(tx, [r.event for r in concerned])
    await mark_dirty(tx, [r.event.client_id for r in concerned])
    after_commit(publisher.wake)
    for r in concerned:
        event = r.event
        fields = [name for name in event.changed if name in SHARED]
        one = DataCorrection(event.correction_id, event.client_id, "corrected", event.client_id, fields, event.occurred_at)
        if await tables.keep(tx, one):
            await tables.tell_recipients(tx, one, r.entry.stream)
