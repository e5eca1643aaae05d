"""What can be done about consultation requests: submit, answer, propose times, withdraw, say how it went on, look."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.event import Event
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.appointments import usecases as appointments
from scheduling.clients import tables as clients
from scheduling.clients.rules import Covered
from scheduling.eligibility.rules import Reason
from scheduling.eligibility.usecases import check_eligible
from scheduling.episodes.usecases import leave, reach, seek_care
from scheduling.matching import usecases as matching
from scheduling.providers import usecases as providers
from scheduling.requests import changing, outcomes, rules, tables
from scheduling.requests.changing import Matter, seen_by
from scheduling.requests.leaving import leave as leave_requests
from scheduling.requests.outcomes import Ending
from scheduling.requests.rules import Answer, Asked, ConsultationRequest, Standing
from scheduling.requests.states import Move, RequestState
from scheduling.service_levels.rules import Consequences
from scheduling.service_levels.usecases import carry_out
from scheduling.waitlist.usecases import is_served


class Submitted(BaseModel):
    """The request, and the id of the choice that it carried."""

    request: ConsultationRequest
    choice_id: UUID | None


async def submit_request(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, asked: Asked, now: datetime) -> Submitted:
    """C2: the request and the choice that its first one carries are one transaction. So is a consultation booked with it (S6)."""

    async def work(tx: AsyncConnection) -> Submitted:
        client = await clients.lock_covered(tx, asked.client_id)
        if client is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        served = await is_served(tx, client, now)
        first = await tables.is_first(tx, asked.client_id)
        rules.check(asked, client, first=first)
        client, verified = await _check_eligible(tx, asked, client, now)
        await _check_listed(tx, asked, client, served=served, now=now)
        others = await _leave_timed_out(tx, asked, now)
        proposed = await matching.choose(tx, asked.client_id, asked.programme, asked.provider_id, now)
        episode, sought = await seek_care(tx, client, asked.programme, served=served, now=now)
        standing = Standing(first, served, episode.episode_id, "matching" if proposed else "directory")
        request, told = rules.submit(asked, client, standing, now)
        await tables.insert(tx, request)
        if asked.booking and served:
            request, booked = await appointments.book_with_request(tx, request, asked.booking, client.zone, now)
            told += booked + await reach(tx, episode, "time_to_schedule", now, now)
        await carry_out(tx, journal, episode.about, Consequences(tuple(verified)) + others + sought + told, now)
        return Submitted(request=request, choice_id=asked.sharing.choice_id if asked.sharing else None)

    return await once(db, caller, key, Submitted, work)


async def _check_eligible(tx: AsyncConnection, asked: Asked, client: Covered, now: datetime) -> tuple[Covered, Sequence[Event]]:
    """S1, S2: the client with the employer and the plan of today's coverage. Raises Problem where there is none."""
    verdict, events = await check_eligible(tx, asked.client_id, asked.programme, client.today(now), now)
    if not verdict.eligible:
        rule = "S2" if verdict.reason is Reason.PLAN else "S1"
        raise Problem("not_eligible", verdict.detail, field="client_id", rule=rule, reason=verdict.reason)
    return replace(client, employer_id=verdict.employer_id, plan_id=verdict.plan_id), events


async def _check_listed(tx: AsyncConnection, asked: Asked, client: Covered, *, served: bool, now: datetime) -> None:
    """S3, S5: the provider takes part where the client lives. Raises Problem. Where nobody does there is nobody to ask (S12)."""
    unmet = await providers.listed(tx, asked.provider_id, asked.programme, client.state, client.plan_id, client.today(now))
    if unmet and served:
        raise Problem("provider_not_listed", "This provider cannot be asked in this programme and state.", field="provider_id", rule="S5")


async def _leave_timed_out(tx: AsyncConnection, asked: Asked, now: datetime) -> Consequences:
    """S11: who goes to another provider no longer waits for the one who has not answered for three days. Raises Problem."""
    earlier = await tables.of_client(tx, asked.client_id, asked.programme)
    for request in earlier:
        if request.provider_id == asked.provider_id and not request.is_over and request.state is not RequestState.TIMED_OUT:
            raise Problem("already_asked", "This provider has been asked and the request is open.", field="provider_id", rule="S6")
    return await leave_requests(tx, earlier, {RequestState.TIMED_OUT}, now)


async def answer_request(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, given: Answer, now: datetime
) -> ConsultationRequest:
    """Accept, decline, or accept by proposing times. Raises Problem where it is not the provider's, has changed, or is past answering."""

    async def decide(tx: AsyncConnection, matter: Matter) -> tuple[ConsultationRequest, Consequences]:
        answered, consequences = rules.answer(matter.request, given, now)
        if given.move is Move.DECLINE:
            consequences += await appointments.call_off(tx, answered, "provider", now)
            consequences += await matching.route(tx, matter, "declined", now)
        return answered, consequences

    return await changing.change(db, journal, caller, key, given.request_id, decide, now)


async def withdraw_request(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, request_id: UUID, now: datetime
) -> ConsultationRequest:
    """By its client. With the last open one the client has stopped seeking, until they ask again."""

    async def decide(tx: AsyncConnection, matter: Matter) -> tuple[ConsultationRequest, Consequences]:
        over, consequences = outcomes.withdraw(matter.request, "client", now)
        consequences += await appointments.call_off(tx, over, "client", now)
        others = await tables.of_client(tx, over.client_id, over.programme)
        if all(other.is_over for other in others if other.request_id != over.request_id):
            await matching.close_all(tx, over.client_id, over.programme, now)
            consequences += await leave(tx, matter.episode, now)
        return over, consequences

    return await changing.change(db, journal, caller, key, request_id, decide, now)


async def assess_fit(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, request_id: UUID, *, good_fit: bool, now: datetime
) -> ConsultationRequest:
    """S10: what was not a good fit goes to Client Matching."""

    async def decide(tx: AsyncConnection, matter: Matter) -> tuple[ConsultationRequest, Consequences]:
        assessed, consequences = outcomes.assess_fit(matter.request, good_fit=good_fit, now=now)
        if not good_fit:
            consequences += await appointments.call_off(tx, assessed, "network", now)
            consequences += await matching.route(tx, matter, "not_a_good_fit", now)
        return assessed, consequences

    return await changing.change(db, journal, caller, key, request_id, decide, now)


async def change_provider(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, request_id: UUID, now: datetime
) -> ConsultationRequest:
    """S14: a client may. In care it ends with this provider and a new episode begins; before that the same clock goes on."""

    async def decide(tx: AsyncConnection, matter: Matter) -> tuple[ConsultationRequest, Consequences]:
        if matter.request.state is not RequestState.IN_CARE:
            over, consequences = outcomes.withdraw(matter.request, "client", now)
        else:
            over, consequences = outcomes.end(matter.request, "provider_change", now)
            served = await is_served(tx, matter.client, now)
            _, sought = await seek_care(tx, matter.client, over.programme, served=served, now=now)
            consequences += sought
        consequences += await appointments.call_off(tx, over, "client", now)
        return over, consequences + await matching.route(tx, matter, "client_asked", now)

    return await changing.change(db, journal, caller, key, request_id, decide, now)


async def end_care(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, request_id: UUID, reason: Ending, now: datetime
) -> ConsultationRequest:
    async def decide(tx: AsyncConnection, matter: Matter) -> tuple[ConsultationRequest, Consequences]:
        over, consequences = outcomes.end(matter.request, reason, now)
        return over, consequences + await appointments.call_off(tx, over, "network", now)

    return await changing.change(db, journal, caller, key, request_id, decide, now)


async def read_request(db: Database, caller: Principal, request_id: UUID) -> ConsultationRequest:
    async with db.begin() as tx:
        return seen_by(caller, await tables.find(tx, request_id))


async def list_requests(
    db: Database, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int
) -> Sequence[ConsultationRequest]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, provider_id, last, limit)
