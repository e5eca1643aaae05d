"""What is already held of what is sent again."""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.responses.tables import assessment_response

rows = assessment_response.c


async def held(tx: AsyncConnection, client_id: UUID, source_ids: Collection[str]) -> Mapping[str, UUID]:
    """The response of each `source_id` that there is one of."""
    wanted = sa.select(rows.source_id, rows.response_id).where(rows.client_id == client_id, rows.source_id.in_(source_ids))
    return {row.source_id: row.response_id for row in await tx.execute(wanted)}
