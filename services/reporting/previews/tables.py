"""What would leave of a client, made by the very expression that an export's lines are made by."""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from common.contracts.vocabulary import Category, Programme
from common.db import Connection
from reporting.resources.expressions import rendered

PREVIEW = f"""
with scope as (
  select $1::uuid as client_id, $2::text as programme, '00000000-0000-0000-0000-000000000000'::uuid as token, $3::text[] as categories,
         now() as opened_at, now() as decided_at, null::text as notice_digest)
select body::text as line from ({rendered("scope")}) r where r.category is not null order by changed_at, type, id limit $4"""


async def preview(tx: Connection, client_id: UUID, programme: Programme, categories: Collection[Category], limit: int) -> list[Any]:
    rows = await tx.fetch(PREVIEW, client_id, programme, [str(category) for category in categories], limit)
    return [json.loads(row["line"]) for row in rows]


async def is_parked(tx: Connection, client_id: UUID) -> bool:
    return bool(await tx.fetchval("select exists (select from parked_client where client_id = $1)", client_id))
