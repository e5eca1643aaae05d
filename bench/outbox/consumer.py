"""The consumer behind an outbox's relay: the same redaction as ours, a poll in one transaction, each event once by an inbox.

Leaner than ours: no positions, no chain, no gate for running downloads, no parking, no receipt.
`python -m bench.outbox.consumer DATABASE KAFKA TOPIC`
"""

import asyncio
import json
import sys
import time
from typing import Any
from uuid import UUID

import uvloop

from bench.moments import Sender
from bench.outbox.table import RECEIVE
from common import kafka
from common.db import Connection, open_pool
from reporting.redaction.tables import CLOSE

COMMIT_EVERY = 5.0


async def apply(tx: Connection, records: list[Any]) -> list[UUID]:
    """Answers whose data was redacted."""
    events = {UUID(event["event_id"]): (event, record) for record in records for event in [json.loads(record.value)]}
    async with tx.transaction():
        fresh = [events[row["event_id"]] for row in await tx.fetch(RECEIVE, list(events))]
        clients = [UUID(event["client_id"]) for event, _ in fresh]
        await tx.fetch(
            CLOSE,
            clients,
            [event["programme"] for event, _ in fresh],
            [record.partition for _, record in fresh],
            [record.offset for _, record in fresh],
            [UUID(event["event_id"]) for event, _ in fresh],
            ["opted_out"] * len(fresh),
            True,
        )
    return clients


async def main() -> None:
    database, bootstrap, topic = sys.argv[1:]
    sender, pool = Sender(), await open_pool(database, 1, 1)  # the same settings of the session as ours
    consumer = kafka.new_consumer(bootstrap, topic, "1")
    consumer.subscribe([topic])
    await consumer.start()
    committing, commit_at = None, time.monotonic()
    while True:
        polled = await consumer.getmany(timeout_ms=250, max_records=1000)
        if polled:
            async with pool.acquire() as tx:
                redacted = await apply(tx, [record for records in polled.values() for record in records])
            sender.tell(redacted)
        # Beside the work: a commit of offsets takes up to 7 ms, and what comes again is in the inbox.
        if time.monotonic() > commit_at and (committing is None or committing.done()):
            commit_at = time.monotonic() + COMMIT_EVERY
            committing = asyncio.ensure_future(consumer.commit())


if __name__ == "__main__":
    uvloop.run(main())
