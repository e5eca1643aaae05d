"""Over real SMTP: retried until accepted, refused once, never twice by two mailers, and recognisable where it could not be avoided."""

import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta

import pytest

from common.clock import Clock
from common.db import Database
from scheduling.notifications import usecases
from scheduling.notifications.mails import Post
from scheduling.notifications.rules import pause_after
from scheduling.notifications.work import send_mails, send_some
from tests.scheduling.notifications.people import NOON, come_due, reachable, row, rows, tell, told
from tests.scheduling.notifications.relay import ACCEPTED, Relay, nothing
from tests.story import eventually


async def test_a_mail_is_sent_once(db: Database, relay: Relay) -> None:
    person = await reachable(db, email="jane@mail.example")
    await tell(db, told(person))
    assert [await send_some(db, relay.post, NOON) for _ in range(2)] == [1, 0]
    sent = await row(db, person)
    assert (sent["mail_state"], sent["mailed_at"], sent["attempts"]) == ("sent", NOON, 1)
    assert (relay.recipients, relay.message_ids()) == (["jane@mail.example"], [f"<{sent['notification_id']}@members.example>"])


async def test_a_mail_that_is_not_taken_now_is_sent_later_as_the_same_message(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person))
    relay.to_mails = "451 4.3.0 Try again later"
    await send_some(db, relay.post, NOON)
    postponed = await row(db, person)
    assert (postponed["mail_state"], postponed["mailed_at"]) == ("pending", None)
    assert await send_some(db, relay.post, NOON) == 0, "not before the pause is over"
    relay.to_mails = ACCEPTED
    await come_due(db)
    await send_some(db, relay.post, NOON)
    assert (await row(db, person))["mail_state"] == "sent"
    assert relay.message_ids() == [f"<{postponed['notification_id']}@members.example>"]


@pytest.mark.parametrize(("to_recipients", "to_mails"), [("550 5.1.1 No such mailbox", ACCEPTED), ("250 OK", "554 5.7.1 Not here")])
async def test_a_permanent_refusal_is_recorded_and_not_tried_again(db: Database, relay: Relay, to_recipients: str, to_mails: str) -> None:
    person = await reachable(db)
    await tell(db, told(person))
    relay.to_recipients, relay.to_mails = to_recipients, to_mails
    await send_some(db, relay.post, NOON)
    assert (await row(db, person))["mail_state"] == "refused"
    await come_due(db)
    assert (await send_some(db, relay.post, NOON), relay.seen) == (0, 1)


async def test_a_temporary_refusal_of_the_recipient_is_not_for_good(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person))
    relay.to_recipients = "450 4.2.1 Greylisted"
    await send_some(db, relay.post, NOON)
    assert (await row(db, person))["mail_state"] == "pending"


async def test_a_relay_that_takes_nobody_or_is_not_there_loses_no_mail(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person))

    async def shut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.3.2 No service\r\n")
        writer.close()

    async with await asyncio.start_server(shut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await send_some(db, Post("127.0.0.1", port, "portal@members.example", "https://portal.example"), NOON)
    assert (await row(db, person))["mail_state"] == "pending"
    await come_due(db)
    await send_some(db, Post("127.0.0.1", port, "portal@members.example", "https://portal.example"), NOON)
    assert (await row(db, person))["attempts"] == 2
    await come_due(db)
    await send_some(db, relay.post, NOON)
    assert len(relay.accepted) == 1


async def test_one_mail_that_is_not_taken_holds_up_no_other(db: Database, relay: Relay) -> None:
    bad, good = await reachable(db, email="no\nline@mail.example"), await reachable(db)
    await tell(db, told(bad), told(good))
    await send_some(db, relay.post, NOON)
    assert [(await row(db, who))["mail_state"] for who in (bad, good)] == ["refused", "sent"]


async def test_an_address_that_was_taken_back_gets_nothing_any_more(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person))
    await usecases.remove_contact(db, person)
    await send_some(db, relay.post, NOON)
    assert ((await row(db, person))["mail_state"], relay.seen) == ("none", 0)


async def test_two_mailers_never_send_the_same_mail(db: Database, relay: Relay) -> None:
    people = [await reachable(db) for _ in range(60)]

    async def slow() -> None:
        await asyncio.sleep(0.02)

    relay.before_answer = slow
    mailers = [asyncio.ensure_future(send_mails(db, relay.post, Clock())) for _ in range(3)]
    try:
        for person in people:
            await tell(db, told(person))
        await eventually(lambda: all_sent(db))
    finally:
        for mailer in mailers:
            mailer.cancel()
        await asyncio.gather(*mailers, return_exceptions=True)
    assert len(relay.message_ids()) == len(set(relay.message_ids())) == 60


async def all_sent(db: Database) -> bool:
    return await db.pool.fetchval("select count(*) = 0 from notification where mail_state = 'pending'")  # type: ignore[no-any-return]


async def test_a_mailer_that_was_outrun_changes_nothing_any_more(db: Database, relay: Relay) -> None:
    """Its claim ended while it stood still, and another one took the mail: the first one's late refusal does not count."""
    person = await reachable(db)
    await tell(db, told(person))
    relay.to_mails = "554 5.7.1 Not here"

    async def meanwhile() -> None:
        relay.before_answer, relay.to_mails = nothing, ACCEPTED
        await come_due(db)
        await send_some(db, relay.post, NOON)
        relay.to_mails = "554 5.7.1 Not here"

    relay.before_answer = meanwhile
    await send_some(db, relay.post, NOON)
    found = await row(db, person)
    assert (found["mail_state"], found["attempts"]) == ("sent", 2)


async def test_a_mailer_killed_between_250_and_its_commit_sends_the_same_message_again(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person))
    connection = await db.pool.acquire()
    held = connection.transaction()

    async def hold_the_row() -> None:
        await held.start()
        await connection.execute("select * from notification for update")

    relay.before_answer = hold_the_row
    argv = [sys.executable, "-m", "tests.scheduling.notifications.mailer", db.url, str(relay.port)]
    mailer = await asyncio.create_subprocess_exec(*argv)
    try:
        await eventually(lambda: wants_to_commit(db))
    finally:
        os.kill(mailer.pid, signal.SIGKILL)
        await mailer.wait()
    await connection.execute(f"select pg_terminate_backend(pid) {WAITING}")  # or what waits there would still be done
    await held.rollback()
    await db.pool.release(connection)
    await eventually(lambda: gone(db))
    assert ((await row(db, person))["mail_state"], len(relay.accepted)) == ("pending", 1)

    relay.before_answer = nothing
    assert await send_some(db, relay.post, NOON) == 0, "the dead mailer's claim holds for a while"
    await come_due(db)
    await send_some(db, relay.post, NOON)
    first, second = relay.raw
    assert relay.message_ids()[0] == relay.message_ids()[1]
    assert first == second, "the receiver can tell that it is the same"
    assert (await row(db, person))["mail_state"] == "sent"


WAITING = "from pg_stat_activity where application_name = 'mailer under test'"


async def wants_to_commit(db: Database) -> bool:
    return await db.pool.fetchval(f"select count(*) > 0 {WAITING} and wait_event_type = 'Lock'")  # type: ignore[no-any-return]


async def gone(db: Database) -> bool:
    return await db.pool.fetchval(f"select count(*) = 0 {WAITING}")  # type: ignore[no-any-return]


async def test_a_claim_that_ended_is_anybodys(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person))

    hanging = asyncio.Event()

    async def hang() -> None:
        await hanging.wait()

    relay.before_answer = hang
    stuck = asyncio.ensure_future(send_some(db, relay.post, NOON, claim=timedelta(seconds=0.3)))
    await eventually(lambda: claimed(db))
    assert await send_some(db, relay.post, NOON) == 0
    await asyncio.sleep(0.4)
    relay.before_answer = nothing
    assert await send_some(db, relay.post, NOON) == 1
    hanging.set()
    await stuck
    assert ((await row(db, person))["mail_state"], (await row(db, person))["attempts"]) == ("sent", 2)


async def claimed(db: Database) -> bool:
    return await db.pool.fetchval("select count(*) > 0 from notification where attempts > 0")  # type: ignore[no-any-return]


async def test_no_address_stands_in_a_log(db: Database, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    people = [await reachable(db, email="jane.doe@mail.example"), await reachable(db, email="bad address@mail.example")]
    await tell(db, *(told(person) for person in people))
    relay.to_recipients = "550 5.1.1 jane.doe@mail.example is unknown"
    with caplog.at_level(logging.DEBUG):
        await send_some(db, relay.post, NOON)
    ours = [record for record in caplog.records if not record.name.startswith("mail.")]  # not the relay's, which stands in here
    said = " ".join(f"{record.getMessage()} {record.__dict__}" for record in ours)
    assert "not taken by the relay" in said
    assert "jane.doe" not in said
    assert len(await rows(db, people[0])) == 1


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 60)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(hours=1))


async def test_a_mail_leads_where_its_notice_says_and_is_not_sent_once_it_is_of_no_use(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    link = "https://forms.example/forms/abc"
    await tell(
        db,
        told(person, "a:1", link=link, not_after=NOON + timedelta(seconds=1)),
        told(person, "a:2", link="https://late.example", not_after=NOON),
    )
    await send_some(db, relay.post, NOON)
    assert {found["reason"]: found["mail_state"] for found in await rows(db, person)} == {"a:1": "sent", "a:2": "too_late"}
    (mail,) = relay.accepted
    assert link in mail.get_content().split()
