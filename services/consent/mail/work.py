"""The mail's background work: deciding about what was stored, sending the answers, and watching the deadlines."""

import asyncio
import contextlib
import logging

import aiosmtplib

from common.clock import Clock
from common.db import DOWN, Database
from common.metrics import Metrics
from consent.mail import replies, tables
from consent.mail.replies import Reply, message_of
from consent.mail.usecases import PostRoom, decide_next_mail
from consent.settings import ConsentSettings

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0


async def decide_about_mails(room: PostRoom, clock: Clock, arrived: asyncio.Event, answered: asyncio.Event) -> None:
    """Woken when one arrives here; the look is for those that another instance, or a run before, has stored."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await arrived.wait()
        arrived.clear()
        with contextlib.suppress(*DOWN):
            while await _decide(room, clock):
                answered.set()


async def _decide(room: PostRoom, clock: Clock) -> bool:
    try:
        return await decide_next_mail(room, clock.now())
    except DOWN:
        raise
    except Exception as error:  # one mail must not hold up the others
        log.error("a mail could not be decided about", exc_info=error)
        return await decide_next_mail(room, clock.now(), cautiously=True)


async def send_replies(db: Database, settings: ConsentSettings, answered: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await answered.wait()
        answered.clear()
        with contextlib.suppress(*DOWN):
            async with db.pool.acquire() as tx:
                taken = await replies.take(tx)
            for reply in taken:
                await _send(db, settings, reply)


async def _send(db: Database, settings: ConsentSettings, reply: Reply) -> None:
    try:
        # The null path: what bounces of an automatic answer comes back to nobody (RFC 3834, 3.3).
        await aiosmtplib.send(
            message_of(reply, settings.privacy_address),
            sender="",
            recipients=[reply.sender],
            hostname=settings.smtp_relay_host,
            port=settings.smtp_relay_port,
            timeout=10,
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        log.warning("an answer was not taken by the relay", extra={"tries": reply.tries, "error": type(error).__name__})
        return
    async with db.pool.acquire() as tx:
        await replies.sent(tx, reply.reply_id)


async def watch_deadlines(db: Database, clock: Clock, metrics: Metrics, every: float = 1.0) -> None:
    """Of the privacy officer's queue."""
    known = 0
    while True:
        with contextlib.suppress(*DOWN):
            async with db.pool.acquire() as tx:
                waiting, overdue = await tables.mark_overdue(tx, clock.now())
            metrics.mails_waiting.set(waiting)
            metrics.mails_overdue.set(overdue)
            if overdue > known:
                log.error("mails wait for the privacy officer beyond their deadline", extra={"mails": overdue})
            known = overdue
        await asyncio.sleep(every)
