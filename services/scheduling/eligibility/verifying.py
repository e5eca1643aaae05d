"""Eligibility is verified when plan details arrive (S1), of one client or of many at once; all within somebody's transaction."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.scheduling import EligibilityVerified
from common.contracts.vocabulary import Programme
from common.journal import Journal
from scheduling.clients.rules import Client
from scheduling.eligibility import rules, tables, verdicts
from scheduling.eligibility.rules import Reason, Verdict
from scheduling.employers.tables import contracts_of
from scheduling.notifications.rules import Notice, Recipient
from scheduling.notifications.usecases import notify
from scheduling.plans.tables import plans_of

CLIENTS_AT_ONCE, NOTICES_AT_ONCE = 2000, 1000
Asked = tuple[Client, Programme, date]


def today(client: Client, now: datetime) -> date:
    return now.astimezone(ZoneInfo(client.time_zone)).date()


async def judge(tx: AsyncConnection, asked: Sequence[Asked], *, payer: bool = True) -> list[Verdict]:
    """By what is known now, with or without what the payer said last; the same few statements for one as for many."""
    ids = {client.client_id for client, _, _ in asked}
    periods = await tables.periods_of(tx, ids)
    answers = await tables.payer_answers(tx, ids) if payer else {}
    known = [period for each in periods.values() for period in each]
    contracts = await contracts_of(tx, {period.employer_id for period in known})
    plans = await plans_of(tx, {period.plan_id for period in known})
    found = []
    for client, programme, on in asked:
        mine = periods[client.client_id]
        verdict = rules.verdict(client, mine, contracts, plans, programme, on)
        found.append(rules.with_payer(verdict, answers.get((client.client_id, programme)), mine))
    return found


async def record(tx: AsyncConnection, found: Sequence[Verdict], now: datetime) -> Sequence[EligibilityVerified]:
    """Keeps what differs from what was found last, and tells whom a plan that cannot be processed concerns (S2)."""
    last = await verdicts.last_verdicts(tx, {verdict.client_id for verdict in found})
    changed = [verdict for verdict in found if rules.differs(verdict, last.get((verdict.client_id, verdict.programme)))]
    await verdicts.keep(tx, changed, now)
    await _tell(tx, [verdict for verdict in changed if verdict.reason is Reason.PLAN], now)
    return [rules.verified(verdict, now) for verdict in changed]


async def verify_all(tx: AsyncConnection, journal: Journal, clients: Collection[Client], now: datetime) -> None:
    """As of today where each client lives. The caller holds their locks.

    In parts, so that a file of many leaves room for other requests between them; the journal's heads are taken at the very end.
    """
    events: list[EligibilityVerified] = []
    ordered = list(clients)
    for first in range(0, len(ordered), CLIENTS_AT_ONCE):
        events += await _verify(tx, ordered[first : first + CLIENTS_AT_ONCE], now)
        await asyncio.sleep(0)
    connection = (await tx.get_raw_connection()).driver_connection
    assert connection is not None
    await journal.append_event(connection, *events)


async def _verify(tx: AsyncConnection, clients: Sequence[Client], now: datetime) -> Sequence[EligibilityVerified]:
    mine = {client.client_id: client for client in clients}
    last = await verdicts.last_verdicts(tx, mine)
    pairs = sorted({(client.client_id, client.programme) for client in clients} | last.keys())
    found = await judge(tx, [(mine[of], programme, today(mine[of], now)) for of, programme in pairs])
    await tables.move_clients(tx, [move for verdict in found if (move := _move(mine[verdict.client_id], verdict))])
    return await record(tx, found, now)


async def verify_plan(tx: AsyncConnection, journal: Journal, plan_id: UUID, now: datetime) -> None:
    """Of everybody whom the plan covers."""
    clients = await tables.clients_of(tx, await tables.covered_by(tx, plan_id=plan_id), lock=True)
    await verify_all(tx, journal, clients.values(), now)


def _move(client: Client, found: Verdict) -> tuple[UUID, UUID, UUID] | None:
    """The client's row follows what holds today for the programme that they are in."""
    moved = found.programme is client.programme and (found.employer_id, found.plan_id) != (client.employer_id, client.plan_id)
    return (client.client_id, found.employer_id, found.plan_id) if moved else None


async def _tell(tx: AsyncConnection, found: Sequence[Verdict], now: datetime) -> None:
    """S2: the client, and the provider of each of their open requests."""
    by_client = {verdict.client_id: verdict for verdict in found}
    notices = [
        Notice(Recipient("client", v.client_id), "plan_not_processable_client", f"plan_not_processable:{v.plan_id}:{v.as_of}", v.plan_id)
        for v in by_client.values()
    ]
    for client_id, provider_id, request_id in await verdicts.open_requests(tx, by_client) if found else ():
        reason = f"plan_not_processable:{request_id}:{by_client[client_id].as_of}"
        notices.append(Notice(Recipient("provider", provider_id), "plan_not_processable_provider", reason, request_id))
    for first in range(0, len(notices), NOTICES_AT_ONCE):
        await notify(tx, notices[first : first + NOTICES_AT_ONCE], now)
