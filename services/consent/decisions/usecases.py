"""What can be done about sharing: decide, opt out, withdraw a category, suspend, resume, look."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from common.contracts.consent import OnBehalf, OptedIn
from common.contracts.vocabulary import Category, Choice, Sink, SuspensionReason
from common.db import Connection, Database
from common.journal import Journal
from common.problems import Problem
from consent.decisions import rules, tables
from consent.decisions.rules import Asked, Event, Scope, Sharing, Source
from consent.decisions.tables import Recorded
from consent.notices.rules import Notice, check_decidable
from consent.notices.usecases import effective_notices
from consent.propagation.rules import Receipt
from consent.propagation.waiting import Waiters

Places = dict[str, float]
"""For each sink the seconds after which it is overdue."""

TRIES = 10
"""Each one lost means that somebody else's decision about the same client was recorded in between."""


@dataclass(frozen=True, slots=True)
class Book:
    """What decisions are recorded with. Open for the life of the process."""

    db: Database
    journal: Journal
    places: Places
    waiters: Waiters
    notices: dict[str, Notice] = field(default_factory=dict)
    """Seen before, by digest: a notice never changes but for being withdrawn, and that is looked at in the database."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after a decision; its event where there is a new one, and the ledger line of the decision."""

    state: Sharing
    event: Event | None = None
    recorded: Recorded | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """A recorded opt-out, and how far it has come."""

    outcome: Outcome
    receipts: Sequence[Receipt]


async def read_sharing(db: Database, scope: Scope) -> Sharing:
    async with db.pool.acquire() as tx:
        return await tables.read_sharing(tx, scope)


async def decide(book: Book, scope: Scope, asked: Asked, now: datetime, *, known: bool) -> Outcome:
    """Opt in or decline. Raises Problem where the client has decided something else since, or is not known and has to be."""
    try:
        async with book.db.handing_over(), book.db.pool.acquire() as tx:
            first = await _first_opt_in(tx, book, scope, asked, now) if known else None
            outcome = first or await decide_within(tx, book.journal, book.places, scope, asked, now, known=known)
    except asyncpg.UniqueViolationError as taken:  # by somebody else's decision of the same id, at the same moment
        raise rules.id_taken() from taken
    if asked.notice_digest not in book.notices:
        book.notices.update({notice.digest: notice for notice in await effective_notices(book.db, now)})
    return outcome


async def _first_opt_in(tx: Connection, book: Book, scope: Scope, asked: Asked, now: datetime) -> Outcome | None:
    """The most frequent decision in one statement; None where it is another one."""
    notice = book.notices.get(asked.notice_digest)
    if asked.choice is not Choice.OPT_IN or asked.on_version != 0 or notice is None:
        return None
    state = Sharing(scope)
    (event,) = rules.decide(state, asked, notice, now)
    assert isinstance(event, OptedIn), "asked for the first time"
    recorded = await tables.record_first(tx, book.journal, event)
    return Outcome(rules.after(state, event), event, recorded) if recorded else None


async def decide_within(
    tx: Connection, journal: Journal, places: Places, scope: Scope, asked: Asked, now: datetime, *, known: bool = False
) -> Outcome:
    """One look and one statement, without a transaction of its own: the statement is one."""
    for _ in range(TRIES):
        context = await tables.read_context(tx, scope, asked.decision_id, asked.notice_digest)
        if known and not context.known and context.state.version == 0:
            raise Problem("unknown_client", "No such client.", field="client_id")
        if context.recorded_as is not None and rules.check_repeated(asked, context.recorded_as, context.state):
            return Outcome(context.state)
        notice = check_decidable(context.notice, scope.programme, now)
        events = rules.decide(context.state, asked, notice, now)
        outcome = await _record_all(tx, journal, places, context.state, events)
        if outcome:
            return outcome
    raise _contended()


async def _record_all(tx: Connection, journal: Journal, places: Places, state: Sharing, events: Sequence[Event]) -> Outcome | None:
    """All or nothing; None where the state has changed since it was read."""
    if len(events) <= 1:
        return await _record(tx, journal, places, state, events[0]) if events else Outcome(state)
    async with tx.transaction():
        outcome: Outcome | None = Outcome(state)
        for event in events:  # after the first one the row is ours
            outcome = await _record(tx, journal, places, outcome.state, event) if outcome else None
        return outcome


async def _record(tx: Connection, journal: Journal, places: Places, state: Sharing, event: Event) -> Outcome | None:
    to = rules.after(state, event)
    recorded = await tables.record(tx, journal, event, to, state.version, places if rules.takes_back(event) else {})
    return Outcome(to, event, recorded) if recorded else None


async def opt_out(book: Book, scopes: Sequence[Scope], source: Source, wait: float, now: datetime) -> list[OptOut]:
    """C4: one statement records each, whatever else is up or down; only then, wait a little for the sinks."""
    async with book.db.handing_over(), book.db.pool.acquire() as tx:
        outcomes = [await opt_out_within(tx, book.journal, book.places, scope, source, now) for scope in scopes]
    until = time.monotonic() + wait
    return [await _effective(book, outcome, until - time.monotonic()) for outcome in outcomes]


async def _effective(book: Book, outcome: Outcome, seconds: float) -> OptOut:
    assert outcome.state.decision_id, "opted out by some decision"
    return OptOut(outcome, await book.waiters.effective(book.db, outcome.state.decision_id, seconds))


async def opt_out_within(tx: Connection, journal: Journal, places: Places, scope: Scope, source: Source, now: datetime) -> Outcome:
    """Repeating an opt-out answers with the first one's line, and no event."""
    event = rules.opt_out(scope, source, uuid4(), now)
    to = rules.after(Sharing(scope), event)
    while True:
        recorded = await tables.record(tx, journal, event, to, None, places)
        if recorded:
            return Outcome(replace(to, version=recorded.version), event, recorded)
        repeated = await tables.repeat_opt_out(tx, scope)
        if repeated:
            version, decision_id = repeated
            place = await tables.place_of(tx, decision_id)
            return Outcome(replace(to, version=version, decision_id=decision_id), None, Recorded(version, *place))
        # Somebody opted in between the two statements.


async def withdraw(book: Book, scope: Scope, categories: Collection[Category], source: Source, now: datetime) -> Outcome:
    """C4, C17: some categories only, unconditionally: it can only close."""

    def narrowed(state: Sharing) -> list[Event]:
        return rules.withdraw(state, categories, source, uuid4(), now)

    async with book.db.handing_over(), book.db.pool.acquire() as tx:
        return await _change(tx, book.journal, book.places, scope, narrowed)


async def suspend_within(
    tx: Connection, journal: Journal, places: Places, scope: Scope, reason: SuspensionReason, mail_id: UUID, now: datetime
) -> Outcome:
    return await _change(tx, journal, places, scope, lambda state: rules.suspend(state, reason, mail_id, uuid4(), now))


async def resume_within(tx: Connection, journal: Journal, scope: Scope, on_behalf: OnBehalf, now: datetime) -> Outcome:
    return await _change(tx, journal, {}, scope, lambda state: rules.resume(state, on_behalf, uuid4(), now))


async def _change(tx: Connection, journal: Journal, places: Places, scope: Scope, events_on: Callable[[Sharing], list[Event]]) -> Outcome:
    """On whatever the state is."""
    for _ in range(TRIES):
        state = await tables.read_sharing(tx, scope)
        outcome = await _record_all(tx, journal, places, state, events_on(state))
        if outcome:
            return outcome
    raise _contended()


def _contended() -> Problem:
    return Problem("state_changed", "Other decisions are being made at this very moment. Show the state and ask again.", rule="C4")


def places_of(sink_due: float, recall_due: float, attestation_due: float) -> Places:
    """Every sink that there is has its place in every opt-out."""
    theirs = {Sink.RECALL_ACKNOWLEDGED: recall_due, Sink.RECALL_ATTESTED: attestation_due}
    return {sink: theirs.get(sink, sink_due) for sink in Sink}
