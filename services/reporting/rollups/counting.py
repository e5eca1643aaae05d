"""Counts marked clients anew: each as a whole, from all that is known, and what has changed is added to and taken from the counts.

A unit is a function of the facts and of what closed months hold, so it does not matter in which order or how often events came, and a
round that was cut off has done nothing. Whoever counts, closes or rebuilds waits for its turn: a lock on `closing`, which is short, held
to the end of the transaction, and keeps no handler out.
"""

import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from common.db import Connection, Database
from reporting.rollups import counts, marking
from reporting.rollups.counts import Stored, stored
from reporting.rollups.facts import known_of
from reporting.rollups.known import Known
from reporting.rollups.rules import placed, units_of

log = logging.getLogger(__name__)
AT_ONCE = 500
LOOK_EVERY = 1.0

TURN = "lock table closing in share row exclusive mode"
"""Takes no snapshot, so that in a repeatable read the first look is after the others are done."""


async def count_clients(db: Database) -> None:
    """For the life of the process."""
    async for _ in marking.marks.rounds(LOOK_EVERY):
        try:
            while await count_marked(db, AT_ONCE):
                pass
        except Exception as error:  # the database is away, or starts: the marks are still there
            log.warning("counting starts again", extra={"error": type(error).__name__})


async def count_marked(db: Database, limit: int) -> int:
    """How many clients were counted, or put off."""
    marked = set[UUID]()
    try:
        async with db.begin_event() as tx:
            await tx.execute(TURN)
            marked = await marking.take(tx, limit)
            await count(tx, marked)
    except Exception as error:
        if not marked:
            raise
        log.warning("clients are counted one at a time", extra={"error": type(error).__name__, "clients": len(marked)})
        for client_id in marked:
            await _count_alone(db, client_id)
    return len(marked)


async def _count_alone(db: Database, client_id: UUID) -> None:
    """Raises where the database is away: then it was nobody's fault."""
    try:
        async with db.begin_event() as tx:
            await tx.execute(TURN)
            await marking.take_one(tx, client_id)
            await count(tx, [client_id])
    except Exception as error:
        async with db.begin_event() as tx:
            await marking.put_off(tx, client_id)
        log.error("a client could not be counted", extra={"client_id": str(client_id), "error": type(error).__name__})


async def count(tx: Connection, client_ids: Collection[UUID]) -> None:
    """In a transaction that has the turn."""
    if not client_ids:
        return
    closed = await counts.last_closed(tx)
    before = defaultdict[UUID, list[Stored]](list)
    for unit in await counts.units_of(tx, client_ids):
        before[unit.client_id].append(unit)
    everything = await known_of(tx, client_ids)
    changes = [change for known in everything for change in _changes(known, before[known.client.client_id], closed)]
    await counts.replace_units(tx, [old for old, _ in changes if old], [new for _, new in changes if new])


def _changes(known: Known, before: Collection[Stored], closed: Mapping[str, str]) -> Iterator[tuple[Stored | None, Stored | None]]:
    """What was counted of open months and is so no longer, and what is counted instead, a family and year each."""
    fixed = {(unit.family, unit.year) for unit in before if unit.month <= closed.get(unit.family, "")}
    there = {(unit.family, unit.year): unit for unit in before if (unit.family, unit.year) not in fixed}
    wanted = {(unit.family, unit.year): stored(unit) for unit in placed(units_of(known), fixed, closed)}
    for place in there.keys() | wanted.keys():
        if there.get(place) != wanted.get(place):
            yield there.get(place), wanted.get(place)


async def count_all(tx: Connection) -> None:
    """Whoever is marked, in one transaction."""
    while marked := await marking.take(tx, AT_ONCE, put_off=True):
        await count(tx, marked)


@asynccontextmanager
async def all_counted(db: Database) -> AsyncIterator[Connection]:
    """A transaction that has the turn and sees one moment, of which everybody is counted. Events go on being applied meanwhile."""
    async with db.handing_over(), db.pool.acquire() as tx, tx.transaction(isolation="repeatable_read"):
        await tx.execute(TURN)
        await count_all(tx)
        yield tx
