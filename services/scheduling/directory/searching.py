"""The directory's questions. Each is one statement that looks at nobody who may not be asked today."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from scheduling.directory.rules import Order, Place
from scheduling.directory.tables import PLAN_ANEW, directory_listing, directory_text, has, listed, opening, shuffled
from scheduling.providers.tables import provider

NEVER = 2**63 - 1
"""The key of whoever has no open slot: behind all others."""


@dataclass(frozen=True, slots=True)
class Search:
    """Of several values of one filter any will do; the filters all have to."""

    order: Order
    limit: int
    state: str | None = None
    programme: Programme | None = None
    plan_id: UUID | None = None
    any_of: Sequence[Collection[str]] = ()
    """Traits, a collection a filter."""
    none_of: Collection[str] = ()
    q: str | None = None
    open_before: datetime | None = None
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Found:
    provider: RowMapping
    next_open_at: datetime | None
    key: int
    states: list[str]


async def search(tx: AsyncConnection, asked: Search, seed: int, today: date, now: datetime) -> list[Found]:
    """One more than the limit, where there is one: whether there is another page."""
    page, open_slot = _page(asked, seed, today, now).cte("page"), opening(now)
    wanted = (
        sa.select(provider, page.c.key, open_slot.c.starts_at, _states(today))
        .join(page, page.c.provider_id == provider.c.provider_id)
        .outerjoin(open_slot, open_slot.c.provider_id == provider.c.provider_id)
        .order_by(page.c.key, page.c.provider_id)
    )
    await tx.execute(PLAN_ANEW)
    rows = (await tx.execute(wanted)).mappings()
    return [Found(row, row["starts_at"], row["key"], sorted(row["states"])) for row in rows]


def _page(asked: Search, seed: int, today: date, now: datetime) -> sa.Select[Any]:
    filters = [has(*traits) for traits in asked.any_of] + ([~has(*asked.none_of)] if asked.none_of else [])
    if asked.programme is not None:
        filters.append(has(f"programme:{asked.programme}"))
    found, open_slot = listed(asked.state, asked.plan_id, today, *filters).subquery("found"), opening(now)
    key = _key(asked, seed, found.c.provider_id, open_slot.c.starts_at).label("key")
    page = sa.select(found.c.provider_id, key).select_from(found)
    if asked.q is not None:
        page = page.join(directory_text, directory_text.c.provider_id == found.c.provider_id)
        page = page.where(directory_text.c.words.op("@@")(_query(asked.q)))
    if asked.order == "next_open" or asked.open_before is not None:
        page = page.outerjoin(open_slot, open_slot.c.provider_id == found.c.provider_id)
    if asked.open_before is not None:
        page = page.where(open_slot.c.starts_at < asked.open_before)
    if asked.after is not None:
        last = sa.tuple_(sa.cast(asked.after.key, sa.BigInteger), asked.after.provider_id)
        page = page.where(sa.tuple_(key, found.c.provider_id) > last)
    return page.order_by(key, found.c.provider_id).limit(asked.limit + 1)


def _states(today: date) -> sa.Label[Any]:
    c = directory_listing.c
    of_provider = sa.select(sa.func.array_agg(sa.distinct(c.state))).where(c.provider_id == provider.c.provider_id)
    return of_provider.where(c.from_on <= today, c.until_on >= today).scalar_subquery().label("states")


def _key(asked: Search, seed: int, provider_id: sa.ColumnElement[UUID], starts_at: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """S5, without favouring: by chance, of which everybody has as much as the others. What is smaller comes first."""
    if asked.order == "next_open":
        microseconds = sa.extract("epoch", starts_at) * 1_000_000
        return sa.func.coalesce(sa.cast(microseconds, sa.BigInteger), sa.cast(NEVER, sa.BigInteger))
    if asked.order == "relevance" and asked.q is not None:
        return sa.cast(sa.func.ts_rank(directory_text.c.words, _query(asked.q)) * -1e9, sa.BigInteger)
    return shuffled(provider_id, seed)


def _query(q: str) -> sa.ColumnElement[Any]:
    """What people type: words, "a phrase", or, -without. Never an error, whatever it is.

    A word may stand as it is or as its stem. What is excluded is so in every form: there the stem alone is asked for.
    """
    english = sa.func.websearch_to_tsquery(sa.cast("english", pg.REGCONFIG), q)
    if "-" in q:
        return english
    return sa.func.websearch_to_tsquery(sa.cast("simple", pg.REGCONFIG), q).op("||")(english)
