"""What can be done about corrections: ask for one, decide, disagree (C10, 45 CFR 164.526). What others do about it: delivery.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.corrections import CorrectionDecided, CorrectionExtended, CorrectionRequested, DisagreementStated, RefusalGround
from common.db import Database
from common.deadlines import engine
from common.deadlines.policies import newest
from common.journal import Journal
from common.notices.rules import Notice
from common.notices.usecases import tell, withdraw
from common.problems import Problem
from consent.corrections import handing_over, rules, tables
from consent.corrections.rules import Correction, ExtensionReason, OnBehalf, State, Wish
from consent.corrections.tables import Line
from consent.documents.sealing import DocumentKey
from consent.statutory_deadlines.policies import POLICIES
from consent.statutory_deadlines.telling import outcome_events

ZONE = "UTC"
LISTED, DECIDED_SINCE = 200, timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Desk:
    """What corrections are worked on with. Open for the life of the process."""

    db: Database
    journal: Journal
    key: DocumentKey


@dataclass(frozen=True, slots=True)
class Asked:
    """`correction_id` is the caller's own, so that asking may be repeated."""

    correction_id: UUID
    client_id: UUID
    wish: Wish
    on_behalf: OnBehalf | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A correction with its history."""

    correction: Correction
    history: Sequence[Line]


async def ask_correction(desk: Desk, asked: Asked, now: datetime) -> Correction:
    """Nothing is kept of what may not be: a child's birth date (C12), a number that reads as a Social Security number (C13)."""
    rules.check_identity(asked.on_behalf)
    rules.check_wish(asked.wish, asked.client_id, now.date())
    async with desk.db.begin() as tx:
        if earlier := await tables.find(tx, desk.key, asked.correction_id):
            return _the_same(earlier, asked)
        policy, subject = newest(POLICIES, rules.POLICY), asked.correction_id
        deadline = await engine.arm(tx, policy, subject=subject, about=asked.client_id, anchor_at=now, zone=ZONE, now=now)
        assert deadline.due_at is not None
        new = Correction(
            correction_id=asked.correction_id,
            client_id=asked.client_id,
            wish=asked.wish,
            state=State.OPEN,
            asked_at=now,
            on_behalf=asked.on_behalf,
            due_at=deadline.due_at,
        )
        if not await tables.insert(tx, desk.key, new):
            raise Problem("state_changed", "It is asked for this very moment: look again.")
        await tables.note(tx, new, "asked", now, by=asked.on_behalf.staff_id if asked.on_behalf else None)
        await desk.journal.append(tx, CorrectionRequested(occurred_at=now, case_id=new.correction_id, due_at=new.due_at))
    return new


def _the_same(earlier: Correction, asked: Asked) -> Correction:
    if (earlier.client_id, earlier.wish) != (asked.client_id, asked.wish):
        raise Problem("already_exists", "There is another correction with this id.", field="correction_id")
    return earlier


async def read_correction(desk: Desk, correction_id: UUID, client_id: UUID | None) -> Case:
    """`client_id`: of the client who looks; of somebody else's it is not said that it exists."""
    async with desk.db.begin() as tx:
        found = _found(await tables.find(tx, desk.key, correction_id), client_id)
        return Case(found, (await tables.history_of(tx, [correction_id]))[correction_id])


async def list_corrections(desk: Desk, client_id: UUID) -> list[Case]:
    """A client's, the newest first."""
    async with desk.db.begin() as tx:
        return await _with_history(tx, await tables.of_client(tx, desk.key, client_id))


async def office_list(desk: Desk, now: datetime) -> list[Case]:
    """For the privacy officer: what is open, by its deadline, and what was decided in the last three months."""
    async with desk.db.begin() as tx:
        return await _with_history(tx, await tables.for_office(tx, desk.key, now - DECIDED_SINCE, LISTED))


async def withdraw_correction(desk: Desk, correction_id: UUID, client_id: UUID, now: datetime) -> Correction:
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id, client_id)
        rules.check_open(found)
        await tables.change(tx, correction_id, state=State.WITHDRAWN, decided_at=now)
        await tables.note(tx, found, "withdrawn", now)
        await engine.cancel(tx, subject=correction_id, now=now, reason="withdrawn")
        await withdraw(tx, correction_id)
        return await _as_it_is(tx, desk, correction_id)


async def extend_correction(desk: Desk, correction_id: UUID, reason: ExtensionReason, officer: UUID, now: datetime) -> Correction:
    """164.526(b)(2)(ii): once by 30 days; the client is told why, and until when."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id)
        rules.check_extension(found, now)
        policy = newest(POLICIES, rules.EXTENDED_POLICY)
        deadline = await engine.swap_policy(tx, rules.POLICY, policy, subject=correction_id, now=now, reason=reason)
        assert deadline, "an open correction has its deadline"
        assert deadline.due_at
        await tables.change(tx, correction_id, extended_at=now, extension_reason=reason, due_at=deadline.due_at)
        await tables.note(tx, found, "extended", now, by=officer, detail=reason)
        await _tell(tx, found, "correction_extended_client", now, until=deadline.due_at)
        await desk.journal.append(tx, CorrectionExtended(occurred_at=now, case_id=correction_id, reason=reason, due_at=deadline.due_at))
        return await _as_it_is(tx, desk, correction_id)


async def accept_correction(desk: Desk, correction_id: UUID, officer: UUID, now: datetime) -> Correction:
    """A client's own record is changed by its owner, which is when the period ends. Everything else gets an amendment, from here on."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id)
        rules.check_open(found)
        decided: dict[str, Any] = {"decided_at": now, "decided_by": officer, "fault": None}
        await tables.note(tx, found, "accepted", now, by=officer)
        events = []
        if found.changes_the_record:
            await tables.change(tx, correction_id, state=State.ACCEPTED, **decided)
            await handing_over.put(tx, correction_id, found.client_id, found.wish.service)
        else:
            await tables.change(tx, correction_id, state=State.APPLIED, applied_at=now, **decided)
            await handing_over.put(tx, correction_id, found.client_id, "reporting")
            events = await finish(tx, found, now)
        await desk.journal.append(tx, CorrectionDecided(occurred_at=now, case_id=correction_id, accepted=True), *events)
        return await _as_it_is(tx, desk, correction_id)


async def refuse_correction(desk: Desk, correction_id: UUID, ground: RefusalGround, officer: UUID, now: datetime) -> Correction:
    """164.526(d)(1): in writing, with the ground and the right to disagree; the page and the notice say both."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id)
        rules.check_open(found)
        await tables.change(tx, correction_id, state=State.REFUSED, ground=ground, decided_at=now, decided_by=officer)
        await tables.note(tx, found, "refused", now, by=officer, detail=ground)
        events = await stop_clock(tx, found, now)
        await _tell(tx, found, "correction_refused_client", now)
        await desk.journal.append(tx, CorrectionDecided(occurred_at=now, case_id=correction_id, accepted=False, ground=ground), *events)
        return await _as_it_is(tx, desk, correction_id)


async def state_disagreement(desk: Desk, correction_id: UUID, client_id: UUID, text: str, now: datetime) -> Correction:
    """164.526(d)(2), (d)(5): kept with the record; from here on the record leaves with a sign of it."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id, client_id)
        rules.check_disagreement(found)
        await tables.change(tx, correction_id, disagreed_at=now, **tables.sealed(desk.key, correction_id, "disagreement", text))
        await tables.note(tx, found, "disagreed", now)
        await handing_over.put(tx, correction_id, found.client_id, "reporting")
        await desk.journal.append(tx, DisagreementStated(occurred_at=now, case_id=correction_id))
        return await _as_it_is(tx, desk, correction_id)


async def rebut(desk: Desk, correction_id: UUID, text: str, officer: UUID, now: datetime) -> Correction:
    """164.526(d)(3): the client reads it."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id)
        rules.check_rebuttal(found)
        await tables.change(tx, correction_id, rebutted_at=now, **tables.sealed(desk.key, correction_id, "rebuttal", text))
        await tables.note(tx, found, "rebutted", now, by=officer)
        await _tell(tx, found, "correction_rebutted_client", now)
        return await _as_it_is(tx, desk, correction_id)


async def note_applied(desk: Desk, correction_id: UUID, now: datetime) -> None:
    """The owner has changed the record."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id)
        await handing_over.done(tx, correction_id, found.wish.service, now)
        if found.state is not State.ACCEPTED:
            return
        await tables.change(tx, correction_id, state=State.APPLIED, applied_at=now)
        if events := await finish(tx, found, now):
            await desk.journal.append(tx, *events)


async def note_not_taken(desk: Desk, correction_id: UUID, code: str, now: datetime) -> None:
    """The owner will not have this value, so it is open again: the officer refuses it, or asks the client. Its clock has not stopped."""
    async with desk.db.begin() as tx:
        found = await _locked(tx, desk, correction_id)
        await handing_over.drop(tx, correction_id, found.wish.service)
        if found.state is State.ACCEPTED:
            await tables.change(tx, correction_id, state=State.OPEN, fault=code, decided_at=None, decided_by=None)
            await tables.note(tx, found, "not_taken", now, detail=code)


async def note_spread(desk: Desk, correction_id: UUID, now: datetime) -> None:
    """Reporting has it, and tells the recipients."""
    async with desk.db.begin() as tx:
        await handing_over.done(tx, correction_id, "reporting", now)


async def finish(tx: AsyncConnection, of: Correction, now: datetime) -> list[Any]:
    """It is made, and the client told. The events for the journal."""
    await tables.note(tx, of, "applied", now)
    events = await stop_clock(tx, of, now)
    await _tell(tx, of, "correction_accepted_client", now)
    return events


async def stop_clock(tx: AsyncConnection, of: Correction, now: datetime) -> list[Any]:
    """A breach that nobody has told yet is told now."""
    code = rules.EXTENDED_POLICY if of.extended_at else rules.POLICY
    outcome = await engine.stop(tx, code, subject=of.correction_id, occurred_at=now, now=now)
    if outcome and outcome.kind == "missed" and not outcome.announced:
        return list(outcome_events(outcome.deadline, "missed", now))
    return []


async def _tell(tx: AsyncConnection, of: Correction, template: str, now: datetime, until: datetime | None = None) -> None:
    reason = f"{template}:{of.correction_id}"
    await tell(tx, [Notice("client", of.client_id, template, reason, about=of.correction_id, starts_at=until)], now)


async def _locked(tx: AsyncConnection, desk: Desk, correction_id: UUID, client_id: UUID | None = None) -> Correction:
    return _found(await tables.find(tx, desk.key, correction_id, lock=True), client_id)


async def _as_it_is(tx: AsyncConnection, desk: Desk, correction_id: UUID) -> Correction:
    return _found(await tables.find(tx, desk.key, correction_id), None)


def _found(found: Correction | None, client_id: UUID | None) -> Correction:
    if found is None or client_id not in (None, found.client_id):
        raise Problem("not_found", "There is nothing here that you may see.")
    return found


async def _with_history(tx: AsyncConnection, found: Sequence[Correction]) -> list[Case]:
    history = await tables.history_of(tx, [one.correction_id for one in found])
    return [Case(one, history[one.correction_id]) for one in found]
