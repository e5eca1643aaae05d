"""Outcomes."""

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
        "outcome",
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("measures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("baseline_response_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("follow_up_response_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("baseline_severity", sa.Text(), nullable=True),
        sa.Column("measured_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("episode_id", "rule_set", name=op.f("outcome_pkey")),
    )
    op.create_index(op.f("outcome_client_id_idx"), "outcome", ["client_id"], unique=False)
