"""`directory_entry`: what is searched. `directory_listing`: who may be asked by whom, on which days.

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

directory_entry = sa.Table(
    "directory_entry",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("traits", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("words", pg.TSVECTOR, nullable=False),
    sa.Index("directory_entry_traits_idx", "traits", postgresql_using="gin"),
    sa.Index("directory_entry_words_idx", "words", postgresql_using="gin"),
)

directory_listing = sa.Table(
    "directory_listing",
    metadata,
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("plan_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("provider_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date, nullable=False),
    sa.PrimaryKeyConstraint("state", "programme", "plan_id", "provider_id", "from_on", "until_on"),
)


# Names and codes are found as they are written and by their stems, profiles by stems alone.
ENTER = sa.text("""
insert into directory_entry (provider_id, traits, words)
values (:provider_id, :traits,
        setweight(to_tsvector('simple', :name), 'A') || setweight(to_tsvector('english', :name), 'A') ||
        setweight(to_tsvector('simple', :practice), 'B') || setweight(to_tsvector('english', :practice), 'B') ||
        setweight(to_tsvector('english', :profile), 'C'))
on conflict (provider_id) do update set traits = excluded.traits, words = excluded.words""").bindparams(
    sa.bindparam("provider_id", type_=pg.UUID(as_uuid=True)), sa.bindparam("traits", type_=pg.ARRAY(sa.Text))
)


async def index(tx: AsyncConnection, indexed: Provider) -> None:
    """As the provider is now. The provider's row is locked or new."""
    listed = listings(indexed)
    await tx.execute(sa.delete(directory_listing).where(directory_listing.c.provider_id == indexed.provider_id))
    if not listed:
        await tx.execute(sa.delete(directory_entry).where(directory_entry.c.provider_id == indexed.provider_id))
        return
    await tx.execute(sa.insert(directory_listing), [asdict(each) | {"provider_id": indexed.provider_id} for each in listed])
    await tx.execute(ENTER, entry_of(indexed))


def entry_of(indexed: Provider) -> Mapping[str, object]:
    """What ENTER takes."""
    said = {"name": indexed.name, "practice": practice(indexed), "profile": indexed.profile}
    return {"provider_id": indexed.provider_id, "traits": traits(indexed), **said}


def listed(state: str | None, programme: Programme | None, plan_id: UUID | None, today: date) -> sa.Select[tuple[UUID]]:
    c = directory_listing.c
    asked = [(c.state, state), (c.programme, programme), (c.plan_id, plan_id)]
    return sa.select(c.provider_id).where(
        c.from_on <= today, c.until_on >= today, *(column == value for column, value in asked if value is not None)
    )


def opening(now: datetime) -> sa.Subquery:
    """What was open and is over by now is no open slot, whenever it was last computed."""
    return sa.select(next_opening.c.provider_id, next_opening.c.starts_at).where(next_opening.c.starts_at > now).subquery("opening")


def shuffled(seed: int) -> sa.ColumnElement[int]:
    return sa.func.uuid_hash_extended(directory_entry.c.provider_id, sa.cast(seed, sa.BigInteger))


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
    e, p = directory_entry.c, provider.c
    open_slot = opening(datetime.combine(today, time(), ZoneInfo(zone_of(state))))
    wanted = (
        sa.select(p.provider_id, p.name, e.traits, p.specialties, open_slot.c.starts_at)
        .join(directory_entry, e.provider_id == p.provider_id)
        .outerjoin(open_slot, open_slot.c.provider_id == p.provider_id)
        .where(e.provider_id.in_(listed(state, programme, plan_id, today)), e.provider_id.not_in(exclude))
        .where(e.traits.overlap(array(["accepting"])) if only is None else e.provider_id.in_(only))
        .order_by(*_wished(language, specialties), open_slot.c.starts_at.nulls_last(), shuffled(today.toordinal()))
        .limit(limit)
    )
    return [Candidate(row.provider_id, row.name, spoken(row.traits), row.specialties, row.starts_at) for row in await tx.execute(wanted)]


def _wished(language: str | None, specialties: Collection[str]) -> list[sa.ColumnElement[Any]]:
    among = sa.func.unnest(provider.c.specialties).table_valued("code").render_derived()
    shared = sa.select(sa.func.count()).where(among.c.code.in_(sorted(specialties))).scalar_subquery()
    understood = [directory_entry.c.traits.overlap(array([f"language:{language.lower()}"])).desc()] if language else []
    return [*understood, shared.desc()]
