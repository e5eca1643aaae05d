"""Webhooks over real connections: signed, one id for all attempts, one at a time for each recipient, and never lost with a process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from common.db import Database
from common.metrics import Metrics
from reporting.webhooks import tables
from reporting.webhooks.endpoints import Endpoints
from reporting.webhooks.sending import Sender, send_webhooks
from tests.reporting.recalls.recalled import SECRET, Recalled
from tests.reporting.webhooks.receiver import Receiver, receiving
from tests.story import eventually

BASE = "https://reporting.example"


async def due(db: Database, url: str, count: int = 1) -> Recalled:
    """A recipient with so many webhooks that are due."""
    recalled = await Recalled(db).registered(webhook=url)
    for _ in range(count):
        await db.pool.execute(
            "insert into webhook_delivery (recipient_id, kind, recall_id) values ($1, 'recall_requested', $2)",
            recalled.plan_id,
            recalled.recall_id,
        )
    return recalled


async def rows(db: Database) -> list[asyncpg.Record]:
    return await db.pool.fetch("select * from webhook_delivery order by created_at")


async def due_now(db: Database) -> None:
    """As if the pause were over."""
    await db.pool.execute("update webhook_delivery set next_at = clock_timestamp()")


@asynccontextmanager
async def sending(db: Database, metrics: Metrics | None = None) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(send_webhooks(db, metrics or Metrics(), BASE + "/", local=True))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def all_true(db: Database, column: str) -> Callable[[], Awaitable[Any]]:
    async def look() -> bool:
        return all(row[column] is not None for row in await rows(db))

    return look


async def test_R5_a_webhook_is_signed_thin_and_sent_once(db: Database) -> None:
    async with receiving() as receiver, sending(db):
        recalled = await due(db, receiver.url)
        await eventually(all_true(db, "delivered_at"))
    [said] = receiver.verified(SECRET)
    assert said["type"] == "recall.requested"
    assert said["data"] == {"recall_id": str(recalled.recall_id), "url": f"{BASE}/v1/recalls/{recalled.recall_id}"}
    assert set(said) == {"type", "timestamp", "data"}
    sent = str(receiver.received)
    assert not any(str(identity) in sent for identity in (recalled.client_id, recalled.token, recalled.decision_id))
    with pytest.raises(Exception, match="signature"):
        receiver.verified("whsec_" + "A" * 32)


async def test_a_retry_has_the_same_id_the_same_body_and_a_signature_of_its_own(db: Database) -> None:
    async with receiving(503, 429, 200) as receiver, sending(db):
        await due(db, receiver.url)
        for attempts in (1, 2):

            async def answered(attempts: int = attempts) -> bool:
                [row] = await rows(db)
                return row["attempts"] == attempts and row["last_status"] == (503, 429)[attempts - 1]

            await eventually(answered)
            await due_now(db)
        await eventually(all_true(db, "delivered_at"))
    [row] = await rows(db)
    assert receiver.ids == [str(row["delivery_id"])] * 3
    assert len({body for _, body in receiver.received}) == 1
    assert len(receiver.verified(SECRET)) == 3
    assert (row["attempts"], row["last_status"]) == (3, 200)


async def test_after_a_failure_it_waits_for_five_seconds_by_the_databases_clock(db: Database) -> None:
    async with receiving(500) as receiver, sending(db):
        await due(db, receiver.url)
        await eventually(all_true(db, "last_status"))
        left = await db.pool.fetchval("select extract(epoch from next_at - clock_timestamp())::float8 from webhook_delivery")
    assert 0 < left <= 5.5


async def test_410_gives_up_at_once_and_a_redirection_is_not_followed(db: Database) -> None:
    metrics = Metrics()
    async with receiving(410) as gone, receiving(302) as moved, receiving() as elsewhere, sending(db, metrics):
        moved.headers["location"] = elsewhere.url
        await due(db, gone.url)
        await due(db, moved.url)
        await eventually(all_true(db, "last_status"))
    first, second = await rows(db)
    assert first["given_up_at"] is not None and second["given_up_at"] is None
    assert (elsewhere.received, second["delivered_at"]) == ([], None)
    assert metrics.registry.get_sample_value("webhooks_given_up_total") == 1


async def test_after_the_tenth_attempt_it_is_given_up_and_by_command_it_begins_anew(db: Database) -> None:
    async with receiving(500) as receiver, sending(db):
        await due(db, receiver.url)
        await db.pool.execute("update webhook_delivery set attempts = 9, next_at = clock_timestamp()")

        async def given_up() -> bool:
            [row] = await rows(db)
            return row["given_up_at"] is not None or row["attempts"] < 9

        await eventually(given_up)
        [row] = await rows(db)
        async with db.begin_event() as tx:
            again = await tables.retry(tx, row["delivery_id"])
        assert again is not None and (again["attempts"], again["given_up_at"]) == (0, None)
        await eventually(all_true(db, "delivered_at"))
        async with db.begin_event() as tx:
            assert await tables.retry(tx, row["delivery_id"]) is None, "what was taken is not sent again"
    assert len(set(receiver.ids)) == 1


async def test_one_recipients_slow_endpoint_holds_up_nobody_elses_and_gets_one_message_at_a_time(db: Database) -> None:
    async with receiving() as slow, receiving() as quick, sending(db):
        slow.open.clear()
        await due(db, slow.url, count=5)
        await eventually(lambda: _so_many(slow, 1))
        await due(db, quick.url, count=5)
        await eventually(lambda: _so_many(quick, 5))
        assert len(slow.received) == 1
        slow.open.set()
        await eventually(lambda: _so_many(slow, 5))
        await eventually(all_true(db, "delivered_at"))
    assert slow.most_at_once == 1 == quick.most_at_once


async def _so_many(receiver: Receiver, count: int) -> bool:
    return len(receiver.received) >= count


async def test_several_processes_never_make_one_attempt_twice(db: Database) -> None:
    async with receiving() as receiver:
        for _ in range(12):
            await due(db, receiver.url)
        others = [await Database.open(db.url) for _ in range(3)]
        senders = [Sender(each, Metrics(), Endpoints(local=True), BASE) for each in (db, *others) for _ in range(2)]
        await asyncio.gather(*(sender.begin() for sender in senders))
        await eventually(all_true(db, "delivered_at"))
        for sender in senders:
            await sender.stop()
        for other in others:
            await other.close()
    assert len(receiver.ids) == len(set(receiver.ids)) == 12
    assert {row["attempts"] for row in await rows(db)} == {1}


async def test_what_a_killed_process_was_sending_is_sent_by_another_when_the_lease_is_over(db: Database) -> None:
    async with receiving() as receiver:
        await due(db, receiver.url)
        async with db.begin_event() as tx:
            [lost] = await tables.claim(tx, [], 1)
            assert await tables.claim(tx, [], 1) == [], "leased"
        await due_now(db)
        async with sending(db):
            await eventually(all_true(db, "delivered_at"))
        async with db.begin_event() as tx:
            assert not await tables.settle(tx, lost, 500, tables.Verdict.AGAIN, 5), "whoever comes back late changes nothing"
    assert receiver.ids == [str(lost.delivery_id)]


async def test_no_answer_at_all_is_a_failure_like_another(db: Database) -> None:
    async with sending(db):
        await due(db, "http://127.0.0.1:9/nobody-listens")

        async def tried() -> bool:
            [row] = await rows(db)
            return row["attempts"] == 1 and row["last_status"] is None and await _left(db, row["delivery_id"]) < 6

        await eventually(tried)


async def _left(db: Database, delivery_id: UUID) -> float:
    left: float = await db.pool.fetchval(
        "select extract(epoch from next_at - clock_timestamp())::float8 from webhook_delivery where delivery_id = $1", delivery_id
    )
    return left


async def test_no_secret_and_no_address_gets_into_the_logs(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    async with receiving(500, 410) as receiver, sending(db):
        await due(db, receiver.url)
        await due(db, "http://127.0.0.1:9/nobody-listens")
        await eventually(lambda: _so_many(receiver, 1))
        await asyncio.sleep(0)
        await due_now(db)
        await eventually(lambda: _so_many(receiver, 2))
    written = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith(("reporting", "common")))
    assert "a webhook" in written
    assert SECRET not in written and "/hook" not in written and "nobody-listens" not in written
