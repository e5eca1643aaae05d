"""What can be done about a visit's coverage (S13): hold a place for it, give that up, move it, settle it; choose how to go on.

Callers hold the lock on the client's row: visits of one client are counted one after the other.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.event import Event
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.clients import tables as clients
from scheduling.clients.rules import Client
from scheduling.coverage import rules, tables
from scheduling.coverage.rules import INSURED, Account, Visit, VisitState, VisitTerms
from scheduling.eligibility import verifying
from scheduling.eligibility.rules import Reason, Verdict
from scheduling.employers.rules import as_of, limit_period
from scheduling.employers.tables import versions_of
from scheduling.notifications.rules import Notice, Recipient
from scheduling.notifications.usecases import notify

EMPLOYER_PAYS_NOTHING = (Reason.NO_COVERAGE, Reason.NOT_EMPLOYED, Reason.NOT_OFFERED, Reason.NOT_IN_FORCE)
"""Where the plan or the state is what is wrong, visits are still the contract's to count."""


async def reserve(tx: AsyncConnection, *, client_id: UUID, programme: Programme, appointment_id: UUID, starts_on: date) -> VisitTerms:
    """At scheduling a session. Raises Problem: visit_limit_reached where no visit is left and the client does not go on with
    insurance; not_eligible where the employer's contract does not cover the client on that day."""
    client = await _client(tx, client_id)
    account = await account_on(tx, client, programme, starts_on)
    terms = INSURED if programme is not Programme.EWS else rules.planned(account, appointment_id)
    employer_id = account.employer_id if account else client.employer_id
    place = Visit(appointment_id, client_id, employer_id, programme, starts_on, VisitState.RESERVED, "insurance", None, None)
    await tables.put(tx, _with(place, terms))
    return terms


async def release(tx: AsyncConnection, appointment_id: UUID) -> None:
    """Cancelled or missed: not counted. Releasing what holds no place is no error, and what was held stays."""
    await tables.remove(tx, appointment_id)


async def move(tx: AsyncConnection, appointment_id: UUID, starts_on: date) -> VisitTerms | None:
    """Rescheduled, perhaps into another limit period. None where the appointment holds no place. Raises Problem like `reserve`."""
    visit = await tables.find(tx, appointment_id)
    if visit is None or visit.state is VisitState.HELD:
        return None
    return await reserve(tx, client_id=visit.client_id, programme=visit.programme, appointment_id=appointment_id, starts_on=starts_on)


async def settle(
    tx: AsyncConnection, *, appointment_id: UUID, client_id: UUID, provider_id: UUID, programme: Programme, held_on: date, now: datetime
) -> tuple[VisitTerms, Sequence[Event]]:
    """At held: the visit's terms for billing, and before and at the last one the client and the provider are told. Once."""
    earlier = await tables.find(tx, appointment_id)
    if earlier is not None and earlier.state is VisitState.HELD:
        return _terms_of(earlier), []
    client = await _client(tx, client_id)
    account = await account_on(tx, client, programme, held_on)
    terms = rules.held(account, appointment_id)
    employer_id = account.employer_id if account else client.employer_id
    visit = _with(Visit(appointment_id, client_id, employer_id, programme, held_on, VisitState.HELD, "insurance", None, None), terms)
    await tables.put(tx, visit)
    if account is not None:
        await notify(tx, _news(account, visit, terms, provider_id), now)
    return terms, rules.covered(visit, terms, provider_id, now)


async def account_on(tx: AsyncConnection, client: Client, programme: Programme, on: date) -> Account | None:
    """With whom the client is employed on the day of service. None where nothing is counted, or the employer pays for nothing."""
    if programme is not Programme.EWS:
        return None
    found: Verdict = (await verifying.judge(tx, [(client, programme, on)]))[0]
    contract = as_of(await versions_of(tx, found.employer_id), programme, on)
    if found.reason in EMPLOYER_PAYS_NOTHING or contract is None or contract.session_limit is None:
        return None
    first, last = limit_period(contract, on)
    return await tables.filled(tx, client.client_id, programme, Account(found.employer_id, contract.session_limit, first, last))


def _with(visit: Visit, terms: VisitTerms) -> Visit:
    return replace(visit, funding=terms.funding, number=terms.visit_number, limit=terms.visit_limit)


def _terms_of(visit: Visit) -> VisitTerms:
    if visit.number is None or visit.limit is None:
        return INSURED
    return VisitTerms("employer", False, visit.number, visit.limit, visit.limit - visit.number)


def _news(account: Account, visit: Visit, terms: VisitTerms, provider_id: UUID) -> list[Notice]:
    """C16: a provider is told that one is left, or none, and never how many there were."""
    year = f"{visit.programme}:{visit.employer_id}:{account.first}:{terms.visit_limit}"
    client, provider = Recipient("client", visit.client_id), Recipient("provider", provider_id)
    if terms.left == 1:
        return [
            Notice(client, "visit_one_left_client", f"visit_one_left:{year}", visit.appointment_id),
            Notice(provider, "visit_one_left_provider", f"visit_one_left:{visit.client_id}:{year}", visit.appointment_id),
        ]
    if terms.left == 0:
        told = [Notice(provider, "visit_limit_reached_provider", f"visit_limit:{visit.client_id}:{year}", visit.appointment_id)]
        asked = [Notice(client, "visit_limit_choice_client", f"visit_limit:{year}", visit.appointment_id)]
        return told + (asked if account.choice is None else [])
    return []


async def _client(tx: AsyncConnection, client_id: UUID) -> Client:
    found = await clients.find(tx, client_id)
    if found is None:
        raise Problem("unknown_client", "No such client.", field="client_id")
    return found
