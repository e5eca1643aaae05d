"""What would leave of a client, made by the very expression that an export's lines are made by."""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from common.contracts.vocabulary import Category, Programme
from common.db import Connection
from reporting.exports.tables import line_with

PREVIEW = f"""
select ({line_with("null::uuid")})::text as line from record r
 where r.client_id = $1 and r.programme = $2 and r.category = any($3::text[])
 order by r.occurred_at, r.record_id limit $4"""


async def preview(tx: Connection, client_id: UUID, programme: Programme, categories: Collection[Category], limit: int) -> list[Any]:
    rows = await tx.fetch(PREVIEW, client_id, programme, [str(category) for category in categories], limit)
    return [json.loads(row["line"]) for row in rows]


async def is_parked(tx: Connection, client_id: UUID) -> bool:
    return bool(await tx.fetchval("select exists (select from parked_client where client_id = $1)", client_id))
