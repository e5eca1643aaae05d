"""Notifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "contact",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("contact_pkey")),
    )
    op.create_table(
        "notification",
        sa.Column("notification_id", sa.UUID(), nullable=False),
        sa.Column("recipient_kind", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("about", sa.UUID(), nullable=True),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("calendar", postgresql.BYTEA(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("mail_state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("mailed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("notification_pkey")),
        sa.UniqueConstraint("recipient_kind", "recipient_id", "reason", name=op.f("notification_recipient_kind_recipient_id_reason_key")),
    )
    inbox = ["recipient_kind", "recipient_id", "created_at", "notification_id"]
    op.create_index("notification_inbox_idx", "notification", inbox)
    unread = sa.text("read_at is null")
    op.create_index("notification_unread_idx", "notification", inbox[:3], postgresql_where=unread)
    op.create_index("notification_to_mail_idx", "notification", ["next_attempt_at"], postgresql_where=sa.text("mail_state = 'pending'"))
