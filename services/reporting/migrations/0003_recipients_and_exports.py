"""Recipients, FHIR exports, partner topics by recipient, recalls with their states, sealing keys.

Exports from before are dropped with all their rows: nothing of them can leave any more, whatever was consented to.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
TOKENS = """
insert into recipient_token (token, client_id, programme, stream, on_topic)
select s.token, s.client_id, s.programme, s.stream, false from sharing s where s.token is not null"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table in ("export_deletion", "export_row", "export_part", "export", "partner_notice"):
        op.drop_table(table)
    _add_recipients()
    _add_exports()
    _add_what_takes_back()
    _change_what_is_there()
    op.execute(TOKENS)


def _add_recipients() -> None:
    op.create_table(
        "access_token",
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("access_token_pkey")),
    )
    op.create_table(
        "recipient",
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("smart_client_id", sa.Text(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("jwks_url", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("webhook_url", sa.Text(), nullable=True),
        sa.Column("webhook_secret", sa.Text(), nullable=True),
        sa.Column("acknowledge_hours", sa.Integer(), nullable=False),
        sa.Column("attest_days", sa.Integer(), nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("num_nonnulls(jwks, jwks_url) = 1", name=op.f("recipient_keys_check")),
        sa.PrimaryKeyConstraint("recipient_id", name=op.f("recipient_pkey")),
        sa.UniqueConstraint("slug", name=op.f("recipient_slug_key")),
        sa.UniqueConstraint("smart_client_id", name=op.f("recipient_smart_client_id_key")),
    )
    op.create_table(
        "recipient_token",
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("on_topic", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state_digest", postgresql.BYTEA(), nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("recipient_token_pkey")),
        comment="state_digest: of what the partner topic holds; the same again is not sent, for how often would tell how often (C16)",
    )
    op.create_index("recipient_token_client_id_idx", "recipient_token", ["client_id", "programme"], unique=False)
    op.create_index(
        "recipient_token_ended_idx", "recipient_token", ["ended_at"], unique=False, postgresql_where=sa.text("ended_at is not null")
    )
    op.create_table(
        "sealing_key",
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("wrapped", postgresql.BYTEA(), nullable=False),
        sa.Column("made_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("sealing_key_pkey")),
    )
    op.create_table(
        "used_assertion",
        sa.Column("smart_client_id", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("smart_client_id", "jti", name=op.f("used_assertion_pkey")),
    )


def _add_exports() -> None:
    op.create_table(
        "export",
        sa.Column("export_id", sa.UUID(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("patients", postgresql.ARRAY(sa.UUID()), nullable=True),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("by_patient", sa.Boolean(), nullable=False),
        sa.Column("output_format", sa.Text(), nullable=False),
        sa.Column("manifest_version", sa.Integer(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("ignored", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("transaction_time", MOMENT, nullable=True),
        sa.Column("completed_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("polled_at", MOMENT, nullable=True),
        sa.Column("polls", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("export_id", name=op.f("export_pkey")),
    )
    op.create_index("export_expiring_idx", "export", ["expires_at"], unique=False, postgresql_where=sa.text("status = 'complete'"))
    op.create_index("export_open_idx", "export", ["requested_at"], unique=False, postgresql_where=sa.text("status = 'in_progress'"))
    op.create_index(op.f("export_recipient_id_idx"), "export", ["recipient_id"], unique=False)
    op.create_table(
        "export_deletion",
        sa.Column("export_id", sa.UUID(), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("resources", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("deleted_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "token", name=op.f("export_deletion_pkey")),
    )
    op.create_index(op.f("export_deletion_token_idx"), "export_deletion", ["token"], unique=False)
    op.create_table(
        "export_row",
        sa.Column("export_id", sa.UUID(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "stream", "part", "seq", name=op.f("export_row_pkey")),
        comment="resource: its reference as Type/id; null for the header of a patient's block",
    )
    op.create_index(op.f("export_row_client_id_idx"), "export_row", ["client_id"], unique=False)
    op.create_table(
        "export_part",
        sa.Column("export_id", sa.UUID(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.export_id"], name=op.f("export_part_export_id_fkey")),
        sa.PrimaryKeyConstraint("export_id", "stream", "part", name=op.f("export_part_pkey")),
    )
    op.create_table(
        "export_stream",
        sa.Column("export_id", sa.UUID(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.export_id"], name=op.f("export_stream_export_id_fkey")),
        sa.PrimaryKeyConstraint("export_id", "stream", name=op.f("export_stream_pkey")),
        comment="the streams of an export that are built: a worker that takes over goes on with the others",
    )


def _add_what_takes_back() -> None:
    op.create_table(
        "partner_notice",
        sa.Column("notice_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("partner_notice_pkey")),
    )
    op.create_table(
        "partner_release",
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("release_id", sa.UUID(), nullable=False),
        sa.Column("sent_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("recipient_id", "release_id", name=op.f("partner_release_pkey")),
        comment="the aggregate releases that a recipient's topic has",
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("delivery_id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recall_id", sa.UUID(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("given_up_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("webhook_delivery_pkey")),
    )
    op.create_index(
        "webhook_delivery_open_idx",
        "webhook_delivery",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("delivered_at is null and given_up_at is null"),
    )


def _change_what_is_there() -> None:
    op.add_column("disclosure", sa.Column("recipient_id", sa.UUID(), nullable=True))
    op.create_index("disclosure_token_idx", "disclosure", ["token"], unique=False)
    op.add_column("recall", sa.Column("attested_at", MOMENT, nullable=True))
    op.add_column("recall", sa.Column("attested_by", sa.Text(), nullable=True))
    op.add_column("recall", sa.Column("method", sa.Text(), nullable=True))
    op.add_column("recall", sa.Column("overdue", sa.Text(), nullable=True))
    op.add_column("recall", sa.Column("reminders", sa.Integer(), server_default="0", nullable=False))
    op.add_column("recall", sa.Column("reminded_at", MOMENT, nullable=True))
    op.create_index("recall_open_idx", "recall", ["sent_at"], unique=False, postgresql_where=sa.text("attested_at is null"))
    op.add_column("record", sa.Column("changed_at", MOMENT, server_default=sa.text("now()"), nullable=False))
    op.drop_index(op.f("record_stream_idx"), table_name="record")
    op.create_index("record_stream_idx", "record", ["stream", "changed_at"], unique=False)
    op.add_column("sharing", sa.Column("decided_at", MOMENT, nullable=True))
    op.add_column("sharing", sa.Column("notice_version", sa.Text(), nullable=True))
    op.add_column("sharing", sa.Column("notice_digest", sa.Text(), nullable=True))
