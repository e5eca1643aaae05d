"""What can be done about a client's coverage: look, add a period, end one, verify eligibility (S1, S2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.event import Event
from common.contracts.vocabulary import Programme
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.clients.rules import Client
from scheduling.eligibility import rules, tables, verifying
from scheduling.eligibility.changes import Ledger, Statement, ledger
from scheduling.eligibility.check import EligibilityCheck, Inquiry, Outcome, embedded
from scheduling.eligibility.rules import PayerAnswer, Period, Source, Verdict
from scheduling.employers.tables import contracts_of
from scheduling.plans.tables import find as find_plan

NOTHING = "There is nothing here that you may see."


class Periods(BaseModel):
    """A client's coverage, by first day."""

    items: list[Period]


async def check_eligible(
    tx: AsyncConnection, client_id: UUID, programme: Programme, on: date, now: datetime
) -> tuple[Verdict, Sequence[Event]]:
    """On a day of service, by what is known now; the events to append where it is not what was found last.

    The caller holds the lock on the client's row. Raises Problem where there is no such client.
    """
    client = await _client(tx, client_id)
    found = (await verifying.judge(tx, [(client, programme, on)]))[0]
    return found, await verifying.record(tx, [found], now)


async def open_coverage(tx: AsyncConnection, client: Client, now: datetime) -> Sequence[Event]:
    """Of a client who is registered right now: from today on where they live, and verified at once (S1)."""
    opened = ledger([], Source.REGISTRATION, now)
    on = verifying.today(client, now)
    opened.state(Statement(client.client_id, client.employer_id, client.plan_id, on))
    await tables.change(tx, [], opened.added, now)
    return await verifying.record(tx, await verifying.judge(tx, [(client, client.programme, on)]), now)


async def read_eligibility(db: Database, client_id: UUID, programme: Programme, on: date | None, now: datetime) -> Verdict:
    """By what is known now, the payer's last answer included. Without a day: today, where the client lives."""
    async with db.begin() as tx:
        client = await _client(tx, client_id)
        return (await verifying.judge(tx, [(client, programme, on or verifying.today(client, now))]))[0]


async def list_coverage(db: Database, client_id: UUID, known_at: datetime | None) -> Periods:
    """What is known now; with `known_at` what was known then."""
    async with db.begin() as tx:
        await _client(tx, client_id)
        found = (await tables.periods_of(tx, [client_id], superseded=known_at is not None))[client_id]
    return Periods(items=found if known_at is None else rules.known_at(found, known_at))


async def add_coverage(db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, said: Statement, now: datetime) -> Periods:
    """Raises Problem for an employer or plan that is none."""
    if said.ends_on is not None and said.ends_on < said.starts_on:
        raise Problem("invalid_request", "Coverage ends after it starts.", field="ends_on")

    async def work(tx: AsyncConnection) -> Periods:
        if said.employer_id not in await contracts_of(tx, [said.employer_id]):
            raise Problem("unknown_employer", "No such employer.", field="employer_id")
        if await find_plan(tx, said.plan_id) is None:
            raise Problem("unknown_plan", "No such health plan.", field="plan_id")
        return await _change(tx, journal, said.client_id, lambda mine: mine.state(said), now)

    return await once(db, caller, key, Periods, work)


async def end_coverage(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, client_id: UUID, period_id: UUID, last_day: date, now: datetime
) -> Periods:
    """On its last day the coverage still holds. Raises Problem where there is no such period that goes on after it."""

    def end(mine: Ledger) -> None:
        if not mine.end(last_day, lambda period: period.period_id == period_id):
            raise Problem("not_found", "No such coverage goes on after that day.")

    async def work(tx: AsyncConnection) -> Periods:
        return await _change(tx, journal, client_id, end, now)

    return await once(db, caller, key, Periods, work)


async def _change(tx: AsyncConnection, journal: Journal, client_id: UUID, change: Callable[[Ledger], None], now: datetime) -> Periods:
    client = await _client(tx, client_id, lock=True)
    mine = ledger((await tables.periods_of(tx, [client_id]))[client_id], Source.API, now)
    change(mine)
    await tables.change(tx, mine.superseded, mine.added, now)
    await verifying.verify_all(tx, journal, [client], now)
    return Periods(items=sorted(mine.known, key=lambda period: (period.starts_on, period.recorded_at, period.period_id)))


@dataclass(frozen=True, slots=True)
class Question:
    client_id: UUID
    programme: Programme
    on: date | None = None


async def ask_payer(db: Database, journal: Journal, check: EligibilityCheck, question: Question, now: datetime) -> Verdict:
    """Asks outside any transaction, and judges anew with the answer: the coverage may have changed meanwhile."""
    async with db.begin() as tx:
        client = await _client(tx, question.client_id)
        on = question.on or verifying.today(client, now)
        found = (await verifying.judge(tx, [(client, question.programme, on)], payer=False))[0]
        plan = await find_plan(tx, found.plan_id)
    outcome = await check(Inquiry(found, client.member_id, plan.payer_id if plan else None))
    async with db.begin() as tx:
        client = await _client(tx, question.client_id, lock=True)
        if outcome in (Outcome.ACTIVE, Outcome.INACTIVE):
            active = outcome is Outcome.ACTIVE
            await tables.keep_answer(tx, PayerAnswer(client.client_id, question.programme, found.plan_id, on, active, now))
        judged = (await verifying.judge(tx, [(client, question.programme, on)]))[0]
        if outcome is Outcome.UNAVAILABLE:
            judged = judged.model_copy(update={"source": "payer_unavailable"})
        await journal.append(tx, *await verifying.record(tx, [judged], now))
    return judged


async def ask_payer_of_client(db: Database, journal: Journal, check: EligibilityCheck, client_id: UUID, now: datetime) -> None:
    """After plan details have arrived and are committed (S1): about the client's own programme, today."""
    if check is embedded:
        return
    async with db.begin() as tx:
        client = await _client(tx, client_id)
    await ask_payer(db, journal, check, Question(client_id, client.programme), now)


async def _client(tx: AsyncConnection, client_id: UUID, *, lock: bool = False) -> Client:
    found = (await tables.clients_of(tx, [client_id], lock=lock)).get(client_id)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found
