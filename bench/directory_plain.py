"""What one would write first: the records themselves in one statement, nothing kept beside them, pages by offset."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.directory_people import CALLER, NOW, PLANS
from common.contracts.vocabulary import Programme
from common.db import Database
from scheduling.directory.rules import Place, seed_of
from scheduling.directory.searching import Search
from scheduling.directory.usecases import day_in
from scheduling.geography import zone_of

LISTED = """
p.degree = any('{masters,psychology_doctorate,nurse_practitioner}') and p.virtual_care and p.manages_in_portal
and exists (select from jsonb_to_recordset(p.licences) as l(state text, kind text, expires_on date)
             where l.kind = 'full' and l.expires_on >= :today and (cast(:state as text) is null or l.state = :state))
and exists (select from jsonb_to_recordset(p.credentials) as c(plan_id uuid, under_network_tax_id bool, starts_on date, ends_on date)
             where c.under_network_tax_id and :today between c.starts_on and coalesce(c.ends_on, 'infinity')
               and c.plan_id = any(:plans))
and exists (select from participation as j where j.provider_id = p.provider_id and j.left_at is null and j.programme = any(:programmes))"""

TRAITS = {
    "specialty": ":{0} = any(p.specialties)",
    "modality": ":{0} = any(p.modalities)",
    "language": "exists (select from unnest(p.languages) as spoken where spoken = :{0} or spoken like :{0} || '-%')",
    "accepting": "p.accepting_clients",
    "in_person": "p.in_person",
}
ORDERS = {"rotation": "md5(p.provider_id::text || :seed)", "next_open": "n.starts_at nulls last", "relevance": "p.name"}
"""No rank: there is nothing to rank by."""


async def plain_search(db: Database, asked: Search) -> tuple[Sequence[UUID], Search | None]:
    offset = asked.after.key if asked.after else 0
    statement, arguments = _statement(asked, offset)
    async with db.begin() as tx:
        found = [row.provider_id for row in await tx.execute(text(statement), arguments)]
    at = Place(asked.order, 0, offset + asked.limit, UUID(int=0))
    return found[: asked.limit], replace(asked, after=at) if len(found) > asked.limit else None


def skipped(asked: Search) -> Search:
    """A page further on, not read: an offset needs nothing of the pages before."""
    at = asked.after
    return replace(asked, after=Place(asked.order, 0, (at.key if at else 0) + asked.limit, UUID(int=0)))


def _statement(asked: Search, offset: int) -> tuple[str, dict[str, Any]]:
    today = day_in(asked.state and zone_of(asked.state), NOW)
    arguments: dict[str, Any] = {"today": today, "state": asked.state, "now": NOW, "limit": asked.limit + 1, "offset": offset}
    arguments["plans"] = [asked.plan_id] if asked.plan_id else list(PLANS)
    arguments["programmes"] = [asked.programme or each for each in Programme]
    where = [LISTED]
    for traits in asked.any_of:
        (trait,) = traits
        name, _, value = trait.partition(":")
        where.append(TRAITS[name].format(name))
        arguments |= {name: value} if value else {}
    for number, word in enumerate((asked.q or "").split()):
        where.append(f"concat_ws(' ', p.name, p.profile, p.specialties::text) ilike :word{number}")
        arguments[f"word{number}"] = f"%{word}%"
    if asked.open_before:
        where.append("n.starts_at < :open_before")
        arguments["open_before"] = asked.open_before
    if asked.order == "rotation":
        arguments["seed"] = str(seed_of(CALLER.id, today))
    return (
        "select p.* , n.starts_at from provider as p left join next_opening as n on n.provider_id = p.provider_id and n.starts_at > :now"
        f" where {' and '.join(where)} order by {ORDERS[asked.order]}, p.provider_id limit :limit offset :offset",
        arguments,
    )
