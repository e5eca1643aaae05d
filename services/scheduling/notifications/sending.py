"""The SQL of the mailer: mails are claimed for a while, so that two mailers never send the same one, and none waits for a dead mailer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from common.db import Database
from common.waking import Waking
from scheduling.notifications.mails import Outgoing
from scheduling.notifications.rules import MailState

mails = Waking()
AT_ONCE = 10
CLAIM = timedelta(seconds=60)
"""Longer than a mail is ever under way. Whoever dies meanwhile leaves it to the next, who sends the same Message-ID."""

# By the database's clock, not by `now`: a simulated day says nothing about a relay that is down for a minute.
TAKE = """
with taken as (
  update notification set attempts = attempts + 1, next_attempt_at = clock_timestamp() + $2
   where notification_id in (
     select notification_id from notification where mail_state = 'pending' and next_attempt_at <= clock_timestamp()
      order by next_attempt_at limit $1 for update skip locked)
  returning notification_id, recipient_kind, recipient_id, created_at, calendar, link, not_after, attempts)
select t.notification_id, t.recipient_kind, t.created_at, t.calendar, t.link, t.not_after, t.attempts, c.email, c.language
  from taken t left join contact c on c.kind = t.recipient_kind and c.id = t.recipient_id"""

CLOSE = "update notification set mail_state = $2, mailed_at = $3 where notification_id = $1 and mail_state = 'pending'"
POSTPONE = "update notification set next_attempt_at = clock_timestamp() + $2 where notification_id = $1 and mail_state = 'pending'"


async def take(db: Database, claim: timedelta = CLAIM) -> Sequence[Outgoing]:
    return [Outgoing(**row) for row in await db.pool.fetch(TAKE, AT_ONCE, claim)]


async def close(db: Database, mail: Outgoing, state: MailState, mailed_at: datetime | None = None) -> None:
    """The first outcome stays: a mailer may have been outrun by the end of its claim."""
    await db.pool.execute(CLOSE, mail.notification_id, state, mailed_at)


async def postpone(db: Database, mail: Outgoing, pause: timedelta) -> None:
    await db.pool.execute(POSTPONE, mail.notification_id, pause)
