"""What can be done about providers: add one, search the directory."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.providers import tables
from scheduling.providers.tables import Provider


async def add_provider(db: Database, caller: Principal, key: IdempotencyKey, provider: Provider) -> Provider:
    async def work(tx: AsyncConnection) -> Provider:
        if not await tables.insert(tx, provider):
            raise Problem("already_exists", "There is a provider with this id.", field="provider_id")
        return provider

    return await once(db, caller, key, Provider, work)


async def list_providers(db: Database, state: str | None, last: UUID, limit: int) -> list[Provider]:
    async with db.begin() as tx:
        return await tables.list_after(tx, state, last, limit)
