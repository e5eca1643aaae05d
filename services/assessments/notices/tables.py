"""`waiting_notice`: what scheduling has not taken yet. A row goes when it has, or when it is too late."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from assessments.schema import metadata
from common.schema import moment

waiting_notice = sa.Table(
    "waiting_notice",
    metadata,
    sa.Column("notice_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("about", pg.UUID(as_uuid=True)),
    moment("starts_at", nullable=True),
    sa.Column("link", sa.Text),
    moment("not_after", nullable=True),
    moment("created_at"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_attempt_at", filled=True),
    sa.UniqueConstraint("kind", "recipient_id", "reason"),
    sa.Index("waiting_notice_next_idx", "next_attempt_at"),
)
