"""Corrections that recipients are told of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "data_correction",
        sa.Column("correction_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=True),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind in ('corrected', 'amended', 'disputed')", name=op.f("data_correction_kind_check")),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("data_correction_pkey")),
    )
    op.create_index(op.f("data_correction_client_id_idx"), "data_correction", ["client_id"])
    op.create_table(
        "data_correction_notice",
        sa.Column("correction_id", sa.UUID(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("tokens", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("queued_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("correction_id", "recipient_id", name=op.f("data_correction_notice_pkey")),
    )
    op.create_index(op.f("data_correction_notice_recipient_id_idx"), "data_correction_notice", ["recipient_id"])
    op.alter_column("partner_notice", "decision_id", existing_type=sa.UUID(), nullable=True)
    op.alter_column("webhook_delivery", "recall_id", existing_type=sa.UUID(), nullable=True)
    op.add_column("webhook_delivery", sa.Column("correction_id", sa.UUID(), nullable=True))
    op.create_check_constraint(op.f("webhook_delivery_about_check"), "webhook_delivery", "num_nonnulls(recall_id, correction_id) = 1")
