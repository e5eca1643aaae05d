"""Messages a second that our consumer applies: a poll at a time, as it does, and one message at a time, with the same handler."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

import httpx

from bench import figures, seeding
from bench.machine import Processor
from common import consumer as consuming
from common import kafka
from common.applying import Applier, Received, Subscription
from common.catching_up import CatchUp
from common.cloudevents import Entry, digest_of, to_headers
from common.contracts.assessments import AssessmentCompleted
from common.contracts.catalogue import EVENTS
from common.contracts.vocabulary import Programme
from common.db import Connection, Database, after_commit
from common.journal import FIRST_DIGEST, Journal
from common.metrics import Metrics
from common.owner import Owner
from common.positions import Positions
from common.service_token import ServiceToken
from deploy.local.infrastructure import Infrastructure
from reporting.projections.handlers import on_assessment_completed

SOURCE, TOPIC = "assessments", "bench.consumer"
POLLS = {"batched": consuming.POLL_RECORDS, "single": 1}
NOBODY = "http://127.0.0.1:1"
"""No owner is asked where there is no gap."""


class Counting:
    """The projection's handler, and when its transactions were committed."""

    def __init__(self, n: int) -> None:
        self._n, self._commits = n, list[tuple[float, int]]()
        self.through = asyncio.Event()

    async def handler(self, tx: Connection, received: Sequence[Received[AssessmentCompleted]]) -> None:
        await on_assessment_completed(tx, received)
        after_commit(lambda: self._committed(len(received)))

    def _committed(self, messages: int) -> None:
        self._n -= messages
        self._commits.append((time.perf_counter(), messages))
        if self._n <= 0:
            self.through.set()

    @property
    def rate(self) -> float:
        """From the first commit to the last."""
        (began, first), (ended, _) = self._commits[0], self._commits[-1]
        return (sum(messages for _, messages in self._commits) - first) / (ended - began)


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    counts = {"batched": 3_000, "single": 100} if quick else {"batched": 30_000, "single": 2_000}
    rounds = 1 if quick else 4
    db = await Database.open(await seeding.tables_of("reporting", infrastructure, "bench_consumer"))
    await kafka.ensure_topics(infrastructure.bootstrap, [TOPIC], seeding.STREAMS, 1)
    await _publish(infrastructure.bootstrap, _journal_of(max(counts.values())))
    rates: dict[str, list[float]] = {name: [] for name in counts}
    with Processor() as processor:
        for _ in range(rounds):
            for name, n in counts.items():
                rates[name].append(await _consume(db, infrastructure.bootstrap, POLLS[name], n))
    await db.close()
    made = {f"{name}_per_s": round(median(each)) for name, each in rates.items()}
    table: list[Sequence[object]] = [("consumer", "messages /s", "n")]
    table += [(name, made[f"{name}_per_s"], n * rounds) for name, n in counts.items()]
    notes = [f"medians over {rounds} rounds, in turns; handler: assessments into records; clients who do not share", str(processor)]
    figures.write("consumer", made, "Messages that a consumer applies", table, notes)


def _journal_of(n: int) -> list[Entry]:
    """A journal as assessments would have written it, its chain unbroken; five assessments a client."""
    journal, chances = Journal(SOURCE, seeding.STREAMS), random.Random(1)
    clients = [uuid4() for _ in range(max(1, n // 5))]
    at = dict.fromkeys(range(seeding.STREAMS), (0, FIRST_DIGEST))
    entries = []
    for _ in range(n):
        stream, event_id, kind, subject, payload, _ = journal.arguments(_assessment(chances.choice(clients), chances.randrange(28)))
        position, digest = at[stream]
        unsealed = Entry(SOURCE, stream, position + 1, event_id, kind, subject, payload, b"")
        at[stream] = position + 1, digest_of(digest, unsealed)
        entries.append(replace(unsealed, digest=at[stream][1]))
    return entries


def _assessment(client: object, total: int) -> AssessmentCompleted:
    return AssessmentCompleted.model_validate(
        {
            "occurred_at": datetime.now(UTC),
            "client_id": client,
            "response_id": uuid4(),
            "programme": Programme.CARE_CONNECT,
            "instrument": "phq-9",
            "total": total,
            "total_method": "complete",
            "severity": "moderate",
            "answered": 9,
        }
    )


async def _publish(bootstrap: str, entries: list[Entry]) -> None:
    producer = kafka.new_producer(bootstrap)
    await producer.start()
    for entry in entries:
        await producer.send(TOPIC, entry.payload.encode(), partition=entry.stream, headers=to_headers(entry))
    await producer.stop()


async def _consume(db: Database, bootstrap: str, at_once: int, n: int) -> float:
    """From the beginning of the topic."""
    await db.pool.execute("truncate record, applied")
    consuming.POLL_RECORDS = at_once
    counting, metrics = Counting(n), Metrics()
    applier = Applier(db, Subscription(SOURCE, {AssessmentCompleted: counting.handler}, EVENTS))
    async with httpx.AsyncClient() as http:
        owner = Owner(SOURCE, NOBODY, http, ServiceToken(http, NOBODY, "", ""))
        catch_up = CatchUp(applier, owner, Positions(db, SOURCE, seeding.STREAMS, metrics), metrics, every=60)
        running = asyncio.create_task(consuming.Consumer(catch_up, bootstrap, TOPIC, f"bench.{uuid4()}", "1").run())
        await asyncio.wait_for(counting.through.wait(), 120)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return counting.rate
