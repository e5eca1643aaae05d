"""What can be done about access requests: ask, extend, refuse, withdraw, take the copy (C10, 45 CFR 164.524). Making it: making.py."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.access import AccessExtended, AccessExtension, AccessGround, AccessRefused, AccessRequested, AccessWithdrawn
from common.contracts.event import Event
from common.db import Database
from common.deadlines import engine
from common.deadlines.policies import newest
from common.journal import Journal
from common.notices.rules import Notice
from common.notices.usecases import tell, withdraw
from common.problems import Problem
from consent.access_requests import rules, tables
from consent.access_requests.rules import AccessRequest, Language, OnBehalf, State
from consent.access_requests.tables import Download, Line
from consent.collections.usecases import PartStatus, begin_collection, erase_collection, status_of
from consent.decisions.tables import known_client
from consent.documents.sealing import DocumentKey
from consent.statutory_deadlines.policies import POLICIES
from consent.statutory_deadlines.telling import outcome_events

ZONE = "UTC"
LISTED, ANSWERED_SINCE = 200, timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Counter:
    """What requests are taken and answered with. Open for the life of the process."""

    db: Database
    journal: Journal
    key: DocumentKey


@dataclass(frozen=True, slots=True)
class Case:
    """A request with its history, and how far each service has come."""

    request: AccessRequest
    history: Sequence[Line]
    parts: Sequence[PartStatus]


async def ask_access(
    counter: Counter, client_id: UUID, language: Language, on_behalf: OnBehalf | None, now: datetime
) -> tuple[AccessRequest, bool]:
    """The request, and whether it is new: one a client is open, and asked again it is answered. Raises Problem."""
    rules.check_identity(on_behalf)
    async with counter.db.begin() as tx:
        if on_behalf:
            await _check_known(tx, client_id)
        new = AccessRequest(
            request_id=uuid4(),
            client_id=client_id,
            language=language,
            state=State.COLLECTING,
            asked_at=now,
            due_at=now,
            on_behalf=on_behalf,
        )
        if not await tables.insert(tx, new):  # which waits for whoever asks at the same moment
            return await _open_one(tx, client_id), False
        new = await _started(tx, counter.key, new, now)
        await tables.note(tx, new, Line("asked", now, on_behalf.staff_id if on_behalf else None))
        if on_behalf:  # whoever did not ask hears of it
            await _tell(tx, new, "access_asked_client", now)
        await counter.journal.append(tx, AccessRequested(occurred_at=now, case_id=new.request_id, due_at=new.due_at))
    return new, True


async def _started(tx: AsyncConnection, key: DocumentKey, new: AccessRequest, now: datetime) -> AccessRequest:
    """Its clock runs, and the services are asked."""
    policy = newest(POLICIES, rules.POLICY)
    deadline = await engine.arm(tx, policy, subject=new.request_id, about=new.client_id, anchor_at=now, zone=ZONE, now=now)
    changes = {"due_at": deadline.due_at, "collection_id": await begin_collection(tx, key, new.client_id, None, now)}
    await tables.change(tx, new.request_id, **changes)
    return new.model_copy(update=changes)


async def _open_one(tx: AsyncConnection, client_id: UUID) -> AccessRequest:
    earlier = await tables.find_open(tx, client_id)
    if earlier is None:
        raise Problem("state_changed", "The one that was open is answered this very moment: look again.", rule=rules.RULE)
    return earlier


async def read_access(counter: Counter, request_id: UUID, client_id: UUID) -> Case:
    """Of somebody else's it is not said that it exists."""
    async with counter.db.begin() as tx:
        return (await _cases(tx, [_found(await tables.find(tx, request_id), client_id)]))[0]


async def list_access(counter: Counter, client_id: UUID) -> list[Case]:
    """A client's, the newest first."""
    async with counter.db.begin() as tx:
        return await _cases(tx, await tables.of_client(tx, client_id))


async def list_access_in(counter: Counter, state: State | None, last: UUID, limit: int) -> list[AccessRequest]:
    """Everybody's, by id."""
    async with counter.db.begin() as tx:
        return await tables.list_in(tx, state, last, limit)


async def office_list(counter: Counter, now: datetime) -> list[Case]:
    """For the privacy officer: what is open, by its deadline, and what was answered in the last three months."""
    async with counter.db.begin() as tx:
        return await _cases(tx, await tables.for_office(tx, now - ANSWERED_SINCE, LISTED))


async def extend_access(counter: Counter, request_id: UUID, reason: AccessExtension, officer: UUID, now: datetime) -> AccessRequest:
    """164.524(b)(2)(ii): once by 30 days; the client is told why, and until when."""
    async with counter.db.begin() as tx:
        found = _found(await tables.find(tx, request_id, lock=True), None)
        rules.check_extension(found, now)
        policy = newest(POLICIES, rules.EXTENDED_POLICY)
        deadline = await engine.swap_policy(tx, rules.POLICY, policy, subject=request_id, now=now, reason=reason)
        assert deadline, "an open request has its deadline"
        assert deadline.due_at
        await tables.change(tx, request_id, extended_at=now, extension_reason=reason, due_at=deadline.due_at, warned_at=None)
        await tables.note(tx, found, Line("extended", now, officer, reason))
        await _tell(tx, found, "access_extended_client", now, until=deadline.due_at)
        await counter.journal.append(tx, AccessExtended(occurred_at=now, case_id=request_id, reason=reason, due_at=deadline.due_at))
        return _found(await tables.find(tx, request_id), None)


async def refuse_access(counter: Counter, request_id: UUID, ground: AccessGround, officer: UUID, now: datetime) -> AccessRequest:
    """164.524(d)(2): in writing, with the ground, and how to have it looked at again; the page and the notice say both."""
    async with counter.db.begin() as tx:
        found = _found(await tables.find(tx, request_id, lock=True), None)
        rules.check_open(found)
        await tables.change(tx, request_id, state=State.REFUSED, ground=ground, closed_at=now)
        await tables.note(tx, found, Line("refused", now, officer, ground))
        events = await stop_clock(tx, found, now)
        await _forget_collected(tx, found, now)
        await _tell(tx, found, "access_refused_client", now)
        await counter.journal.append(tx, AccessRefused(occurred_at=now, case_id=request_id, ground=ground), *events)
        return _found(await tables.find(tx, request_id), None)


async def withdraw_access(counter: Counter, request_id: UUID, client_id: UUID, by: UUID, now: datetime) -> AccessRequest:
    async with counter.db.begin() as tx:
        found = _found(await tables.find(tx, request_id, lock=True), client_id)
        rules.check_open(found)
        await tables.change(tx, request_id, state=State.WITHDRAWN, closed_at=now)
        await tables.note(tx, found, Line("withdrawn", now, by))
        await engine.cancel(tx, subject=request_id, now=now, reason="withdrawn")
        await withdraw(tx, request_id)
        await _forget_collected(tx, found, now)
        await counter.journal.append(tx, AccessWithdrawn(occurred_at=now, case_id=request_id))
        return _found(await tables.find(tx, request_id), None)


async def take_copy(counter: Counter, request_id: UUID, client_id: UUID, download: Download, now: datetime) -> bytes:
    """The archive. It is on record before the first byte leaves (C9)."""
    async with counter.db.begin() as tx:
        found = _found(await tables.find(tx, request_id, lock=True), client_id)
        rules.check_download(found, now, by_staff=download.by != found.client_id)
        sealed = await tables.find_bundle(tx, request_id)
        assert sealed, "what is ready has its copy"
        await tables.note_download(tx, found, download, now)
        await tables.note(tx, found, Line("downloaded", now, download.by, download.form))
    return await asyncio.to_thread(counter.key.open, sealed, bound_to(request_id))


def bound_to(request_id: UUID) -> bytes:
    """What the seal of a copy is bound to."""
    return f"access bundle {request_id}".encode()


async def stop_clock(tx: AsyncConnection, of: AccessRequest, now: datetime) -> list[Event]:
    """A breach that nobody has told yet is told now."""
    outcome = await engine.stop(tx, of.policy, subject=of.request_id, occurred_at=now, now=now)
    if outcome and outcome.kind == "missed" and not outcome.announced:
        return list(outcome_events(outcome.deadline, "missed", outcome.deadline.due_at or now))
    return []


async def _forget_collected(tx: AsyncConnection, of: AccessRequest, now: datetime) -> None:
    if of.collection_id:
        await erase_collection(tx, of.collection_id, now)


async def _tell(tx: AsyncConnection, of: AccessRequest, template: str, now: datetime, until: datetime | None = None) -> None:
    reason = f"{template}:{of.request_id}"
    await tell(tx, [Notice("client", of.client_id, template, reason, about=of.request_id, starts_at=until)], now)


async def _check_known(tx: AsyncConnection, client_id: UUID) -> None:
    if (await tx.execute(sa.select(known_client).where(known_client.c.client_id == client_id))).first() is None:
        raise Problem("unknown_client", "No such client.", field="client_id")


def _found(found: AccessRequest | None, client_id: UUID | None) -> AccessRequest:
    if found is None or client_id not in (None, found.client_id):
        raise Problem("not_found", "There is nothing here that you may see.")
    return found


async def _cases(tx: AsyncConnection, found: Sequence[AccessRequest]) -> list[Case]:
    history = await tables.history_of(tx, [one.request_id for one in found])
    parts: dict[Any, Sequence[PartStatus]] = {}
    for one in found:
        if one.collection_id and one.state is State.COLLECTING:
            parts[one.request_id] = await status_of(tx, one.collection_id)
    return [Case(one, history[one.request_id], parts.get(one.request_id, ())) for one in found]
