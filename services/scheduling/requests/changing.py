"""A request with all that a move of it depends on. One lock orders a client's moves: the client's row."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.clients import tables as clients
from scheduling.clients.rules import Covered
from scheduling.employers import tables as employers
from scheduling.episodes import tables as episodes
from scheduling.episodes.rules import Episode
from scheduling.requests import tables
from scheduling.requests.rules import ConsultationRequest
from scheduling.service_levels.rules import About, Consequences
from scheduling.service_levels.usecases import carry_out


@dataclass(frozen=True, slots=True)
class Matter:
    """Locked until the commit."""

    request: ConsultationRequest
    client: Covered
    episode: Episode | None
    """Absent for requests from before there were episodes."""
    calendar: str
    """The code of the contract's work calendar."""

    @property
    def about(self) -> About:
        return About(self.client.client_id, self.client.zone, self.calendar)


Decide = Callable[[AsyncConnection, Matter], Awaitable[tuple[ConsultationRequest, Consequences]]]


async def change(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, request_id: UUID, decide: Decide, now: datetime
) -> ConsultationRequest:
    """One move: load and lock, decide, keep, carry out what follows."""

    async def work(tx: AsyncConnection) -> ConsultationRequest:
        matter = await load(tx, caller, request_id, now)
        changed, consequences = await decide(tx, matter)
        await tables.change(tx, changed)
        await carry_out(tx, journal, matter.about, consequences, now)
        return changed

    return await once(db, caller, key, ConsultationRequest, work)


async def load(tx: AsyncConnection, caller: Principal, request_id: UUID, now: datetime) -> Matter:
    """Raises Problem where there is none, or where it is somebody else's."""
    seen = seen_by(caller, await tables.find(tx, request_id))
    client = await clients.lock_covered(tx, seen.client_id)
    assert client is not None, "a request has a client"
    return await _matter(tx, client, request_id, now)


async def load_unless_busy(tx: AsyncConnection, client_id: UUID, request_id: UUID, now: datetime) -> Matter | None:
    """For what a deadline sets off: it holds the deadline's row and must not wait for a client who is waiting for that."""
    client = await clients.lock_covered(tx, client_id, skip_locked=True)
    return await _matter(tx, client, request_id, now) if client else None


async def _matter(tx: AsyncConnection, client: Covered, request_id: UUID, now: datetime) -> Matter:
    request = await tables.find(tx, request_id)  # again: the one seen before the lock may have changed
    assert request is not None, "requests are never deleted"
    episode = await episodes.find(tx, request.episode_id) if request.episode_id else None
    calendar = await employers.calendar_of(tx, client.employer_id, request.programme, client.today(now))
    return Matter(request, client, episode, calendar)


def seen_by(caller: Principal, request: ConsultationRequest | None) -> ConsultationRequest:
    """Raises Problem alike where there is none and where it is somebody else's."""
    if request is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    caller.own(Role.CLIENT, request.client_id)
    caller.own(Role.PROVIDER, request.provider_id)
    return request
