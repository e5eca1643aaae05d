"""The statements that write facts, and read all that is known of some clients. What an event says stands there once, however often told,
and the client is marked."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from common.contracts.scheduling import Clock
from common.db import Connection
from reporting.rollups import tables as _tables  # noqa: F401  # what these statements are about
from reporting.rollups.known import Asked, Client, Episode, Known, Outcome, Request, Score, Session
from reporting.rollups.marking import and_mark

KEEP_CLIENTS = and_mark(
    """
insert into counted_client (client_id, plan_id, employer_id, programme, time_zone)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[]) on conflict (client_id) do nothing""",
    "$1",
)

KEEP_REQUESTS = and_mark(
    """
insert into request_fact (request_id, client_id, episode_id, provider_id, requested_at)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) on conflict (request_id) do nothing""",
    "$2",
)

KEEP_SOUGHT = and_mark(
    """
insert into episode_fact (episode_id, client_id, employer_id, programme, sought_at, served)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bool[])
on conflict (episode_id) do update
   set employer_id = excluded.employer_id, programme = excluded.programme, sought_at = excluded.sought_at, served = excluded.served""",
    "$2",
)

KEEP_ENDED = and_mark(
    """
insert into episode_fact (episode_id, client_id, employer_id, programme, withdrawn_at, ended_position)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bigint[])
on conflict (episode_id) do update set withdrawn_at = excluded.withdrawn_at, ended_position = excluded.ended_position
 where coalesce(episode_fact.ended_position, -1) < excluded.ended_position""",
    "$2",
)

KEEP_SESSIONS = and_mark(
    """
insert into session_fact (appointment_id, client_id, request_id, provider_id, kind, held_on)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::date[]) on conflict (appointment_id) do nothing""",
    "$2",
)

KEEP_SCORES = and_mark(
    """
insert into score_fact (response_id, client_id, instrument, total, total_method)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) on conflict (response_id) do nothing""",
    "$2",
)

KEEP_ASKED = and_mark(
    """
insert into asked_fact (asked_id, client_id, episode_id, programme, asked_at)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
on conflict (asked_id) do update
   set asked_at = excluded.asked_at, episode_id = excluded.episode_id, programme = excluded.programme""",
    "$2",
)

# The first answer counts, and what was asked says which episode it was about.
KEEP_ANSWERS = and_mark(
    """
insert into asked_fact (asked_id, client_id, episode_id, programme, answered_at, score)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::int[])
on conflict (asked_id) do update set answered_at = excluded.answered_at, score = excluded.score
 where asked_fact.answered_at is null or (excluded.answered_at, excluded.score) < (asked_fact.answered_at, asked_fact.score)""",
    "$2",
)

KEEP_OUTCOMES = and_mark(
    """
insert into outcome_fact (episode_id, client_id, position, elevated, improved, deteriorated, recovered, baseline_ids, follow_up_ids)
select episode_id, client_id, position, elevated, improved, deteriorated, recovered, baselines::uuid[], follow_ups::uuid[]
  from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bool[], $5::bool[], $6::bool[], $7::bool[], $8::text[], $9::text[])
    as o(episode_id, client_id, position, elevated, improved, deteriorated, recovered, baselines, follow_ups)
on conflict (episode_id) do update
   set position = excluded.position, elevated = excluded.elevated, improved = excluded.improved, deteriorated = excluded.deteriorated,
       recovered = excluded.recovered, baseline_ids = excluded.baseline_ids, follow_up_ids = excluded.follow_up_ids
 where outcome_fact.position < excluded.position""",
    "$2",
)

MOMENTS: dict[Clock, str] = {
    "time_to_schedule": "scheduled",
    "time_to_consultation": "consulted",
    "time_to_first_session": "first_session",
}
"""The columns of each clock."""


def keep_reached(clock: Clock) -> str:
    """The statement for one of the three clocks."""
    name = MOMENTS[clock]
    statement = f"""
insert into episode_fact (episode_id, client_id, employer_id, programme, sought_at, {name}_at, {name}_seconds, {name}_days)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::int[], $8::int[])
on conflict (episode_id) do update
   set sought_at = excluded.sought_at, {name}_at = excluded.{name}_at, {name}_seconds = excluded.{name}_seconds,
       {name}_days = excluded.{name}_days"""
    return and_mark(statement, "$2")


async def known_of(tx: Connection, client_ids: Collection[UUID]) -> list[Known]:
    """Of those who are registered; of the others nothing can be counted yet."""
    wanted = list(client_ids)
    clients = await _read(tx, Client, "counted_client", wanted)
    parts = {
        "episodes": await _read(tx, Episode, "episode_fact", wanted),
        "requests": await _read(tx, Request, "request_fact", wanted),
        "sessions": await _read(tx, Session, "session_fact", wanted),
        "outcomes": await _read(tx, Outcome, "outcome_fact", wanted),
        "scores": await _read(tx, Score, "score_fact", wanted),
        "asked": await _read(tx, Asked, "asked_fact", wanted),
    }
    return [Known(client, **{name: found[client_id] for name, found in parts.items()}) for client_id, (client,) in clients.items()]


async def _read(tx: Connection, kind: type[Any], table: str, client_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Its columns are the fields of `kind`."""
    columns = ", ".join(field.name for field in fields(kind))
    found = defaultdict[UUID, list[Any]](list)
    for row in await tx.fetch(f"select client_id, {columns} from {table} where client_id = any($1::uuid[])", client_ids):
        found[row[0]].append(kind(*row[1:]))
    return found
