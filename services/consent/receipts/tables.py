"""Looking a decision up in the ledger, with the digest that its line follows on."""

from uuid import UUID

from common.cloudevents import Entry
from common.db import Connection
from common.journal import FIRST_DIGEST

LINE = """
select j.stream, j.position, j.event_id, j.type, j.subject, j.payload, j.digest, j.traceparent,
       (select b.digest from journal b where b.stream = j.stream and b.position = j.position - 1) as before
  from journal j where j.event_id = $1 and j.subject = $2"""


async def find_line(tx: Connection, client_id: UUID, decision_id: UUID) -> tuple[Entry, bytes] | None:
    row = await tx.fetchrow(LINE, decision_id, client_id)
    if row is None:
        return None
    fields = dict(row)
    before = fields.pop("before") or FIRST_DIGEST
    return Entry(source="consent", **fields), before
