"""The mailer: hands mails to the relay until it has accepted or refused them for good."""

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta

import aiosmtplib

from common.clock import Clock
from common.db import DOWN, Database
from scheduling.notifications import sending
from scheduling.notifications.mails import Outgoing, Post, message_of
from scheduling.notifications.rules import MailState, pause_after

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0
TIMEOUT = 20.0
"""Seconds, for the whole of a mail: well below the claim on it."""
NOT_TAKEN = (aiosmtplib.SMTPException, OSError, TimeoutError)


async def send_mails(db: Database, post: Post, clock: Clock) -> None:
    """For the life of the process."""
    async for _ in sending.mails.rounds(LOOK_EVERY):
        with contextlib.suppress(*DOWN):
            while await send_some(db, post, clock.now()):
                pass


async def send_some(db: Database, post: Post, now: datetime, claim: timedelta = sending.CLAIM) -> int:
    """How many were tried."""
    taken = await sending.take(db, claim)
    await asyncio.gather(*(_send(db, post, mail, now) for mail in taken))
    return len(taken)


async def _send(db: Database, post: Post, mail: Outgoing, now: datetime) -> None:
    if mail.email is None:
        return await sending.close(db, mail, MailState.NONE)
    if mail.not_after and mail.not_after <= now:
        return await sending.close(db, mail, MailState.TOO_LATE)
    try:
        async with asyncio.timeout(TIMEOUT):
            await hand_over(post, mail)
    except (*NOT_TAKEN, ValueError) as error:
        log.warning("a mail was not taken by the relay", extra={"tries": mail.attempts, "error": type(error).__name__})
        if refused_for_good(error):
            return await sending.close(db, mail, MailState.REFUSED)
        return await sending.postpone(db, mail, pause_after(mail.attempts))
    await sending.close(db, mail, MailState.SENT, now)


async def hand_over(post: Post, mail: Outgoing) -> None:
    assert mail.email is not None
    await aiosmtplib.send(
        message_of(mail, post), sender=post.sender, recipients=[mail.email], hostname=post.host, port=post.port, timeout=TIMEOUT
    )


def refused_for_good(error: Exception) -> bool:
    """A 5xx about the mail or its recipient (RFC 5321, 4.2.1), or an address that no mail can be made for.

    A 5xx to the greeting or about our own address is a relay that is set up wrongly: that must not lose everybody's mails.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in error.recipients)
    if isinstance(error, aiosmtplib.SMTPDataError):
        return error.code >= 500
    return isinstance(error, (ValueError, aiosmtplib.SMTPNotSupported))
