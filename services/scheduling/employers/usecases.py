"""What can be done about employers: add one, look."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.employers import tables
from scheduling.employers.tables import Employer


async def add_employer(db: Database, caller: Principal, key: IdempotencyKey, employer: Employer) -> Employer:
    async def work(tx: AsyncConnection) -> Employer:
        if not await tables.insert(tx, employer):
            raise Problem("already_exists", "There is an employer with this id.", field="employer_id")
        return employer

    return await once(db, caller, key, Employer, work)


async def read_employer(db: Database, employer_id: UUID) -> Employer:
    async with db.begin() as tx:
        found = await tables.find(tx, employer_id)
    if found is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    return found


async def list_employers(db: Database, last: UUID, limit: int) -> list[Employer]:
    async with db.begin() as tx:
        return await tables.list_after(tx, last, limit)
