"""Exports put into reporting's tables by SQL, as the builder leaves them: what is tested here is only how they are read."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from reporting.resources.expressions import rendered
from tests.story import PURPOSE, Story

EXPORT = """
insert into export (export_id, recipient_id, purpose, types, by_patient, output_format, manifest_version, request, ignored, status,
                    transaction_time, expires_at)
values ($1, $2, $3, $4, false, $5, 1, 'http://bulk', '{}', 'complete', now(), now() + interval '100 years')"""
TYPES = ["Patient", "Consent", "Appointment", "Encounter", "QuestionnaireResponse", "Observation"]

ROWS = f"""
with scope as (
  select s.client_id, s.programme, s.stream, s.token, s.categories, now() as opened_at, s.decided_at, s.notice_digest
    from sharing s where s.client_id = any($2::uuid[]) and s.decision = 'opted_in')
insert into export_row (export_id, stream, part, client_id, programme, token, category, resource, line)
select $1, s.stream, r.type, r.client_id, r.programme, r.token, r.category, r.type || '/' || r.id, r.body::text
  from ({rendered("scope")}) r join scope s using (client_id, programme) order by s.stream, r.type, r.client_id, r.id"""
PARTS = """
insert into export_part (export_id, stream, part, generation, rows)
select export_id, stream, part, 1, count(*) from export_row where export_id = $1 group by 1, 2, 3"""

# Many scores of one client; each is two resources.
RECORDS = """
insert into record (record_id, client_id, stream, programme, category, body, occurred_at)
select gen_random_uuid(), s.client_id, s.stream, s.programme, 'assessment_results',
       jsonb_build_object('resourceType', 'Observation', 'code', 'phq-9', 'value', n % 27, 'method', 'complete',
                          'interpretation', 'moderate', 'effective', '2026-11-22T08:00:00+00:00'), now()
  from sharing s, generate_series(1, $2::int) as n where s.client_id = $1"""


async def sql(story: Story, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(story.stack.database("reporting"))
    try:
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()


async def filled(story: Story, *clients: UUID, output_format: str = "application/fhir+ndjson", purpose: str = PURPOSE) -> UUID:
    """Of the clients' records as reporting knows them now."""
    await sql(story, EXPORT, made := uuid4(), story.plan, purpose, TYPES, output_format)
    await sql(story, ROWS, made, clients)
    await sql(story, PARTS, made)
    return made


async def addresses(story: Story, export_id: UUID, part: str | None = None) -> list[str]:
    """Of the parts as they are now."""
    rows = await sql(
        story,
        "select * from export_part where export_id = $1 and rows > 0 and part = coalesce($2, part) order by stream, part",
        export_id,
        part,
    )
    base = f"{story.stack.url('reporting')}/fhir/bulk/{export_id}"
    return [f"{base}/g{row['generation']}/{row['stream']}/{row['part']}" for row in rows]


async def downloaded(story: Story, url: str, **headers: str) -> httpx.Response:
    return await story.http.get(url, headers=await story.partner.bearer() | headers)


async def kept(story: Story, export_id: UUID, part: str | None = None) -> list[str]:
    """The lines that the export holds, in their order."""
    rows = await sql(
        story,
        "select line from export_row where export_id = $1 and part = coalesce($2, part) order by stream, part, seq",
        export_id,
        part,
    )
    return [row["line"] for row in rows]


def code_of(answer: httpx.Response) -> tuple[int, Any]:
    """Status and code of a refusal; on /fhir it is an OperationOutcome."""
    body = answer.json()
    issue = body.get("issue", [{}])[0]
    return answer.status_code, body.get("code") or issue["details"]["coding"][0]["code"]
