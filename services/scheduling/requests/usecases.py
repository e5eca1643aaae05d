"""What can be done about consultation requests: submit, accept or decline, look."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.clients import tables as clients
from scheduling.providers import tables as providers
from scheduling.requests import rules, tables
from scheduling.requests.rules import Answer, Asked, ConsultationRequest


class Submitted(BaseModel):
    """The request, and the id of the choice that it carried."""

    request: ConsultationRequest
    choice_id: UUID | None


async def submit_request(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, asked: Asked, now: datetime) -> Submitted:
    """C2: the request and the choice that its first one carries are one transaction."""

    async def work(tx: AsyncConnection) -> Submitted:
        client = await clients.lock_covered(tx, asked.client_id)
        if client is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        if not await providers.exists(tx, asked.provider_id):
            raise Problem("unknown_provider", "No such provider.", field="provider_id")
        first = await tables.is_first(tx, asked.client_id)
        request, events = rules.submit(asked, client, first=first, now=now)
        await tables.insert(tx, request)
        await journal.append(tx, *events)
        return Submitted(request=request, choice_id=asked.sharing.choice_id if asked.sharing else None)

    return await once(db, caller, key, Submitted, work)


async def answer_request(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, given: Answer, now: datetime
) -> ConsultationRequest:
    """Raises Problem where the request is not the provider's, has changed, or was answered."""

    async def work(tx: AsyncConnection) -> ConsultationRequest:
        request = seen_by(caller, await tables.find(tx, given.request_id, lock=True))
        answered, event = rules.answer(request, given, now)
        await tables.answer(tx, answered)
        await journal.append(tx, event)
        return answered

    return await once(db, caller, key, ConsultationRequest, work)


async def read_request(db: Database, caller: Principal, request_id: UUID) -> ConsultationRequest:
    async with db.begin() as tx:
        return seen_by(caller, await tables.find(tx, request_id))


def seen_by(caller: Principal, request: ConsultationRequest | None) -> ConsultationRequest:
    """Raises Problem alike where there is none and where it is somebody else's."""
    if request is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    caller.own(Role.CLIENT, request.client_id)
    caller.own(Role.PROVIDER, request.provider_id)
    return request


async def list_requests(
    db: Database, client_id: UUID | None, provider_id: UUID | None, last: UUID, limit: int
) -> Sequence[ConsultationRequest]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, provider_id, last, limit)
