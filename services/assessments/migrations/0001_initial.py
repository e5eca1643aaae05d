"""The assessments service's first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "applied",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "stream", name=op.f("applied_pkey")),
    )
    op.create_table(
        "assessment_response",
        sa.Column("response_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("instrument_version", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("raw_sum", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("total_method", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("response_id", name=op.f("assessment_response_pkey")),
    )
    op.create_index("assessment_response_client_idx", "assessment_response", ["client_id", "response_id"], unique=False)
    op.create_table(
        "dead_letter",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", postgresql.BYTEA(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("source", "stream", "kafka_offset", name=op.f("dead_letter_pkey")),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("idempotency_pkey")),
    )
    op.create_table(
        "journal",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.UUID(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("octet_length(payload) <= 65536", name=op.f("journal_payload_check")),
        sa.PrimaryKeyConstraint("stream", "position", name=op.f("journal_pkey")),
        sa.UniqueConstraint("event_id", name=op.f("journal_event_id_key")),
    )
    op.create_index(op.f("journal_subject_idx"), "journal", ["subject"], unique=False)
    op.create_table(
        "journal_head",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("journal_head_pkey")),
    )
    op.create_table(
        "known_client",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("known_client_pkey")),
    )
    op.create_table(
        "parked_client",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parked_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("source", "client_id", name=op.f("parked_client_pkey")),
    )
    op.create_index(op.f("parked_client_client_id_idx"), "parked_client", ["client_id"], unique=False)
    op.create_table(
        "parked_event",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("source", "stream", "position", name=op.f("parked_event_pkey")),
    )
    op.create_index(op.f("parked_event_client_id_idx"), "parked_event", ["client_id"], unique=False)
    op.create_table(
        "relay_cursor",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("relay_cursor_pkey")),
    )
    op.create_table(
        "satisfaction_response",
        sa.Column("response_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("response_id", name=op.f("satisfaction_response_pkey")),
    )
    op.create_index(op.f("satisfaction_response_client_id_idx"), "satisfaction_response", ["client_id"], unique=False)
    # Rewritten at every event: room on the page keeps the update in place.
    op.execute("alter table journal_head set (fillfactor = 10)")
    op.execute("alter table applied set (fillfactor = 10)")
