"""Assignments, schedules, what is known of care, and deadlines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "assessment_schedule",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("assessment_schedule_pkey")),
    )
    op.create_table(
        "assignment",
        sa.Column("assignment_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("instruments", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("visit_id", sa.UUID(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("send_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closes_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('queued', 'sent', 'completed', 'expired', 'cancelled', 'not_sent')", name=op.f("assignment_state_check")
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("assignment_pkey")),
    )
    op.create_index(op.f("assignment_client_id_idx"), "assignment", ["client_id"], unique=False)
    op.create_table(
        "care_request",
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('requested', 'in_care', 'ended')", name=op.f("care_request_state_check")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("care_request_pkey")),
    )
    op.create_index(op.f("care_request_client_id_idx"), "care_request", ["client_id"], unique=False)
    op.create_table(
        "care_visit",
        sa.Column("visit_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("booked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.CheckConstraint("state in ('scheduled', 'held', 'cancelled', 'missed')", name=op.f("care_visit_state_check")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("care_visit_pkey")),
    )
    op.create_index(op.f("care_visit_client_id_idx"), "care_visit", ["client_id"], unique=False)
    op.create_table(
        "to_plan",
        sa.Column("mark_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("retry_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mark_id", name=op.f("to_plan_pkey")),
    )
    op.create_index(op.f("to_plan_client_id_idx"), "to_plan", ["client_id"], unique=False)
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
    op.create_index("waiting_notice_next_idx", "waiting_notice", ["next_attempt_at"], unique=False)
    op.create_index("waiting_notice_about_idx", "waiting_notice", ["about"], unique=False)
    op.add_column("known_client", sa.Column("language", sa.Text(), server_default="en", nullable=False))
    op.add_column("known_client", sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False))
    for name in ("deadline_policy", "work_calendar"):
        op.create_table(
            name,
            sa.Column("code", sa.Text(), nullable=False),
            sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
            sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("code", "version", name=op.f(f"{name}_pkey")),
        )
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
        sa.CheckConstraint("state in ('open', 'paused', 'met', 'missed', 'cancelled', 'superseded')", name=op.f("deadline_state_check")),
        sa.CheckConstraint(
            "next_fire_at is null or (state in ('open', 'missed') and closed_at is null)", name=op.f("deadline_next_fire_at_check")
        ),
        sa.PrimaryKeyConstraint("deadline_id", name=op.f("deadline_pkey")),
        sa.UniqueConstraint("subject", "policy_code", "generation", name=op.f("deadline_subject_policy_code_generation_key")),
        # Every row is rewritten several times: room on its page, and dead entries are removed before the sweep has to step over them.
        postgresql_with={"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_analyze_scale_factor": 0.01},
    )
    due, running = sa.text("next_fire_at is not null and attempts = 0"), sa.text("state in ('open', 'paused')")
    with_calendar = sa.text("state = 'open' and calendar_code is not null")
    op.create_index("deadline_due_idx", "deadline", ["next_fire_at"], postgresql_where=due)
    op.create_index("deadline_retrying_idx", "deadline", ["next_fire_at"], postgresql_where=sa.text("attempts > 0"))
    op.create_index("deadline_running_idx", "deadline", ["subject", "policy_code"], unique=True, postgresql_where=running)
    op.create_index("deadline_about_idx", "deadline", ["about", "due_at"], postgresql_where=sa.text("closed_at is null"))
    columns = ["calendar_code", "calendar_version", "next_fire_at"]
    op.create_index("deadline_calendar_idx", "deadline", columns, postgresql_where=with_calendar)
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
    op.create_index(op.f("deadline_history_deadline_id_idx"), "deadline_history", ["deadline_id"])
