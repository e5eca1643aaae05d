"""What officers do about a legal demand (C7): record it, change it, approve it, refuse it, put a suspension on file, look at it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts import legal
from common.contracts.privacy import CaseEvent
from common.db import Database
from common.deadlines import engine
from common.deadlines.policies import newest
from common.journal import Journal
from common.problems import Problem
from consent.collections.usecases import PartStatus, begin_collection, erase_collection, status_of
from consent.decisions.tables import known_client
from consent.documents.rules import DocumentKind
from consent.documents.sealing import DocumentKey
from consent.documents.tables import LegalDocument
from consent.documents.usecases import assign, documents_of
from consent.legal_demands import release_tables, rules, states, tables
from consent.legal_demands.rules import Content
from consent.legal_demands.states import OPEN, Demand, Form, RefusalGround, State, Suspension
from consent.statutory_deadlines.policies import POLICIES

RESPOND, TELL = "legal_demand", "legal_client_told"
ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Office:
    """What use cases about demands need. Open for the life of the process."""

    db: Database
    journal: Journal
    key: DocumentKey


@dataclass(frozen=True, slots=True)
class Case:
    """A demand with all that belongs to it. `readings`: document, reader, when."""

    demand: Demand
    documents: Sequence[LegalDocument]
    readings: Sequence[tuple[UUID, UUID, datetime]]
    parts: Sequence[PartStatus]
    suspensions: Sequence[Suspension]
    attempts: Sequence[sa.Row[Any]]
    history: Sequence[sa.Row[Any]]


async def record_demand(office: Office, content: Content, officer: UUID, now: datetime) -> Demand:
    """Raises Problem."""
    rules.check(content, now)
    demand_id = uuid4()
    async with office.db.begin() as tx:
        if (await tx.execute(sa.select(known_client).where(known_client.c.client_id == content.client_id))).first() is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        digest = rules.digest_of(demand_id, content, await assign(tx, _documents(content), demand_id))
        demand = states.recorded(demand_id, content, digest, officer, now)
        await tables.insert(tx, demand)
        event = legal.LegalDemandRecorded(
            occurred_at=now, case_id=demand_id, officer_id=officer, kind=content.kind, legal_basis=content.legal_basis, digest=digest
        )
        await _arm(tx, demand, now)
        await _note(tx, office.journal, event, "recorded", officer)
    return demand


async def amend_demand(office: Office, demand_id: UUID, content: Content, version: int, officer: UUID, now: datetime) -> Demand:
    """Any change voids an approval, what was collected under it, and every token. Raises Problem."""
    rules.check(content, now)
    async with office.db.begin() as tx:
        demand = await lock(tx, demand_id)
        states.check_open(demand)
        if demand.version != version:
            raise Problem("state_changed", "The demand was changed since. Look at it again.", field="If-Match", rule="C7")
        if content.client_id != demand.content.client_id:
            raise Problem("invalid_request", "A demand about somebody else is another demand.", field="client_id", rule="C7")
        digest = rules.digest_of(demand_id, content, await assign(tx, _documents(content), demand_id))
        await _undo_approval(tx, demand, now)
        changed = states.amended(demand, content, digest, officer)
        await tables.save(tx, changed)
        await _arm(tx, changed, now)
        event = legal.LegalDemandAmended(occurred_at=now, case_id=demand_id, officer_id=officer, digest=digest)
        await _note(tx, office.journal, event, "amended", officer)
    return changed


async def approve_demand(office: Office, demand_id: UUID, digest: str, officer: UUID, now: datetime) -> Demand:
    """By somebody else than who recorded it; then the services are asked for what is in scope. Raises Problem."""
    async with office.db.begin() as tx:
        demand = await lock(tx, demand_id)
        states.check_approval(demand, digest, officer)
        collection = await begin_collection(tx, office.key, demand.content.client_id, demand.content.scope, now)
        approved = states.approved(demand, officer, collection, now)
        await tables.save(tx, approved)
        event = legal.LegalDemandApproved(occurred_at=now, case_id=demand_id, officer_id=officer, digest=digest)
        await _note(tx, office.journal, event, "approved", officer)
    return approved


async def close_demand(office: Office, demand_id: UUID, ground: RefusalGround | None, officer: UUID, now: datetime) -> Demand:
    """Refused on a ground, or withdrawn by the authority where there is none. Nothing leaves any more. Raises Problem."""
    async with office.db.begin() as tx:
        demand = await lock(tx, demand_id)
        states.check_open(demand)
        await _undo_approval(tx, demand, now)
        closed = states.closed(demand, ground, officer, await tables.suspensions_of(tx, demand_id), now)
        await tables.save(tx, closed)
        event: CaseEvent
        if ground is None:
            await engine.cancel(tx, subject=demand_id, policy_codes=[RESPOND], now=now, reason="withdrawn")
            event = legal.LegalDemandWithdrawn(occurred_at=now, case_id=demand_id, officer_id=officer)
        else:
            await engine.stop(tx, RESPOND, subject=demand_id, occurred_at=now, now=now)
            event = legal.LegalDemandRefused(occurred_at=now, case_id=demand_id, officer_id=officer, ground=ground)
        await _note(tx, office.journal, event, closed.state, officer, ground)
    return closed


async def suspend_accounting(office: Office, demand_id: UUID, wanted: Suspension, now: datetime) -> Demand:
    """45 CFR 164.528(a)(2). Also of a release that was made: the client's view is without it from now on. Raises Problem."""
    async with office.db.begin() as tx:
        demand = await lock(tx, demand_id)
        earlier = await tables.suspensions_of(tx, demand_id)
        states.check_suspension(demand.content.legal_basis, wanted, earlier, now)
        if wanted.form is Form.WRITTEN and wanted.document_id:
            await assign(tx, {"document_id": (wanted.document_id, DocumentKind.SUSPENSION)}, demand_id)
        await tables.insert_suspension(tx, wanted)
        if demand.closed_at is not None:
            until = states.tell_from(demand.closed_at, [*earlier, wanted])
            demand = replace(demand, tell_client_from=until)
            await tables.save(tx, demand)
            if demand.state is State.RELEASED and demand.client_told_at is None:
                await tell_later(tx, demand, now)
        event = legal.AccountingSuspended(
            occurred_at=now,
            case_id=demand_id,
            officer_id=wanted.recorded_by,
            suspension_id=wanted.suspension_id,
            form=wanted.form,
            until=wanted.until,
        )
        await _note(tx, office.journal, event, "suspended", wanted.recorded_by, wanted.until.isoformat())
    return demand


async def read_case(db: Database, demand_id: UUID) -> Case:
    """Raises Problem."""
    async with db.begin() as tx:
        demand = _found(await tables.find(tx, demand_id))
        documents, readings = await documents_of(tx, demand_id)
        parts = await status_of(tx, demand.collection_id) if demand.collection_id else []
        return Case(
            demand,
            documents,
            list(readings),
            parts,
            await tables.suspensions_of(tx, demand_id),
            await release_tables.attempts_of(tx, demand_id),
            await tables.history_of(tx, demand_id),
        )


async def list_demands(db: Database, state: State | None, last: UUID, limit: int) -> Sequence[Demand]:
    """Those that are open where no state is named."""
    async with db.begin() as tx:
        return await tables.list_in(tx, [state] if state else OPEN, last, limit)


async def office_list(db: Database) -> Sequence[Demand]:
    """For the page: what is open first, by its deadline."""
    async with db.begin() as tx:
        return await tables.latest(tx)


async def lock(tx: AsyncConnection, demand_id: UUID) -> Demand:
    return _found(await tables.find(tx, demand_id, lock=True))


async def tell_later(tx: AsyncConnection, demand: Demand, now: datetime) -> None:
    """When the last suspension ends."""
    assert demand.tell_client_from is not None
    policy = newest(POLICIES, TELL)
    await engine.arm(tx, policy, subject=demand.demand_id, about=demand.demand_id, anchor_at=demand.tell_client_from, zone=ZONE, now=now)


async def _arm(tx: AsyncConnection, demand: Demand, now: datetime) -> None:
    """About the case: what is about the client the client is shown."""
    policy = newest(POLICIES, RESPOND)
    await engine.arm(tx, policy, subject=demand.demand_id, about=demand.demand_id, anchor_at=demand.content.respond_by, zone=ZONE, now=now)


async def _undo_approval(tx: AsyncConnection, demand: Demand, now: datetime) -> None:
    await release_tables.void_releases(tx, demand.demand_id, now)
    if demand.collection_id is not None:
        await erase_collection(tx, demand.collection_id, now)


async def _note(tx: AsyncConnection, journal: Journal, event: CaseEvent, what: str, by: UUID | None, detail: str | None = None) -> None:
    """The journal last."""
    await tables.note(tx, event.case_id, event.occurred_at, what, by, detail)
    await journal.append(tx, event)


def _documents(content: Content) -> dict[str, tuple[UUID, DocumentKind]]:
    named = {"document_id": (content.document_id, DocumentKind.DEMAND)}
    if content.assurance_document_id is not None:
        named["assurance_document_id"] = (content.assurance_document_id, DocumentKind.ASSURANCE)
    return named


def _found(demand: Demand | None) -> Demand:
    if demand is None:
        raise Problem("not_found", "No such demand.")
    return demand
