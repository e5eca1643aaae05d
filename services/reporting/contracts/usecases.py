"""Recording a contract with a recipient, ending it, and letting a recipient that was closed have something again (C14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.contracts.recipients import GateOpened
from common.contracts.vocabulary import Purpose
from common.db import Connection, Database
from common.journal import Journal
from common.problems import Problem
from reporting.contracts import tables
from reporting.contracts.closing import close_over, find_open, settle
from reporting.contracts.rules import Contract, EndReason, Terms, check_terms, covered_until, not_valid
from reporting.recipients import tables as recipients
from reporting.recipients.rules import Registration
from reporting.release_gate.gate import LOCK_CLASS as STREAMS

OPEN = """
insert into release_opening (recipient_id, opened_at, opened_by, open_until) values ($1, $2, $3, $4) returning opening_id"""
END = "update contract set ended_at = $3, end_reason = $4, ended_by = $5 where contract_id = $1 and recipient_id = $2 and ended_at is null"
AGAIN = """
with everybody as (
  update recipient_token k set state_digest = null from client c
   where c.client_id = k.client_id and c.plan_id = $1 and k.stream = $2 and k.ended_at is null
  returning k.client_id, k.programme, k.stream)
insert into partner_dirty (client_id, programme, stream) select client_id, programme, stream from everybody
on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1"""


async def record_contract(db: Database, journal: Journal, terms: Terms, by: UUID, now: datetime) -> Contract:
    """The first one that a recipient ever has opens it. Raises Problem (`unknown_recipient`, `already_exists`, `invalid_request`)."""
    await close_over(db, journal, terms.recipient_id, now)  # a contract that comes late bridges no gap
    made = Contract(**dict(terms), recorded_by=by, recorded_at=now)
    async with db.begin_event() as tx:
        await _registered(tx, terms.recipient_id)
        known = await tables.find(tx, terms.recipient_id, terms.contract_id)
        if known is not None:
            return _same(known, terms)
        check_terms(terms, now)
        if not await tables.insert(tx, made):
            raise Problem("already_exists", "Another recipient's contract has this id.", field="contract_id")
        await _lengthen(tx, journal, made, now)
    return made


def _same(known: Contract, terms: Terms) -> Contract:
    """Raises Problem where it says something else."""
    if Terms(**known.model_dump(include=set(Terms.model_fields))) != terms:
        raise Problem("already_exists", "A contract does not change: record what was agreed anew as another one.", rule="C14")
    return known


async def _lengthen(tx: Connection, journal: Journal, made: Contract, now: datetime) -> None:
    openings = await tables.openings_of(tx, made.recipient_id)
    if not openings:
        await _open(tx, journal, made.recipient_id, made.recorded_by, Span(made.valid_from, made.valid_until))
    elif openings[0].closed_at is None:
        if openings[0].opened_at > max(now, made.valid_from):  # nothing began yet
            await tx.execute("update release_opening set opened_at = $2 where opening_id = $1", openings[0].opening_id, made.valid_from)
        await settle(tx, journal, made.recipient_id, now)


@dataclass(frozen=True, slots=True)
class Span:
    since: datetime
    until: datetime


async def _open(tx: Connection, journal: Journal, recipient_id: UUID, by: UUID, span: Span, *, again: bool = False) -> None:
    opening_id = await tx.fetchval(OPEN, recipient_id, span.since, by, span.until)
    opened = GateOpened(occurred_at=span.since, recipient_id=recipient_id, opening_id=opening_id, open_until=span.until, resumed=again)
    await journal.append_event(tx, opened)


@dataclass(frozen=True, slots=True)
class Ending:
    reason: EndReason
    by: UUID


async def end_contract(db: Database, journal: Journal, recipient_id: UUID, contract_id: UUID, ending: Ending, now: datetime) -> Contract:
    """When this returns, and no other contract is in force, nothing is on its way to the recipient and nothing follows. Said again it
    changes nothing. Raises Problem (`not_found`)."""
    async with db.begin_event() as tx:
        await tables.shut_out(tx, recipient_id)
        await recipients.for_change(tx, recipient_id)
        if await tables.find(tx, recipient_id, contract_id) is None:
            raise Problem("not_found", "No such contract.")
        if await tx.execute(END, contract_id, recipient_id, now, ending.reason, ending.by) != "UPDATE 0":
            await settle(tx, journal, recipient_id, now, ending.by)
        ended = await tables.find(tx, recipient_id, contract_id)
    assert ended
    return ended


async def resume(db: Database, journal: Journal, recipient_id: UUID, by: UUID, now: datetime) -> bool:
    """Whether it was closed. Everybody who shares goes on the topic again; files and access tokens are to be asked for anew. Raises Problem
    (`unknown_recipient`, `contract_not_valid`)."""
    await close_over(db, journal, recipient_id, now)
    async with db.begin_event() as tx:
        await _covered(tx, await _registered(tx, recipient_id), now)
        if await find_open(tx, recipient_id):
            return False
    for stream in range(journal.streams):
        async with db.begin_event() as tx:  # alone with the stream's rows: whoever decides meanwhile waits for no more than this
            await tx.execute("select pg_advisory_xact_lock($1, $2)", STREAMS, stream)
            await tx.execute(AGAIN, recipient_id, stream)
    async with db.begin_event() as tx:
        until = await _covered(tx, await _registered(tx, recipient_id), now)
        if await find_open(tx, recipient_id):
            return False
        await _open(tx, journal, recipient_id, by, Span(now, until), again=True)
    return True


async def _covered(tx: Connection, registered: Registration, now: datetime) -> datetime:
    until = covered_until(now, await tables.contracts_of(tx, registered.recipient_id), Purpose(registered.purpose))
    if until <= now:
        raise not_valid()
    return until


async def _registered(tx: Connection, recipient_id: UUID) -> Registration:
    """Nobody else changes its contracts until the transaction ends. Raises Problem."""
    found = await recipients.for_change(tx, recipient_id)
    if found is None:
        raise Problem("unknown_recipient", "No such recipient is registered.")
    return found


async def contracts_of(db: Database, recipient_id: UUID) -> Sequence[Contract]:
    async with db.pool.acquire() as tx:
        return await tables.contracts_of(tx, recipient_id)


async def read_contract(db: Database, recipient_id: UUID, contract_id: UUID) -> Contract:
    """Raises Problem (`not_found`)."""
    async with db.pool.acquire() as tx:
        found = await tables.find(tx, recipient_id, contract_id)
    if found is None:
        raise Problem("not_found", "No such contract.")
    return found
