"""Who may see what is about a client."""

from uuid import UUID

from assessments.care import tables
from common.auth import Principal, Role
from common.db import Database
from common.problems import Problem


async def check_may_see(db: Database, caller: Principal, client_id: UUID) -> None:
    """A client sees their own, a provider that of the clients in their care, operations all. Raises Problem alike for all others."""
    caller.own(Role.CLIENT, client_id)
    if caller.role is Role.PROVIDER:
        async with db.begin() as tx:
            if caller.id not in await tables.providers_of(tx, client_id):
                raise Problem("not_found", "There is nothing here that you may see.")
