"""What a client can do about coverage terms: look at them, and choose how to go on after the contract's last visit (S13)."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.vocabulary import Programme
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.clients.rules import Client
from scheduling.coverage import rules, tables
from scheduling.coverage.rules import Account, CoverageChoice, Funding
from scheduling.coverage.usecases import account_on
from scheduling.eligibility import verifying
from scheduling.eligibility.tables import clients_of
from scheduling.plans.tables import find as find_plan

NOTHING = "There is nothing here that you may see."


class CoverageTerms(BaseModel):
    """Of a visit on that day. What is counted is absent where nothing is."""

    client_id: UUID
    programme: Programme
    on: date
    funding: Funding
    copay_applies: bool
    copay_cents: int | None = None
    """Absent where no copay applies, and where it is not known."""
    limit: int | None = None
    used: int | None = None
    scheduled: int | None = None
    left: int | None = None
    period_starts_on: date | None = None
    period_ends_on: date | None = None
    choice: CoverageChoice | None = None
    may_choose: bool = False


class CoverageChoiceMade(BaseModel):
    client_id: UUID
    programme: Programme
    choice: CoverageChoice
    period_ends_on: date
    """Until when it counts: then the contract's visits are counted anew."""


async def read_terms(db: Database, client_id: UUID, programme: Programme, on: date | None, now: datetime) -> CoverageTerms:
    """Without a day: today, where the client lives."""
    async with db.begin() as tx:
        client = await _client(tx, client_id)
        on = on or verifying.today(client, now)
        account = await account_on(tx, client, programme, on)
        plan = await find_plan(tx, (await verifying.judge(tx, [(client, programme, on)]))[0].plan_id)
    employer_pays = account is not None and account.left > 0
    copay = None if employer_pays or plan is None else plan.copay_cents
    terms = CoverageTerms(
        client_id=client_id,
        programme=programme,
        on=on,
        funding="employer" if employer_pays else "insurance",
        copay_applies=not employer_pays,
        copay_cents=copay,
    )
    return terms if account is None else terms.model_copy(update=_counted(account))


def _counted(account: Account) -> dict[str, object]:
    return {
        "limit": account.limit,
        "used": account.used,
        "scheduled": len(account.visits) - account.used,
        "left": account.left,
        "period_starts_on": account.first,
        "period_ends_on": account.last,
        "choice": account.choice,
        "may_choose": account.left <= 1,
    }


async def choose_coverage(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, asked: tuple[UUID, Programme, CoverageChoice], now: datetime
) -> CoverageChoiceMade:
    """May be changed until the period ends. Raises Problem while more than one visit is left."""
    client_id, programme, choice = asked

    async def work(tx: AsyncConnection) -> CoverageChoiceMade:
        client = await _client(tx, client_id, lock=True)
        account = rules.check_may_choose(await account_on(tx, client, programme, verifying.today(client, now)))
        if account.choice is not choice:
            await tables.choose(tx, client_id, programme, account, choice, now)
            await journal.append(tx, rules.chosen(client_id, programme, choice, now))
        return CoverageChoiceMade(client_id=client_id, programme=programme, choice=choice, period_ends_on=account.last)

    return await once(db, caller, key, CoverageChoiceMade, work)


async def _client(tx: AsyncConnection, client_id: UUID, *, lock: bool = False) -> Client:
    found = (await clients_of(tx, [client_id], lock=lock)).get(client_id)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found
