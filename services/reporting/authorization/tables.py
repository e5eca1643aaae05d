"""Access tokens of recipients, by digest, and the assertions that were used already."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from reporting.schema import metadata

access_token = sa.Table(
    "access_token",
    metadata,
    sa.Column("digest", pg.BYTEA, primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    moment("expires_at"),
)

used_assertion = sa.Table(
    "used_assertion",
    metadata,
    sa.Column("smart_client_id", sa.Text, primary_key=True),
    sa.Column("jti", sa.Text, primary_key=True),
    moment("expires_at"),
)


async def end_tokens(tx: Connection, recipient_id: UUID) -> None:
    """All that a recipient holds, at once."""
    await tx.execute("delete from access_token where recipient_id = $1", recipient_id)
