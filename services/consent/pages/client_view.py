"""What "My data sharing" shows: how sharing stands and why, the notice, the very records, and every decision so far."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request

from common.contracts.catalogue import EVENTS
from common.contracts.vocabulary import Category, Programme
from common.db import Database
from common.pages.language import LANGUAGES
from consent.decisions import tables
from consent.decisions.rules import Event, Scope, Sharing, takes_back
from consent.explanations.rules import Explanation, explain
from consent.notices import usecases as notices
from consent.notices.rules import NoticeText
from consent.pages.neighbour import Preview
from consent.pages.records import as_lines
from consent.receipts.rules import EVENT_TYPES

Ticks = Mapping[Programme, Collection[Category]]
"""What stands ticked in a form that is shown again; of other programmes, what was decided."""
DECISIONS = frozenset(kind.type for kind in EVENT_TYPES)
ORDINARY = tuple(category for category in Category if category is not Category.SESSION_FREQUENCY)


@dataclass(frozen=True, slots=True)
class Line:
    """A decision and its place in the ledger."""

    event: Event
    stream: int
    position: int
    digest: str

    @property
    def kind(self) -> str:
        return EVENT_TYPES[type(self.event)]

    @property
    def takes_back(self) -> bool:
        return takes_back(self.event)

    @property
    def categories(self) -> tuple[Category, ...]:
        """Those that it is about: the ones withdrawn, where it withdraws."""
        found: tuple[Category, ...] = getattr(self.event, "withdrawn", getattr(self.event, "categories", ()))
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """One programme."""

    programme: Programme
    state: Sharing
    explained: Sequence[Explanation]
    ticked: Collection[Category]
    notice: NoticeText | None
    preview: Preview | None

    @property
    def shared(self) -> list[Category]:
        return [e.category for e in self.explained if e.shared]

    @property
    def lines(self) -> dict[Category, list[dict[str, Any]]]:
        return as_lines(self.preview.items) if self.preview else {}

    @property
    def count(self) -> int:
        return sum(map(len, self.lines.values()))


async def shown_to(request: Request, client_id: UUID, language: str, now: datetime, ticks: Ticks) -> Sequence[Shown]:
    programmes = [_programme(request, Scope(client_id, programme), language, now, ticks) for programme in Programme]
    return await asyncio.gather(*programmes)


async def _programme(request: Request, scope: Scope, language: str, now: datetime, ticks: Ticks) -> Shown:
    """C2: without a decision nothing is ticked."""
    db: Database = request.app.state.db
    async with db.pool.acquire() as tx:
        state = await tables.read_sharing(tx, scope)
    ticked = ticks.get(scope.programme, state.categories if state.consented else ())
    in_order = [category for category in Category if category in ticked]
    preview = await request.app.state.reporting.preview(scope.client_id, scope.programme, in_order) if in_order else None
    explained = [explain(state, scope.recipient, category) for category in Category]
    return Shown(scope.programme, state, explained, in_order, await newest_notice(db, scope.programme, language, now), preview)


async def newest_notice(db: Database, programme: Programme, language: str, now: datetime) -> NoticeText | None:
    """In the page's language, or in any that there is: the page says in which."""
    for wanted in (language, *LANGUAGES, None):
        if found := await notices.effective_notices(db, now, programme, wanted):
            return found[0]
    return None


async def history(db: Database, client_id: UUID) -> Sequence[Line]:
    """The newest first."""
    async with db.pool.acquire() as tx:
        rows = await tables.history_of(tx, client_id)
    lines = [
        Line(_event(row["type"], row["payload"]), row["stream"], row["position"], row["digest"].hex())
        for row in rows
        if row["type"] in DECISIONS
    ]
    return lines[::-1]


def _event(kind: str, payload: str) -> Event:
    return EVENTS[kind].from_json(payload)  # type: ignore[return-value]
