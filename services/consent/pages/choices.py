"""What a client's form does: the very use cases that the API has. What was unticked is stopped first, and needs nothing (C4, C17)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.contracts.vocabulary import Category, Channel, Choice, Programme
from common.problems import Problem
from consent.decisions import usecases
from consent.decisions.rules import Asked, Scope, Sharing, Source, takes_back
from consent.decisions.usecases import Book

PORTAL = Source(Channel.PORTAL)


@dataclass(frozen=True, slots=True)
class Form:
    """What was shown, and what was made of it."""

    version: int
    notice_digest: str
    decision_id: UUID
    shown: Collection[Category]
    ticked: Collection[Category]


@dataclass(frozen=True, slots=True)
class Saved:
    """`stopped`: the decision that took something back. `refused`: why nothing was opened."""

    stopped: UUID | None = None
    opened: bool = False
    refused: Problem | None = None


async def save(book: Book, scope: Scope, form: Form, now: datetime) -> Saved:
    """Only what the client saw ticked is withdrawn, and only what was decided on is opened: no blind overwrite in either direction."""
    state = await usecases.read_sharing(book.db, scope)
    stopped, on_version = None, form.version
    if removed := set(form.shown) - set(form.ticked):
        outcome = await usecases.withdraw(book, scope, removed, PORTAL, now)
        state = outcome.state
        if outcome.event:
            stopped, on_version = outcome.event.event_id, form.version + 1  # ours, where nothing else came between
    if not form.ticked or _stands(state, form.ticked):
        return Saved(stopped)
    try:
        await usecases.decide(book, scope, _asked(Choice.OPT_IN, form, on_version), now, known=True)
    except Problem as refused:
        return Saved(stopped, refused=refused)
    return Saved(stopped, opened=True)


async def decline(book: Book, scope: Scope, form: Form, now: datetime) -> Saved:
    outcome = await usecases.decide(book, scope, _asked(Choice.DECLINE, form, None), now, known=True)
    return Saved(outcome.event.event_id if outcome.event and takes_back(outcome.event) else None)


async def stop_everything(book: Book, client_id: UUID, now: datetime) -> list[UUID]:
    """All programmes are recorded; how far each has come is for the next page to show."""
    done = await usecases.opt_out(book, [Scope(client_id, programme) for programme in Programme], PORTAL, 0, now)
    return [opt_out.outcome.state.decision_id for opt_out in done if opt_out.outcome.state.decision_id]


def _stands(state: Sharing, ticked: Collection[Category]) -> bool:
    return state.shared and set(state.categories) == set(ticked)


def _asked(choice: Choice, form: Form, on_version: int | None) -> Asked:
    return Asked(choice, form.notice_digest, sorted(form.ticked), on_version, PORTAL, form.decision_id)
