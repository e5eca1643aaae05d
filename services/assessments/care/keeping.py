"""Writes what scheduling tells. Events of one client come in their order, so what comes later is what is true."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.contracts.scheduling import (
    AppointmentHeld,
    AppointmentMoved,
    AppointmentScheduled,
    ConsultationRequested,
)
from common.db import Connection

# Events from before there were episodes: each request is one.
KEEP_REQUESTS = """
insert into care_request (request_id, client_id, provider_id, episode_id, programme, state, changed_at)
select request_id, client_id, provider_id, coalesce(episode_id, request_id), programme, 'requested', at
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
    as e(request_id, client_id, provider_id, episode_id, programme, at)
on conflict (request_id) do nothing"""

CHANGE_REQUESTS = """
update care_request r set state = $3, changed_at = e.at from unnest($1::uuid[], $2::timestamptz[]) as e(request_id, at)
 where r.request_id = e.request_id and r.state <> $3"""

KEEP_VISITS = """
insert into care_visit (visit_id, client_id, episode_id, provider_id, programme, kind, state, booked_at, starts_at)
select e.visit_id, e.client_id, coalesce(r.episode_id, e.request_id), e.provider_id, e.programme, e.kind, 'scheduled', e.at, e.starts_at
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
    as e(visit_id, client_id, request_id, provider_id, programme, kind, at, starts_at)
  left join care_request r using (request_id)
on conflict (visit_id) do nothing"""

MOVE_VISITS = """
update care_visit v set starts_at = e.starts_at, state = 'scheduled' from unnest($1::uuid[], $2::timestamptz[]) as e(visit_id, starts_at)
 where v.visit_id = e.visit_id"""

CLOSE_VISITS = "update care_visit set state = $2 where visit_id = any($1::uuid[])"

HOLD_VISITS = """
update care_visit v set state = 'held', held_on = e.held_on from unnest($1::uuid[], $2::date[]) as e(visit_id, held_on)
 where v.visit_id = e.visit_id"""


async def keep_requests(tx: Connection, events: Sequence[ConsultationRequested]) -> None:
    rows = [(e.request_id, e.client_id, e.provider_id, e.episode_id, e.programme, e.occurred_at) for e in events]
    await tx.execute(KEEP_REQUESTS, *map(list, zip(*rows, strict=True)))


async def change_requests(tx: Connection, changes: Sequence[tuple[UUID, datetime]], state: str) -> None:
    await tx.execute(CHANGE_REQUESTS, [request_id for request_id, _ in changes], [at for _, at in changes], state)


async def keep_visits(tx: Connection, events: Sequence[AppointmentScheduled]) -> None:
    rows = [(e.appointment_id, e.client_id, e.request_id, e.provider_id, e.programme, e.kind, e.occurred_at, e.starts_at) for e in events]
    await tx.execute(KEEP_VISITS, *map(list, zip(*rows, strict=True)))


async def move_visits(tx: Connection, events: Sequence[AppointmentMoved]) -> None:
    await tx.execute(MOVE_VISITS, [e.appointment_id for e in events], [e.starts_at for e in events])


async def close_visits(tx: Connection, visit_ids: Sequence[UUID], state: str) -> None:
    await tx.execute(CLOSE_VISITS, visit_ids, state)


async def hold_visits(tx: Connection, events: Sequence[AppointmentHeld]) -> None:
    await tx.execute(HOLD_VISITS, [e.appointment_id for e in events], [e.held_on for e in events])
