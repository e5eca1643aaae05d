"""What can be done about employers and their contracts: add one, change the terms of a programme from a day on, look."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.vocabulary import Programme
from common.db import Database
from common.deadlines.calendar_versions import newest_calendar
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.employers import rules, tables
from scheduling.employers.rules import Contract, Terms
from scheduling.employers.tables import Employer

NOTHING = "There is nothing here that you may see."


async def add_employer(db: Database, caller: Principal, key: IdempotencyKey, employer: Employer, terms: Terms, now: datetime) -> Employer:
    """With the same terms for each of its programmes; the session limit is for EWS alone. Raises Problem."""
    first = [_first(employer.employer_id, programme, terms, now) for programme in employer.programmes]

    async def work(tx: AsyncConnection) -> Employer:
        if not await tables.insert(tx, employer):
            raise Problem("already_exists", "There is an employer with this id.", field="employer_id")
        await tables.add_versions(tx, first)
        return employer

    return await once(db, caller, key, Employer, work)


def _first(employer_id: UUID, programme: Programme, terms: Terms, now: datetime) -> Contract:
    mine = terms if programme is Programme.EWS else terms.model_copy(update={"session_limit": None})
    checked = rules.checked(mine, programme, employer_id)
    return Contract(
        **checked.model_dump(), employer_id=employer_id, programme=programme, version=1, applies_from=checked.starts_on, recorded_at=now
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms as they were agreed. Without `applies_from`: the first ones from their start, a change from today."""

    employer_id: UUID
    programme: Programme
    terms: Terms
    applies_from: date | None


async def agree_terms(db: Database, caller: Principal, key: IdempotencyKey, agreed: Agreement, now: datetime) -> Contract:
    """A new version; those before it stay. Raises Problem."""
    terms = rules.checked(agreed.terms, agreed.programme, agreed.employer_id)

    async def work(tx: AsyncConnection) -> Contract:
        if not await tables.lock(tx, agreed.employer_id):
            raise Problem("not_found", NOTHING)
        if terms.calendar != rules.FEDERAL and await newest_calendar(tx, terms.calendar, now) is None:
            raise Problem("invalid_request", "The employer has no calendar of its own yet.", field="calendar")
        earlier = [version for version in await tables.versions_of(tx, agreed.employer_id) if version.programme is agreed.programme]
        contract = Contract(
            **terms.model_dump(),
            employer_id=agreed.employer_id,
            programme=agreed.programme,
            version=1 + max((version.version for version in earlier), default=0),
            applies_from=agreed.applies_from or (rules.first_day(now) if earlier else terms.starts_on),
            recorded_at=now,
        )
        await tables.add_versions(tx, [contract])
        return contract

    return await once(db, caller, key, Contract, work)


async def read_employer(db: Database, employer_id: UUID) -> Employer:
    async with db.begin() as tx:
        found = await tables.find(tx, employer_id)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found


async def list_employers(db: Database, last: UUID, limit: int) -> list[Employer]:
    async with db.begin() as tx:
        return await tables.list_after(tx, last, limit)


async def list_versions(db: Database, employer_id: UUID, programme: Programme | None = None) -> list[Contract]:
    """By programme, the newest first."""
    async with db.begin() as tx:
        if await tables.find(tx, employer_id) is None:
            raise Problem("not_found", NOTHING)
        return [version for version in await tables.versions_of(tx, employer_id) if programme in (None, version.programme)]


async def read_contract(db: Database, employer_id: UUID, programme: Programme, on: date) -> Contract:
    """As of the day of service."""
    found = rules.as_of(await list_versions(db, employer_id), programme, on)
    if found is None:
        raise Problem("not_found", NOTHING)
    return found
