"""The scheduling service's first tables."""

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
        "employer",
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("programmes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("employer_id", name=op.f("employer_pkey")),
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
        "plan",
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("plan_pkey")),
    )
    op.create_table(
        "provider",
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("degree", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("provider_pkey")),
    )
    op.create_index("provider_state_idx", "provider", ["state", "provider_id"], unique=False)
    op.create_table(
        "relay_cursor",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("relay_cursor_pkey")),
    )
    op.create_table(
        "client",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("client_employer_id_fkey")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("client_plan_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("client_pkey")),
    )
    op.create_index(op.f("client_employer_id_idx"), "client", ["employer_id"], unique=False)
    op.create_table(
        "consultation_request",
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("consultation_request_client_id_fkey")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.provider_id"], name=op.f("consultation_request_provider_id_fkey")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("consultation_request_pkey")),
    )
    op.create_index("consultation_request_client_idx", "consultation_request", ["client_id", "request_id"], unique=False)
    op.create_index("consultation_request_first_idx", "consultation_request", ["client_id"], unique=True, postgresql_where=sa.text("first"))
    op.create_index("consultation_request_provider_idx", "consultation_request", ["provider_id", "request_id"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["consultation_request.request_id"], name=op.f("appointment_request_id_fkey")),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("appointment_pkey")),
    )
    op.create_index("appointment_client_idx", "appointment", ["client_id", "appointment_id"], unique=False)
    op.create_index("appointment_provider_idx", "appointment", ["provider_id", "appointment_id"], unique=False)
    op.create_index(op.f("appointment_request_id_idx"), "appointment", ["request_id"], unique=False)
    # Rewritten at every event: room on the page keeps the update in place.
    op.execute("alter table journal_head set (fillfactor = 10)")
    op.execute("alter table applied set (fillfactor = 10)")
