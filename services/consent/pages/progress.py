"""An opt-out's way to its proof, live and without a script: the page is sent in pieces, a line as each sink answers.

A page that reloads itself would take the reader's place away (WCAG 2.2, failure F41); here the browser shows what has come so far.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from common.contracts.vocabulary import Sink
from common.db import DOWN, Connection, Database
from common.problems import Problem
from consent.decisions.rules import Event, takes_back
from consent.propagation.rules import STOPS_RELEASE, Receipt, Status, status_of
from consent.propagation.tables import receipts_of
from consent.receipts.tables import find_line
from consent.receipts.usecases import event_of

LOOK_EVERY = 0.1
LONGEST = 15.0
"""Seconds."""
HERE = "<!-- answers -->"
"""Where the template is parted: before it the list has begun, after it the page ends."""


@dataclass(frozen=True, slots=True)
class Followed:
    """An opt-out, and what has been heard of it."""

    event: Event
    stream: int
    position: int
    receipts: Sequence[Receipt]

    @property
    def id(self) -> UUID:
        return self.event.event_id

    @property
    def status(self) -> Status:
        return status_of(self.receipts)

    @property
    def waiting(self) -> list[Receipt]:
        return [receipt for receipt in self.receipts if receipt.done_at is None]

    @property
    def settled(self) -> bool:
        """Nothing more is to be expected within a page's time: the recipient acknowledges when it does, and what is overdue is chased."""
        return self.status is not Status.RECORDED or all(receipt.overdue for receipt in self.waiting if receipt.sink in STOPS_RELEASE)


async def follow(db: Database, client_id: UUID, decision_ids: Sequence[UUID]) -> list[Followed]:
    """Raises Problem for what is no opt-out of this client."""
    async with db.pool.acquire() as tx:
        return [await _followed(tx, client_id, decision_id) for decision_id in decision_ids]


async def _followed(tx: Connection, client_id: UUID, decision_id: UUID) -> Followed:
    found = await find_line(tx, client_id, decision_id)
    event = event_of(found[0]) if found else None
    if found is None or event is None or not takes_back(event):
        raise Problem("not_found", "No such opt-out.")
    return Followed(event, found[0].stream, found[0].position, _in_order(await receipts_of(tx, decision_id)))


def _in_order(receipts: Sequence[Receipt]) -> list[Receipt]:
    order = list(Sink)
    return sorted(receipts, key=lambda receipt: order.index(receipt.sink))


async def told(request: Request, client_id: UUID, followed: list[Followed], csrf: str) -> AsyncIterator[str]:
    """The page, piece by piece."""
    yield _page(request, followed, csrf).partition(HERE)[0]
    until, heard = time.monotonic() + LONGEST, set[tuple[UUID, Sink]]()
    while True:
        if fresh := _answers(followed, heard):
            yield request.app.state.pages.html(request, "answers.html", answers=fresh)
        if all(one.settled for one in followed) or time.monotonic() > until:
            break
        await asyncio.sleep(LOOK_EVERY)
        try:
            followed = await follow(request.app.state.db, client_id, [one.id for one in followed])
        except DOWN:  # the page ends with what was heard; the opt-out goes on by itself
            break
    yield _page(request, followed, csrf).partition(HERE)[2]


def _page(request: Request, followed: Sequence[Followed], csrf: str) -> str:
    also = [str(one.id) for one in followed[1:]]
    html: str = request.app.state.pages.html(request, "progress.html", followed=followed, also=also, here_marker=HERE, csrf=csrf)
    return html


def _answers(followed: Sequence[Followed], heard: set[tuple[UUID, Sink]]) -> list[tuple[Followed, Receipt]]:
    """Those that have not been told yet."""
    fresh = [(one, r) for one in followed for r in one.receipts if r.done_at and (one.id, r.sink) not in heard]
    heard.update((one.id, receipt.sink) for one, receipt in fresh)
    return sorted(fresh, key=lambda answer: (answer[1].done_at is None, answer[1].done_at))
