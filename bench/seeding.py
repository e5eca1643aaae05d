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
known as (insert into client (client_id, plan_id, employer_id, programme) select client_id, $4, $4, $3 from c),
shared as (
  insert into sharing (client_id, programme, stream, decision, categories, position, token)
  select client_id, $3, stream, 'opted_in', '{appointments,assessment_results}', 0, gen_random_uuid() from c
  returning client_id, programme, stream, token)
insert into recipient_token (token, client_id, programme, stream) select token, client_id, programme, stream from shared"""

EXPORT = """
insert into export (export_id, recipient_id, purpose, programme, types, by_patient, output_format, manifest_version, request, ignored,
                    status, transaction_time, completed_at, expires_at)
values ($1, $2, 'personalised_health_recommendations', $3, '{Observation}', false, 'application/fhir+ndjson', 3, 'bench', '{}', 'complete',
        now(), now(), now() + interval '100 years')"""

PARTS = """
insert into export_part (export_id, stream, part, generation, rows)
select $1, stream, 'Observation', 1, count(*) * $2::int from sharing group by stream"""

# As an export is built: by stream, a client's rows side by side. A line is what `resources/expressions.py` makes of a score.
EXPORT_ROWS = """
insert into export_row (export_id, stream, part, client_id, programme, token, category, resource, line)
select $1, s.stream, 'Observation', s.client_id, s.programme, s.token, 'assessment_results', 'Observation/' || i.id,
       '{"id": "' || i.id || '", "code": {"coding": [{"code": "44261-6", "system": "http://loinc.org"}]}, "meta": {"tag": '
       || '[{"code": "care_connect", "system": "urn:care-connect:programme"}, {"code": "assessment_results", "system": '
       || '"urn:care-connect:category"}], "lastUpdated": "2026-11-22T08:00:00.123456Z"}, "status": "final", '
       || '"subject": {"reference": "Patient/' || s.token || '"}, "category": [{"coding": [{"code": "survey", "system": '
       || '"http://terminology.hl7.org/CodeSystem/observation-category"}]}], "resourceType": "Observation", "valueQuantity": {"code": '
       || '"{score}", "unit": "{score}", "value": ' || n || ', "system": "http://unitsofmeasure.org"}, "effectiveDateTime": "2026-11-22"}'
  from (select * from sharing order by stream, client_id) s
 cross join generate_series(1, $2::int) as n
 cross join lateral (select md5(s.token::text || n)::uuid as id) i"""


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
