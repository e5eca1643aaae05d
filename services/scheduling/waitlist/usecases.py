"""What can be done about states: join the waitlist of one, open one, close one (S12)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.vocabulary import Programme
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.clients import tables as clients
from scheduling.clients.rules import Covered
from scheduling.episodes.usecases import seek_care
from scheduling.geography import zone_of
from scheduling.service_levels.rules import About, Consequences
from scheduling.service_levels.usecases import carry_out
from scheduling.waitlist import rules, tables
from scheduling.waitlist.rules import ServedState, WaitlistEntry

COUNTED_BY = "us-federal"


async def is_served(tx: AsyncConnection, client: Covered, now: datetime) -> bool:
    state, entry = await tables.find_state(tx, client.state), await tables.find_entry(tx, client.client_id, client.state)
    return rules.is_served(state, entry, now)


async def join(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, client_id: UUID, now: datetime) -> WaitlistEntry:
    """For the client's own state. Joining is seeking care: it counts, in a stratum of its own (S9, S12). Twice is once."""

    async def work(tx: AsyncConnection) -> WaitlistEntry:
        client = await clients.lock_covered(tx, client_id)
        if client is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        await tables.one_at_a_time(tx, client.state)
        if earlier := await tables.find_entry(tx, client_id, client.state):
            return earlier
        entry = WaitlistEntry(entry_id=uuid4(), client_id=client_id, state=client.state, joined_at=now)
        joined = rules.join(entry, await tables.find_state(tx, client.state))
        await tables.insert_entry(tx, entry)
        episode, sought = await seek_care(tx, client, Programme(client.programme), served=False, now=now)
        await carry_out(tx, journal, episode.about, sought + joined, now)
        return entry

    return await once(db, caller, key, WaitlistEntry, work)


async def open_state(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, state: str, now: datetime) -> ServedState:
    """Those who wait are told now, everybody else may come a day later. Opening twice is opening once."""

    async def work(tx: AsyncConnection) -> ServedState:
        await tables.one_at_a_time(tx, state)
        if served := await tables.find_state(tx, state):
            return served
        waiting = await tables.waiting(tx, state)
        served = rules.open_state(state, waiting, now)
        await tables.keep_state(tx, served)
        await tables.mark_invited(tx, state, now)
        told = sum((rules.invite(entry, now) for entry in waiting), Consequences())
        await carry_out(tx, journal, About(UUID(int=0), zone_of(state), COUNTED_BY), told, now)
        return served

    return await once(db, caller, key, ServedState, work)


async def close_state(db: Database, state: str) -> None:
    """New requests from there are declined; who is in care stays so."""
    async with db.begin() as tx:
        await tables.one_at_a_time(tx, state)
        if not await tables.drop_state(tx, state):
            raise Problem("not_found", "The network does not operate there.")


async def list_states(db: Database) -> Sequence[ServedState]:
    async with db.begin() as tx:
        return await tables.list_states(tx)


async def list_entries(db: Database, client_id: UUID | None, state: str | None, last: UUID, limit: int) -> Sequence[WaitlistEntry]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, state, last, limit)
