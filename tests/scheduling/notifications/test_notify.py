"""At most once for each reason, in the transaction of what it tells of."""

import asyncio
import random
from uuid import uuid4

import pytest

from common.db import Database
from scheduling.notifications import usecases
from scheduling.notifications.rules import MATCHING_TEAM, Notice, Recipient
from scheduling.notifications.sending import mails
from tests.scheduling.notifications.people import NOON, reachable, row, rows, tell, told


async def test_a_recipient_is_told_at_most_once_for_a_reason_however_many_tell_it_at_once(db: Database) -> None:
    people = [await reachable(db) for _ in range(5)]
    notices = [told(person, reason) for person in people for reason in ("a:1", "b:1")]

    async def tell_all(seed: int) -> None:
        await tell(db, *random.Random(seed).sample(notices, len(notices)), *notices[:2])

    await asyncio.gather(*(tell_all(seed) for seed in range(30)))
    for person in people:
        assert sorted(found["reason"] for found in await rows(db, person)) == ["a:1", "b:1"]


async def test_many_who_tell_many_people_the_same_in_any_order_do_not_deadlock(db: Database) -> None:
    notices = [told(Recipient("client", uuid4())) for _ in range(400)]
    await asyncio.gather(*(tell(db, *random.Random(seed).sample(notices, len(notices))) for seed in range(12)))
    assert await db.pool.fetchval("select count(*) from notification") == 400


async def test_the_same_reason_is_news_for_another_recipient(db: Database) -> None:
    same = uuid4()
    both = Recipient("client", same), Recipient("provider", same)
    await tell(db, *(told(person) for person in (*both, MATCHING_TEAM)))
    assert [len(await rows(db, person)) for person in (*both, MATCHING_TEAM)] == [1, 1, 1]


async def test_an_unknown_template_is_an_error_at_once_and_nobody_is_told_anything(db: Database) -> None:
    person = await reachable(db)
    with pytest.raises(ValueError, match="no text 'request_accepted'"):
        await tell(db, told(person), told(person, "b:1", template="request_accepted"))
    assert await rows(db, person) == []


@pytest.mark.parametrize("template", ["mail.subject", "month.1", "request_reminder_provider.at"])
async def test_what_is_in_the_texts_for_other_uses_is_no_template(db: Database, template: str) -> None:
    with pytest.raises(ValueError, match="no text"):
        await tell(db, told(MATCHING_TEAM, template=template))


async def test_what_is_rolled_back_was_told_to_nobody_and_wakes_no_mailer(db: Database) -> None:
    person = await reachable(db)
    with mails.woken() as news:
        with pytest.raises(RuntimeError, match="undone"):
            await _told_and_undone(db, told(person))
        assert not news.is_set()
        assert await rows(db, person) == []
        async with db.begin() as tx:
            await usecases.notify(tx, [told(person)], NOON)
            assert not news.is_set(), "before the commit there is nothing to send"
        assert news.is_set()


async def _told_and_undone(db: Database, notice: Notice) -> None:
    async with db.begin() as tx:
        await usecases.notify(tx, [notice], NOON)
        raise RuntimeError("undone")


async def test_telling_nobody_anything_is_no_statement(db: Database) -> None:
    async with db.begin() as tx:
        await usecases.notify(tx, [], NOON)


async def test_who_has_given_no_address_gets_no_mail_and_neither_does_the_team(db: Database) -> None:
    unreachable, person = Recipient("client", uuid4()), await reachable(db)
    await tell(db, told(unreachable), told(MATCHING_TEAM), told(person))
    assert [(await row(db, who))["mail_state"] for who in (unreachable, MATCHING_TEAM, person)] == ["none", "none", "pending"]
