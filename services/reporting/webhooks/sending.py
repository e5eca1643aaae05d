"""Tells recipients' endpoints what there is to do, by Standard Webhooks: signed, thin, again and again until they say yes.

An attempt is leased before it is made and settled after it, each in a transaction of its own, so that no transaction waits for somebody
else's machine. A process that dies in between leaves a lease that runs out. An endpoint can get one message twice, always under one id.
"""

import asyncio
import logging
import random
from datetime import UTC, datetime
from uuid import UUID

import httpx
from standardwebhooks import Webhook

from common.db import Database
from common.metrics import Metrics
from common.waking import Waking
from reporting.webhooks import tables
from reporting.webhooks.endpoints import Endpoints, Refused
from reporting.webhooks.rules import Verdict, address_of, pause_after, payload_of, verdict_on
from reporting.webhooks.tables import Claimed

log = logging.getLogger(__name__)

AT_ONCE = 16
LOOK_EVERY = 1.0
AGENT = "care-connect-webhooks/1"


async def send_webhooks(db: Database, metrics: Metrics, public_url: str, *, local: bool) -> None:
    """Runs for the life of the process."""
    sender = Sender(db, metrics, Endpoints(local=local), public_url.rstrip("/"))
    try:
        async for _ in sender.free.rounds(LOOK_EVERY):
            try:
                await sender.begin()
            except Exception as error:  # the database is away, or a defect: what is due stays due
                log.warning("webhooks are not sent", extra={"error": type(error).__name__})
    finally:
        await sender.stop()


class Sender:
    """Knows whom it is sending to: one message a recipient at a time, several recipients at once."""

    def __init__(self, db: Database, metrics: Metrics, endpoints: Endpoints, public_url: str) -> None:
        self.db, self.metrics, self.endpoints, self.public_url = db, metrics, endpoints, public_url
        self.free = Waking()
        self._busy: dict[UUID, asyncio.Task[None]] = {}

    async def begin(self) -> None:
        """Takes what is due, as far as there is room, and leaves it to run."""
        room = AT_ONCE - len(self._busy)
        if room <= 0:
            return
        async with self.db.begin_event() as tx:
            claimed = await tables.claim(tx, self._busy, room)
        for one in claimed:
            self._busy[one.recipient_id] = asyncio.create_task(self._deliver(one))

    async def stop(self) -> None:
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.endpoints.close()

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            status = await self._attempt(claimed)
            verdict = verdict_on(status, claimed.attempts)
            pause = pause_after(claimed.attempts, random.random()) if verdict is Verdict.AGAIN else 0.0
            async with self.db.begin_event() as tx:
                settled = await tables.settle(tx, claimed, status, verdict, pause)
            if settled and verdict is Verdict.GIVEN_UP:
                self.metrics.webhooks_given_up.inc()
                log.error("a webhook is given up", extra={"delivery": str(claimed.delivery_id), "attempts": claimed.attempts})
        except Exception as error:  # not settled: the lease runs out, and it is sent once more
            log.warning("a webhook is not settled", extra={"error": type(error).__name__})
        finally:
            del self._busy[claimed.recipient_id]
            self.free.wake()

    async def _attempt(self, claimed: Claimed) -> int | None:
        """The status of the answer; None where there was none."""
        url = address_of(claimed.kind, claimed.about, self.public_url)
        body = payload_of(claimed.kind, claimed.created_at, claimed.about, url)
        try:
            return await self.endpoints.post(claimed.url, body, signed(claimed, body, datetime.now(UTC)))
        except (Refused, httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            recipient = str(claimed.recipient_id)
            log.warning("a webhook was not taken", extra={"recipient": recipient, "error": type(error).__name__})
            return None


def signed(claimed: Claimed, body: str, at: datetime) -> dict[str, str]:
    """The headers of one attempt. `at` is real time: the endpoint compares it with its own clock. Raises ValueError."""
    identity = str(claimed.delivery_id)
    return {
        "content-type": "application/json",
        "user-agent": AGENT,
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(claimed.secret).sign(identity, at, body),
    }
