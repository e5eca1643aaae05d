"""R5: a recipient that does not acknowledge or attest a recall in time is reminded, and after as much time again somebody is told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database
from common.journal import Journal
from reporting.recalls.chasing import escalate, remind
from reporting.recalls.rules import Attestation
from reporting.recalls.tables import mark_sent
from reporting.recalls.usecases import acknowledge_recall, attest_recall
from tests.reporting.recalls.recalled import Recalled

JOURNAL = Journal("reporting", 4)
SENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DELETED = Attestation.model_validate({"method": "deleted", "completed_on": "2026-03-04", "attested_by": "records_manager"})


@pytest.fixture
async def recalled(db: Database) -> Recalled:
    return await (await Recalled(db).registered()).sent(SENT)


async def look(recalled: Recalled, now: datetime) -> None:
    """As the service does in a round."""
    await remind(recalled.db, JOURNAL, now)
    await escalate(recalled.db, JOURNAL, now)


async def test_R5_within_its_hours_nobody_is_chased_and_after_them_the_recipient_is_reminded_once(recalled: Recalled) -> None:
    await look(recalled, SENT + 24 * HOUR - timedelta(seconds=1))
    assert (await recalled.mark(), await recalled.told()) == ((None, 0), ([], []))
    for minute in range(3):
        await look(recalled, SENT + 24 * HOUR + minute * timedelta(minutes=1))
    assert await recalled.mark() == ("acknowledgement", 1)
    assert await recalled.told() == (["recall"], ["recall_overdue"])
    assert await recalled.facts() == []


async def test_R5_as_long_again_after_the_reminder_it_is_escalated_once(recalled: Recalled) -> None:
    reminded = SENT + 30 * HOUR
    for now in (reminded, reminded + 23 * HOUR):
        await look(recalled, now)
    assert await recalled.facts() == []
    for now in (reminded + 24 * HOUR, reminded + 25 * HOUR):
        await look(recalled, now)
    assert (await recalled.facts(), await recalled.mark()) == (["recall_escalated"], ("acknowledgement", 2))
    payload = await recalled.db.pool.fetchval("select payload from journal where subject = $1", recalled.client_id)
    assert str(recalled.recall_id) in payload and str(recalled.token) not in payload


async def test_R5_who_acknowledges_late_is_chased_no_more_until_the_attestation_is_due(recalled: Recalled) -> None:
    await look(recalled, SENT + DAY)
    await acknowledge_recall(recalled.db, JOURNAL, recalled.plan_id, recalled.recall_id, SENT + DAY + HOUR)
    await look(recalled, SENT + 9 * DAY)
    assert await recalled.mark() == (None, 0)
    await look(recalled, SENT + 10 * DAY)
    assert await recalled.mark() == ("attestation", 1)
    assert await recalled.told() == (["recall"] * 2, ["recall_overdue"] * 2)
    await look(recalled, SENT + 20 * DAY)
    assert await recalled.facts() == ["redaction_applied", "recall_escalated"]
    await attest_recall(recalled.db, JOURNAL, recalled.plan_id, recalled.recall_id, DELETED, SENT + 21 * DAY)
    await look(recalled, SENT + 60 * DAY)
    assert await recalled.mark() == (None, 0)


async def test_R5_who_never_answers_is_reminded_of_both(recalled: Recalled) -> None:
    for day in (1, 2, 10, 20, 30, 40):
        await look(recalled, SENT + day * DAY)
    assert await recalled.told() == (["recall"] * 2, ["recall_overdue"] * 2)
    assert await recalled.facts() == ["recall_escalated"] * 2
    await acknowledge_recall(recalled.db, JOURNAL, recalled.plan_id, recalled.recall_id, SENT + 41 * DAY)
    assert await recalled.mark() == ("attestation", 2), "it still owes the statement"


async def test_R5_what_was_not_sent_is_not_overdue(db: Database) -> None:
    waiting = await (await Recalled(db).registered()).sent(None)
    await look(waiting, SENT + 400 * DAY)
    assert await waiting.mark() == (None, 0)


async def test_R5_saying_it_again_starts_no_period_anew(recalled: Recalled) -> None:
    async with recalled.db.begin_event() as tx:
        await mark_sent(tx, [recalled.recall_id])
    assert await recalled.db.pool.fetchval("select sent_at from recall where recall_id = $1", recalled.recall_id) == SENT


async def test_R5_several_processes_remind_and_escalate_each_recall_exactly_once(db: Database) -> None:
    many = [await (await Recalled(db).registered()).sent(SENT) for _ in range(20)]
    others = [await Database.open(db.url) for _ in range(3)]
    for now in (SENT + DAY, SENT + 2 * DAY):
        for step in (remind, escalate):
            await asyncio.gather(*(step(process, JOURNAL, now) for process in (db, *others) for _ in range(3)))
    for other in others:
        await other.close()
    for one in many:
        assert await one.told() == (["recall"], ["recall_overdue"])
        assert await one.facts() == ["recall_escalated"]


async def test_R5_a_recipient_without_a_webhook_is_reminded_by_its_topic_alone(db: Database) -> None:
    silent = await (await Recalled(db).registered(webhook=None)).sent(SENT)
    await look(silent, SENT + DAY)
    assert await silent.told() == (["recall"], [])
