"""What can be done about clients: register one, look."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.never_kept import check_age
from common.problems import Problem
from scheduling.clients import rules, tables
from scheduling.clients.rules import Client
from scheduling.eligibility.usecases import open_coverage
from scheduling.employers import tables as employers
from scheduling.plans import tables as plans


async def register_client(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, client: Client, now: datetime) -> Client:
    """S1: covered from today on, and verified at once.

    Raises Problem: under_age before anything is stored (C12), and for an employer, plan or programme that is none.
    """
    check_age(client.birth_date, now.date())

    async def work(tx: AsyncConnection) -> Client:
        employer = await employers.find(tx, client.employer_id)
        if employer is None:
            raise Problem("unknown_employer", "No such employer.", field="employer_id")
        if await plans.find(tx, client.plan_id) is None:
            raise Problem("unknown_plan", "No such health plan.", field="plan_id")
        rules.check_offered(client.programme, employer.programmes)
        if not await tables.insert(tx, client):
            field = "client_id" if await tables.find(tx, client.client_id) else "member_id"
            raise Problem("already_exists", "There is a client with this id.", field=field)
        verified = await open_coverage(tx, client, now)
        await journal.append(tx, rules.registered(client, now), *verified)
        return client

    return await once(db, caller, key, Client, work)


async def read_client(db: Database, client_id: UUID) -> Client:
    async with db.begin() as tx:
        found = await tables.find(tx, client_id)
    if found is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    return found
