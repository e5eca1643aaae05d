"""What can be done about providers: add, look, change, join a programme, leave it, leave the insurance programme, ask why not listed."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.problems import Problem
from scheduling.directory import tables as directory
from scheduling.geography import zone_of
from scheduling.providers import rules, tables
from scheduling.providers.record import Provider, ProviderRecord, TermsAgreed
from scheduling.providers.requirements import Unmet, unmet


async def add_provider(
    db: Database, caller: Principal, key: IdempotencyKey, provider: Provider, joining: tuple[TermsAgreed, ...], now: datetime
) -> Provider:
    """Raises Problem: already_exists, and requirement_not_met where a programme cannot be joined."""
    added = rules.placed(provider)
    for terms in joining:
        added = rules.join(added, terms, now)

    async def work(tx: AsyncConnection) -> Provider:
        if not await tables.insert(tx, added):
            raise Problem("already_exists", "There is a provider with this id.", field="provider_id")
        await directory.index(tx, added)
        return added

    return await once(db, caller, key, Provider, work)


async def read_provider(db: Database, provider_id: UUID) -> Provider:
    async with db.begin() as tx:
        return known(await tables.find(tx, provider_id))


async def list_providers(db: Database, state: str | None, last: UUID, limit: int) -> list[Provider]:
    async with db.begin() as tx:
        return await tables.list_after(tx, state, last, limit)


async def change_provider(db: Database, caller: Principal, provider_id: UUID, record: ProviderRecord, on_version: int) -> Provider:
    """Raises Problem where the record has changed since, or the caller may not change all of this."""
    by_themselves = caller.role is Role.PROVIDER
    async with db.begin() as tx:
        return await _change(tx, provider_id, lambda before: rules.rewrite(before, record, on_version, by_themselves=by_themselves))


async def join_programme(
    db: Database, caller: Principal, key: IdempotencyKey, provider_id: UUID, terms: TermsAgreed, now: datetime
) -> Provider:
    """Raises Problem requirement_not_met with all that is missing (S3)."""

    async def work(tx: AsyncConnection) -> Provider:
        before = known(await tables.find(tx, provider_id, lock=True))
        after = rules.join(before, terms, now)
        if after is not before:
            await tables.join(tx, provider_id, after.participations[-1])
            await directory.index(tx, after)
        return after

    return await once(db, caller, key, Provider, work)


async def leave_programme(
    db: Database, caller: Principal, key: IdempotencyKey, provider_id: UUID, programme: Programme, now: datetime
) -> Provider:
    """S4: at once."""

    async def work(tx: AsyncConnection) -> Provider:
        before = known(await tables.find(tx, provider_id, lock=True))
        after = rules.leave(before, programme, now)
        if rules.current(before, programme):
            await tables.leave(tx, provider_id, programme, now)
            await directory.index(tx, after)
        return after

    return await once(db, caller, key, Provider, work)


async def give_notice(db: Database, caller: Principal, key: IdempotencyKey, provider_id: UUID, now: datetime) -> Provider:
    """S4: the insurance programme is left in 30 days."""

    async def work(tx: AsyncConnection) -> Provider:
        return await _change(tx, provider_id, lambda before: rules.give_notice(before, before.today(now)))

    return await once(db, caller, key, Provider, work)


async def withdraw_notice(db: Database, provider_id: UUID, now: datetime) -> Provider:
    async with db.begin() as tx:
        return await _change(tx, provider_id, lambda before: rules.withdraw_notice(before, before.today(now)))


async def _change(tx: AsyncConnection, provider_id: UUID, changed: Callable[[Provider], Provider]) -> Provider:
    before = known(await tables.find(tx, provider_id, lock=True))
    after = changed(before)
    if after is not before:
        await tables.change(tx, after)
        await directory.index(tx, after)
    return after


async def listed(
    tx: AsyncConnection, provider_id: UUID, programme: Programme, state: str, plan_id: UUID | None, today: date
) -> list[Unmet]:
    """Empty: the provider may be asked. Raises Problem where there is none."""
    found = await tables.find(tx, provider_id)
    if found is None:
        raise Problem("unknown_provider", "No such provider.", field="provider_id")
    return unmet(found, programme, state, plan_id, today)


async def explain_listing(
    db: Database, provider_id: UUID, programme: Programme, state: str | None, plan_id: UUID | None, now: datetime
) -> tuple[date, list[Unmet]]:
    """As of which day, and all that is not met: in the state's zone, else in the provider's own."""
    zone = None if state is None else ZoneInfo(zone_of(state))
    provider = await read_provider(db, provider_id)
    today = now.astimezone(zone).date() if zone else provider.today(now)
    return today, unmet(provider, programme, state, plan_id, today)


def known(provider: Provider | None) -> Provider:
    if provider is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    return provider
