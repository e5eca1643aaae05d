"""What Client Matching does: find others, offer them, let the team choose, close the case (S10, S11)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.contracts.scheduling import RoutingReason
from common.contracts.vocabulary import Programme
from common.db import Database
from common.deadlines.engine import open_deadlines
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.directory import tables as directory
from scheduling.directory.rules import Candidate
from scheduling.matching import rules, tables
from scheduling.matching.rules import CaseState, MatchingCase, Need
from scheduling.requests import changing
from scheduling.requests import tables as requests
from scheduling.requests.changing import Matter
from scheduling.service_levels.rules import FIRST_SESSION, Consequences
from scheduling.service_levels.usecases import carry_out

LOOKED_AT = 200
"""Candidates that are ranked."""


async def route(tx: AsyncConnection, matter: Matter, reason: RoutingReason, now: datetime) -> Consequences:
    """Opens a case for a request that did not lead to care with this provider. The client's row is locked."""
    need, case_id = await _need(tx, matter), uuid4()
    found = await _candidates(tx, matter, need, now)
    case = rules.open_case(matter.request, reason, rules.rank(found, need, case_id), case_id, now)
    await tables.keep(tx, case)
    return rules.offered(case, now)


async def choose(tx: AsyncConnection, client_id: UUID, programme: Programme, provider_id: UUID, now: datetime) -> bool:
    """A new request closes the client's open cases; answers whether its provider was one that was proposed."""
    proposed = False
    for case in await tables.open_of_client(tx, client_id, programme):
        proposed |= any(proposal.provider_id == provider_id for proposal in case.proposals)
        await tables.keep(tx, case.model_copy(update={"state": "chosen", "closed_at": now}))
    return proposed


async def close_all(tx: AsyncConnection, client_id: UUID, programme: Programme, now: datetime) -> None:
    """The client seeks no more."""
    for case in await tables.open_of_client(tx, client_id, programme):
        await tables.keep(tx, case.model_copy(update={"state": "closed", "closed_at": now}))


async def propose(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, case_id: UUID, provider_ids: Sequence[UUID], now: datetime
) -> MatchingCase:
    """The team's own proposals take the place of what was found. Raises Problem where one of them may not be asked."""

    async def work(tx: AsyncConnection) -> MatchingCase:
        case = _there(await tables.find(tx, case_id))
        matter = await changing.load(tx, caller, case.request_id, now)
        case = _there(await tables.find(tx, case_id))  # again: it may have changed before the lock
        if case.state != "open":
            raise Problem("wrong_state", f"The case is {case.state}.", state=case.state, allowed=[])
        need = await _need(tx, matter)
        found = await _candidates(tx, matter, need, now, only=provider_ids)
        proposed = rules.replace(case, _in_order(found, provider_ids), need)
        await tables.keep(tx, proposed)
        await carry_out(tx, journal, matter.about, rules.offered(proposed, now), now)
        return proposed

    return await once(db, caller, key, MatchingCase, work)


async def list_cases(db: Database, client_id: UUID | None, state: CaseState | None, last: UUID, limit: int) -> Sequence[MatchingCase]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, state, last, limit)


async def read_case(db: Database, caller: Principal, case_id: UUID) -> MatchingCase:
    async with db.begin() as tx:
        found = _there(await tables.find(tx, case_id))
    caller.own(Role.CLIENT, found.client_id)
    return found


def _there(case: MatchingCase | None) -> MatchingCase:
    if case is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    return case


async def _tried(tx: AsyncConnection, matter: Matter) -> Collection[UUID]:
    """Whom the client has asked already, in this programme."""
    return {request.provider_id for request in await requests.of_client(tx, matter.client.client_id, matter.request.programme)}


async def _need(tx: AsyncConnection, matter: Matter) -> Need:
    promised = None
    if matter.episode:
        running = await open_deadlines(tx, subject=matter.episode.episode_id, policy_code=FIRST_SESSION, limit=1)
        promised = running[0].due_at if running else None
    return Need(matter.client.language.split("-")[0], matter.request.specialties, promised)


async def _candidates(
    tx: AsyncConnection, matter: Matter, need: Need, now: datetime, only: Collection[UUID] | None = None
) -> list[Candidate]:
    client = matter.client
    return await directory.candidates(
        tx,
        programme=matter.request.programme,
        state=client.state,
        plan_id=client.plan_id,
        today=client.today(now),
        language=need.language,
        specialties=need.specialties,
        exclude=await _tried(tx, matter) if only is None else (),
        limit=LOOKED_AT,
        only=only,
    )


def _in_order(found: Sequence[Candidate], wanted: Sequence[UUID]) -> list[Candidate]:
    """Raises Problem where the client may not ask one of them."""
    by_id = {candidate.provider_id: candidate for candidate in found}
    if missing := [str(provider_id) for provider_id in wanted if provider_id not in by_id]:
        raise Problem("provider_not_listed", "The client cannot ask this provider.", field="provider_ids", rule="S5", providers=missing)
    return [by_id[provider_id] for provider_id in wanted]
