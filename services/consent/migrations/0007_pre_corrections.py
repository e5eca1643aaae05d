"""Corrections and statements of disagreement."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
OPEN = "state in ('open', 'accepted')"
STATES = "state in ('open', 'accepted', 'applied', 'refused', 'withdrawn')"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _correction()
    _history()
    op.create_table(
        "correction_delivery",
        sa.Column("correction_id", sa.UUID(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("correction_id", "service", name=op.f("correction_delivery_pkey")),
    )
    op.create_index(op.f("correction_delivery_client_id_idx"), "correction_delivery", ["client_id"])
    op.create_index("correction_delivery_open_idx", "correction_delivery", ["next_at"], postgresql_where=sa.text("done_at is null"))


def _correction() -> None:
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("record_table", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("reason_key", postgresql.BYTEA(), nullable=False),
        sa.Column("reason", postgresql.BYTEA(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("identity_check", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("warned_at", MOMENT, nullable=True),
        sa.Column("extended_at", MOMENT, nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("disagreement_key", postgresql.BYTEA(), nullable=True),
        sa.Column("disagreement", postgresql.BYTEA(), nullable=True),
        sa.Column("disagreed_at", MOMENT, nullable=True),
        sa.Column("rebuttal_key", postgresql.BYTEA(), nullable=True),
        sa.Column("rebuttal", postgresql.BYTEA(), nullable=True),
        sa.Column("rebutted_at", MOMENT, nullable=True),
        sa.CheckConstraint(STATES, name=op.f("correction_state_check")),
        sa.CheckConstraint("(state = 'refused') = (ground is not null)", name=op.f("correction_ground_check")),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("correction_pkey")),
    )
    op.create_index(op.f("correction_client_id_idx"), "correction", ["client_id"])
    op.create_index("correction_open_idx", "correction", ["due_at"], postgresql_where=sa.text(OPEN))


def _history() -> None:
    op.create_table(
        "correction_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("correction_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("by", sa.UUID(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("history_id", name=op.f("correction_history_pkey")),
    )
    op.create_index(op.f("correction_history_correction_id_idx"), "correction_history", ["correction_id"])
    op.create_index(op.f("correction_history_client_id_idx"), "correction_history", ["client_id"])
    op.execute("""
create function refuse_change_of_correction_history() returns trigger language plpgsql as $$
begin
  raise exception 'the history of a correction only grows (C10)' using errcode = 'restrict_violation';
end $$""")
    op.execute("""
create trigger correction_history_is_frozen before update or delete or truncate on correction_history
   for each statement execute function refuse_change_of_correction_history()""")
