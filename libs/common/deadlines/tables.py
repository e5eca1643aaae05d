"""The tables: `deadline`, one row a generation; `deadline_rung`, whose row is the claim; `deadline_history`, append-only; and the
versions of policies and calendars that deadlines were armed with, which never change."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from common.deadlines.deadline import State
from common.schema import moment

HOT = {"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_analyze_scale_factor": 0.01}
"""Every row is rewritten several times: room on its page, and dead entries are removed before the sweep has to step over them."""


def add_deadlines(metadata: sa.MetaData) -> None:
    _add_deadline(metadata)
    sa.Table(
        "deadline_rung",
        metadata,
        sa.Column("deadline_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rung_key", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, nullable=False),
        moment("fired_for", nullable=True),
        moment("recorded_at"),
        sa.CheckConstraint("outcome in ('fired', 'expired', 'inherited')", name="outcome"),
    )
    sa.Table(
        "deadline_history",
        metadata,
        sa.Column("history_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("deadline_id", UUID(as_uuid=True), nullable=False, index=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        moment("at"),
        sa.Column("old_due_at", TIMESTAMP(timezone=True)),
        sa.Column("new_due_at", TIMESTAMP(timezone=True)),
        sa.Column("reason", sa.Text),
        moment("recorded_at"),
    )
    for name in ("deadline_policy", "work_calendar"):
        sa.Table(
            name,
            metadata,
            sa.Column("code", sa.Text, primary_key=True),
            sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("body", JSONB, nullable=False),
            moment("recorded_at"),
        )


def _add_deadline(metadata: sa.MetaData) -> None:
    sa.Table(
        "deadline",
        metadata,
        sa.Column("deadline_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("policy_code", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("subject", UUID(as_uuid=True), nullable=False),
        sa.Column("about", UUID(as_uuid=True), nullable=False),
        sa.Column("calendar_code", sa.Text),
        sa.Column("calendar_version", sa.Integer),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        moment("anchor_at"),
        moment("due_at", nullable=True),
        moment("next_fire_at", nullable=True),
        sa.Column("next_rung", sa.Integer, nullable=False),
        sa.Column("pauses", ARRAY(TIMESTAMP(timezone=True)), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        moment("closed_at", nullable=True),
        moment("missed_at", nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint(f"state in ({', '.join(repr(state.value) for state in State)})", name="state"),
        sa.CheckConstraint("next_fire_at is null or (state in ('open', 'missed') and closed_at is null)", name="next_fire_at"),
        sa.UniqueConstraint("subject", "policy_code", "generation"),
        *_indexes(),
        postgresql_with=HOT,
    )


def _indexes() -> list[sa.Index]:
    # Not `state = 'open'`: rungs after the breach fire, too.
    due = sa.text("next_fire_at is not null and attempts = 0")
    running = sa.text("state in ('open', 'paused')")
    return [
        sa.Index("deadline_due_idx", "next_fire_at", postgresql_where=due),
        sa.Index("deadline_retrying_idx", "next_fire_at", postgresql_where=sa.text("attempts > 0")),
        sa.Index("deadline_running_idx", "subject", "policy_code", unique=True, postgresql_where=running),
        sa.Index("deadline_about_idx", "about", "due_at", postgresql_where=sa.text("closed_at is null")),
        sa.Index(
            "deadline_calendar_idx",
            "calendar_code",
            "calendar_version",
            "next_fire_at",
            postgresql_where=sa.text("state = 'open' and calendar_code is not null"),
        ),
    ]
