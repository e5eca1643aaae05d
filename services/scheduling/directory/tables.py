"""`directory_listing`: who may be asked by whom, on which days, and what filters ask for. `directory_text`: what is said of them.

Both are written in the transaction of every change of a provider.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from scheduling.availability.openings import next_opening
from scheduling.directory.rules import Candidate, listings, practice, spoken, traits
from scheduling.geography import zone_of
from scheduling.providers.record import Provider
from scheduling.providers.tables import provider
from scheduling.schema import metadata

directory_listing = sa.Table(
    "directory_listing",
    metadata,
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date, nullable=False),
    # The same in all rows of a provider: a search reads this table alone, a state and a plan at a time.
    sa.Column("traits", pg.ARRAY(sa.Text), nullable=False),
    sa.PrimaryKeyConstraint("state", "plan_id", "provider_id", "from_on", "until_on"),
)

directory_text = sa.Table(
    "directory_text",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("words", pg.TSVECTOR, nullable=False),
    sa.Index("directory_text_words_idx", "words", postgresql_using="gin"),
)

# Names and codes are found as they are written and by their stems, profiles by stems alone.
SAY = sa.text("""
insert into directory_text (provider_id, words)
values (:provider_id,
        setweight(to_tsvector('simple', :name), 'A') || setweight(to_tsvector('english', :name), 'A') ||
        setweight(to_tsvector('simple', :practice), 'B') || setweight(to_tsvector('english', :practice), 'B') ||
        setweight(to_tsvector('english', :profile), 'C'))
on conflict (provider_id) do update set words = excluded.words""").bindparams(sa.bindparam("provider_id", type_=pg.UUID(as_uuid=True)))

# A state may have a hundred providers or five thousand: one plan for all of them is ten times slower for most.
PLAN_ANEW = sa.text("set local plan_cache_mode = force_custom_plan")


async def index(tx: AsyncConnection, indexed: Provider) -> None:
    """As the provider is now. The provider's row is locked or new."""
    rows = rows_of(indexed)
    for table in (directory_listing, directory_text) if not rows else (directory_listing,):
        await tx.execute(sa.delete(table).where(table.c.provider_id == indexed.provider_id))
    if rows:
        await tx.execute(sa.insert(directory_listing), rows)
        await tx.execute(SAY, said(indexed))


def rows_of(indexed: Provider) -> list[dict[str, object]]:
    has = {"provider_id": indexed.provider_id, "traits": traits(indexed)}
    return [asdict(listing) | has for listing in listings(indexed)]


def said(indexed: Provider) -> Mapping[str, object]:
    """What SAY takes."""
    return {"provider_id": indexed.provider_id, "name": indexed.name, "practice": practice(indexed), "profile": indexed.profile}


def listed(state: str | None, plan_id: UUID | None, today: date, *filters: sa.ColumnElement[bool]) -> sa.Select[tuple[UUID, list[str]]]:
    """Each provider once. Programmes are among the traits."""
    c = directory_listing.c
    asked = [(c.state, state), (c.plan_id, plan_id)]
    where = [column == value for column, value in asked if value is not None]
    return (
        sa.select(c.provider_id, sa.func.any_value(c.traits).label("traits"))
        .where(c.from_on <= today, c.until_on >= today, *where, *filters)
        .group_by(c.provider_id)
    )


def has(*of: str) -> sa.ColumnElement[bool]:
    """Any of these traits."""
    overlap: sa.ColumnElement[bool] = directory_listing.c.traits.overlap(array(of))
    return overlap


def opening(now: datetime) -> sa.Subquery:
    """What was open and is over by now is no open slot, whenever it was last computed."""
    return sa.select(next_opening.c.provider_id, next_opening.c.starts_at).where(next_opening.c.starts_at > now).subquery("opening")


def shuffled(provider_id: sa.ColumnElement[UUID], seed: int) -> sa.ColumnElement[int]:
    return sa.func.uuid_hash_extended(provider_id, sa.cast(seed, sa.BigInteger))


def array(values: Collection[str]) -> sa.ColumnElement[Any]:
    return sa.cast(sorted(values), pg.ARRAY(sa.Text))


async def candidates(
    tx: AsyncConnection,
    *,
    programme: Programme,
    state: str,
    plan_id: UUID,
    today: date,
    language: str | None,
    specialties: Collection[str],
    exclude: Collection[UUID],
    limit: int,
    only: Collection[UUID] | None = None,
) -> list[Candidate]:
    """For Client Matching: who may be asked. Those of this language first, then most of the specialties, then who is open soonest.

    `only` are people's own proposals: these are not left out where they take no new clients at the moment.
    """
    wanted = [has(f"programme:{programme}"), directory_listing.c.provider_id.not_in(exclude)]
    wanted.append(has("accepting") if only is None else directory_listing.c.provider_id.in_(only))
    found = listed(state, plan_id, today, *wanted).subquery()
    p, open_slot = provider.c, opening(datetime.combine(today, time(), ZoneInfo(zone_of(state))))
    await tx.execute(PLAN_ANEW)
    rows = await tx.execute(
        sa.select(p.provider_id, p.name, found.c.traits, p.specialties, open_slot.c.starts_at)
        .join(found, found.c.provider_id == p.provider_id)
        .outerjoin(open_slot, open_slot.c.provider_id == p.provider_id)
        .order_by(*_wished(found.c.traits, language, specialties), open_slot.c.starts_at.nulls_last())
        .order_by(shuffled(p.provider_id, today.toordinal()))
        .limit(limit)
    )
    return [Candidate(row.provider_id, row.name, spoken(row.traits), row.specialties, row.starts_at) for row in rows]


def _wished(of: sa.ColumnElement[list[str]], language: str | None, specialties: Collection[str]) -> list[sa.ColumnElement[Any]]:
    among = sa.func.unnest(provider.c.specialties).table_valued("code").render_derived()
    shared = sa.select(sa.func.count()).where(among.c.code.in_(sorted(specialties))).scalar_subquery()
    understood = [(sa.literal(f"language:{language.lower()}") == sa.any_(of)).desc()] if language else []
    return [*understood, shared.desc()]
