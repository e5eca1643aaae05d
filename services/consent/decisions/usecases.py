"""What can be done about sharing: decide, opt out, look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from common.contracts.consent import OptedOut
from common.contracts.vocabulary import Channel, Choice, Sink
from common.db import Connection, Database
from common.journal import Journal
from common.problems import Problem
from consent.decisions import rules, tables
from consent.decisions.rules import Asked, Event, Scope, Sharing
from consent.propagation.rules import Receipt
from consent.propagation.waiting import Waiters

Places = dict[str, float]
"""For each sink the seconds after which it is overdue."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A recorded opt-out, where it stands in the ledger, and how far it has come."""

    scope: Scope
    version: int
    decision_id: UUID
    stream: int
    position: int
    receipts: Sequence[Receipt]


async def read_sharing(db: Database, scope: Scope) -> Sharing:
    async with db.pool.acquire() as tx:
        return await tables.read_sharing(tx, scope)


async def decide(db: Database, journal: Journal, places: Places, scope: Scope, asked: Asked, now: datetime) -> Sharing:
    """Opt in or decline. Raises Problem where the client has decided something else since."""
    async with db.begin_event() as tx:
        return await decide_within(tx, journal, places, scope, asked, now)


async def decide_within(tx: Connection, journal: Journal, places: Places, scope: Scope, asked: Asked, now: datetime) -> Sharing:
    state = await tables.read_sharing(tx, scope, lock=True)
    event = rules.decide(state, asked, now)
    if event is None:
        return state
    if await tables.is_recorded(tx, event.event_id):
        # Made before and overtaken by another: a late repetition of it changes nothing.
        if asked.choice is Choice.OPT_IN:
            raise Problem(
                "already_exists", "This decision was made before. A new one needs an id of its own.", field="decision_id", rule="C4"
            )
        return state
    recorded = await _record(tx, journal, event, state.version, places)
    state = await tables.read_sharing(tx, scope)
    # Lost a race. Against itself, when the same choice came by HTTP and by event at once, it was recorded all the same.
    if recorded is None and state.decision_id != asked.decision_id:
        raise Problem("state_changed", "Another decision was made at the same moment. Show the state and ask again.", rule="C4")
    return state


async def opt_out(
    db: Database, journal: Journal, places: Places, waiters: Waiters, scope: Scope, channel: Channel, wait: float, now: datetime
) -> OptOut:
    """C4: one statement records it, whatever else is up or down; then wait a little for the sinks."""
    event = rules.opt_out(scope, channel, uuid4(), now)
    async with db.handing_over(), db.pool.acquire() as tx:
        recorded = await _record(tx, journal, event, None, places)
        repeated = await tables.repeat_opt_out(tx, scope) if recorded is None else None
    if repeated is not None:
        return await _opted_out_before(db, waiters, scope, *repeated, wait)
    if recorded is None:  # somebody opted in between the two statements
        return await opt_out(db, journal, places, waiters, scope, channel, wait, now)
    version, stream, position = recorded
    receipts = await waiters.effective(db, event.event_id, wait)
    return OptOut(scope, version, event.event_id, stream, position, receipts)


async def _record(tx: Connection, journal: Journal, event: Event, on_version: int | None, places: Places) -> tuple[int, int, int] | None:
    wanted = places if isinstance(event, OptedOut) else {}
    return await tables.record(tx, journal, event, on_version, wanted)


async def _opted_out_before(db: Database, waiters: Waiters, scope: Scope, version: int, decision_id: UUID, wait: float) -> OptOut:
    """Repeating an opt-out answers how far the first has come."""
    async with db.pool.acquire() as tx:
        stream, position = await tables.place_of(tx, decision_id)
    receipts = await waiters.effective(db, decision_id, wait)
    return OptOut(scope, version, decision_id, stream, position, receipts)


async def check_known(db: Database, client_id: UUID) -> bool:
    async with db.pool.acquire() as tx:
        return await tables.is_known(tx, client_id)


def places_of(sink_due: float, recall_due: float) -> Places:
    """Every sink that there is has its place in every opt-out."""
    return {sink: recall_due if sink is Sink.RECALL_ACKNOWLEDGED else sink_due for sink in Sink}
