"""Notices, mails and their answers, the evidence of sinks; the index of receipts by client, which nothing read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "mail",
        sa.Column("mail_id", sa.UUID(), nullable=False),
        sa.Column("content_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Text(), nullable=True),
        sa.Column("authenticated", sa.Boolean(), nullable=False),
        sa.Column("attachments", sa.Integer(), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("client_ids", postgresql.ARRAY(sa.UUID()), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("overdue", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.UUID(), nullable=True),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("mail_pkey")),
        sa.UniqueConstraint("content_digest", name=op.f("mail_content_digest_key")),
    )
    op.create_index("mail_client_ids_idx", "mail", ["client_ids"], unique=False, postgresql_using="gin")
    op.create_index(
        "mail_open_idx", "mail", ["state", "received_at"], unique=False, postgresql_where=sa.text("state in ('received', 'queued')")
    )
    op.create_table(
        "mail_address",
        sa.Column("address_digest", postgresql.BYTEA(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("address_digest", "client_id", name=op.f("mail_address_pkey")),
    )
    op.create_index(op.f("mail_address_client_id_idx"), "mail_address", ["client_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("effective_from", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("notice_pkey")),
        sa.UniqueConstraint("programme", "version", "language", name=op.f("notice_programme_version_language_key")),
    )
    op.create_table(
        "mail_reply",
        sa.Column("reply_id", sa.UUID(), nullable=False),
        sa.Column("mail_id", sa.UUID(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("opt_out_url", sa.Text(), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("try_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.mail_id"], name=op.f("mail_reply_mail_id_fkey")),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("mail_reply_pkey")),
    )
    op.create_index(op.f("mail_reply_mail_id_idx"), "mail_reply", ["mail_id"], unique=False)
    op.create_index("mail_reply_open_idx", "mail_reply", ["try_at"], unique=False, postgresql_where=sa.text("sent_at is null"))
    op.add_column("receipt", sa.Column("evidence_id", sa.UUID(), nullable=True))
    op.add_column("receipt", sa.Column("evidence_position", sa.BigInteger(), nullable=True))
    op.drop_index(op.f("receipt_client_id_idx"), table_name="receipt")
    op.add_column("sharing", sa.Column("notice_digest", sa.Text(), nullable=True))
