"""`webhook_delivery`: what a recipient's endpoint is to be told, until it has said yes or we have given up."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.schema import moment
from reporting.schema import metadata

webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("delivery_id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("recall_id", pg.UUID(as_uuid=True), nullable=False),
    moment("created_at", filled=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_at", filled=True),
    sa.Column("last_status", sa.Integer),
    moment("delivered_at", nullable=True),
    moment("given_up_at", nullable=True),
    sa.Index("webhook_delivery_open_idx", "next_at", postgresql_where=sa.text("delivered_at is null and given_up_at is null")),
)
