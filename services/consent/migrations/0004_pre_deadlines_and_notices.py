"""Statutory deadlines, and notices that scheduling is to take."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "deadline",
        sa.Column("deadline_id", sa.UUID(), nullable=False),
        sa.Column("policy_code", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.UUID(), nullable=False),
        sa.Column("about", sa.UUID(), nullable=False),
        sa.Column("calendar_code", sa.Text(), nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("anchor_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("next_fire_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("next_rung", sa.Integer(), nullable=False),
        sa.Column("pauses", postgresql.ARRAY(postgresql.TIMESTAMP(timezone=True)), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("missed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "next_fire_at is null or (state in ('open', 'missed') and closed_at is null)", name=op.f("deadline_next_fire_at_check")
        ),
        sa.CheckConstraint("state in ('open', 'paused', 'met', 'missed', 'cancelled', 'superseded')", name=op.f("deadline_state_check")),
        sa.PrimaryKeyConstraint("deadline_id", name=op.f("deadline_pkey")),
        sa.UniqueConstraint("subject", "policy_code", "generation", name=op.f("deadline_subject_policy_code_generation_key")),
        postgresql_with={"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_analyze_scale_factor": 0.01},
    )
    op.create_index("deadline_about_idx", "deadline", ["about", "due_at"], unique=False, postgresql_where=sa.text("closed_at is null"))
    op.create_index(
        "deadline_calendar_idx",
        "deadline",
        ["calendar_code", "calendar_version", "next_fire_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open' and calendar_code is not null"),
    )
    op.create_index(
        "deadline_due_idx",
        "deadline",
        ["next_fire_at"],
        unique=False,
        postgresql_where=sa.text("next_fire_at is not null and attempts = 0"),
    )
    op.create_index("deadline_retrying_idx", "deadline", ["next_fire_at"], unique=False, postgresql_where=sa.text("attempts > 0"))
    op.create_index(
        "deadline_running_idx", "deadline", ["subject", "policy_code"], unique=True, postgresql_where=sa.text("state in ('open', 'paused')")
    )
    op.create_table(
        "deadline_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("deadline_id", sa.UUID(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("old_due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("new_due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("history_id", name=op.f("deadline_history_pkey")),
    )
    op.create_index(op.f("deadline_history_deadline_id_idx"), "deadline_history", ["deadline_id"], unique=False)
    op.create_table(
        "deadline_policy",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("deadline_policy_pkey")),
    )
    op.create_table(
        "deadline_rung",
        sa.Column("deadline_id", sa.UUID(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rung_key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("fired_for", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("outcome in ('fired', 'expired', 'inherited')", name=op.f("deadline_rung_outcome_check")),
        sa.PrimaryKeyConstraint("deadline_id", "generation", "rung_key", name=op.f("deadline_rung_pkey")),
    )
    op.create_table(
        "waiting_notice",
        sa.Column("notice_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("about", sa.UUID(), nullable=True),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("not_after", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("waiting_notice_pkey")),
        sa.UniqueConstraint("kind", "recipient_id", "reason", name=op.f("waiting_notice_kind_recipient_id_reason_key")),
    )
    op.create_index("waiting_notice_about_idx", "waiting_notice", ["about"], unique=False)
    op.create_index("waiting_notice_next_idx", "waiting_notice", ["next_attempt_at"], unique=False)
    op.create_table(
        "work_calendar",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("work_calendar_pkey")),
    )
