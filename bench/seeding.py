"""Clients who share, with rows in an export, as the services' events would have left them: the same for everybody who is measured."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID, uuid4

import asyncpg

from common.db import Database
from common.journal import stream_of
from common.migrate import migrate
from consent import app as consent
from deploy.local.infrastructure import Infrastructure
from reporting import app as reporting

STREAMS = 16
ROWS = 10
PROGRAMME = "care_connect"

SHARE = """
insert into sharing (client_id, programme, recipient, purpose, version, decision, decision_id, categories, decided_at)
select client_id, $2, 'health_plan', 'personalised_health_recommendations', 1, 'opted_in', gen_random_uuid(),
       '{appointments,assessment_results}', clock_timestamp()
  from unnest($1::uuid[]) as c(client_id)"""

PROJECT = """
with c as (select * from unnest($1::uuid[], $2::int[]) as c(client_id, stream)),
known as (insert into client (client_id, plan_id, employer_id, programme) select client_id, $4, $4, $3 from c)
insert into sharing (client_id, programme, stream, decision, categories, position, token)
select client_id, $3, stream, 'opted_in', '{appointments,assessment_results}', 0, gen_random_uuid() from c"""

EXPORT = """
insert into export (export_id, plan_id, programme, recipient, purpose, status, requested_at)
values ($1, $2, $3, 'health_plan', 'personalised_health_recommendations', 'complete', clock_timestamp())"""

PARTS = """
insert into export_part (export_id, stream, generation, rows)
select $1, stream, 1, count(*) * $2::int from sharing group by stream"""

# As an export is built: by stream, a client's rows side by side. A line is as long as a real one.
EXPORT_ROWS = """
insert into export_row (export_id, stream, client_id, programme, token, category, line)
select $1, stream, client_id, programme, token, 'assessment_results',
       jsonb_build_object('token', token, 'programme', programme, 'category', 'assessment_results', 'resourceType', 'Observation',
                          'code', 'phq-9', 'value', n, 'method', 'complete', 'interpretation', 'moderate',
                          'effective', '2026-11-22T08:00:00+00:00')::text
  from sharing, generate_series(1, $2::int) as n order by stream, client_id, n"""


async def fresh_database(infrastructure: Infrastructure, name: str) -> str:
    """An empty one; its address."""
    await infrastructure.drop_database(name)
    await infrastructure.create_database(name)
    return infrastructure.dsn(name)


async def tables_of(service: Literal["consent", "reporting"], infrastructure: Infrastructure, name: str) -> str:
    """A database with the service's tables and nothing in them; its address."""
    url = await fresh_database(infrastructure, name)
    app = consent if service == "consent" else reporting
    db = await Database.open(url, 2)
    await migrate(db, service, app.MIGRATIONS, app.metadata, STREAMS)
    await db.close()
    return url


async def share(url: str, clients: Sequence[UUID]) -> None:
    """In consent: they have opted in."""
    await _in_one(url, (SHARE, clients, PROGRAMME))


async def export(url: str, clients: Sequence[UUID]) -> None:
    """In reporting: they are known, share, and have their rows in one export. Once a database."""
    plan, made = uuid4(), uuid4()
    streams = [stream_of(client, STREAMS) for client in clients]
    await _in_one(
        url,
        (PROJECT, clients, streams, PROGRAMME, plan),
        (EXPORT, made, plan, PROGRAMME),
        (PARTS, made, ROWS),
        (EXPORT_ROWS, made, ROWS),
    )


async def _in_one(url: str, *statements: tuple[object, ...]) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            for statement, *arguments in statements:
                await connection.execute(str(statement), *arguments)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
