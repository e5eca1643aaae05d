"""Access requests and their bundles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
COLLECTING = sa.text("state = 'collecting'")
STATES = "state in ('collecting', 'ready', 'expired', 'refused', 'withdrawn')"
NEXT = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _request()
    op.create_table(
        "access_bundle",
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("wrapped_key", postgresql.BYTEA(), nullable=False),
        sa.Column("content", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("access_bundle_pkey")),
    )
    _download()
    _history()


def _request() -> None:
    op.create_table(
        "access_request",
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.UUID(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("identity_check", sa.Text(), nullable=True),
        sa.Column("warned_at", MOMENT, nullable=True),
        sa.Column("extended_at", MOMENT, nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("ready_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", MOMENT, server_default=NEXT, nullable=False),
        sa.CheckConstraint(STATES, name=op.f("access_request_state_check")),
        sa.CheckConstraint("(state = 'refused') = (ground is not null)", name=op.f("access_request_ground_check")),
        sa.CheckConstraint("staff_id is null or identity_check <> 'not_checked'", name=op.f("access_request_identity_check")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("access_request_pkey")),
        sa.UniqueConstraint("collection_id", name=op.f("access_request_collection_id_key")),
    )
    op.create_index(op.f("access_request_client_id_idx"), "access_request", ["client_id"])
    op.create_index("access_request_open_idx", "access_request", ["client_id"], unique=True, postgresql_where=COLLECTING)
    op.create_index("access_request_next_idx", "access_request", ["next_attempt_at"], postgresql_where=COLLECTING)
    op.create_index("access_request_kept_idx", "access_request", ["expires_at"], postgresql_where=sa.text("state = 'ready'"))


def _download() -> None:
    op.create_table(
        "access_download",
        sa.Column("download_id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("downloaded_by", sa.UUID(), nullable=False),
        sa.Column("downloaded_at", MOMENT, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint("form in ('archive', 'page')", name=op.f("access_download_form_check")),
        sa.PrimaryKeyConstraint("download_id", name=op.f("access_download_pkey")),
    )
    op.create_index(op.f("access_download_client_id_idx"), "access_download", ["client_id"])
    op.create_index(op.f("access_download_request_id_idx"), "access_download", ["request_id"])


def _history() -> None:
    op.create_table(
        "access_request_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("by", sa.UUID(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("history_id", name=op.f("access_request_history_pkey")),
    )
    op.create_index(op.f("access_request_history_request_id_idx"), "access_request_history", ["request_id"])
    op.create_index(op.f("access_request_history_client_id_idx"), "access_request_history", ["client_id"])
    op.execute("""
create function refuse_change_of_access_record() returns trigger language plpgsql as $$
begin
  raise exception 'what was done about access only grows (C10)' using errcode = 'restrict_violation';
end $$""")
    for table in ("access_request_history", "access_download"):
        op.execute(f"""
create trigger {table}_is_frozen before update or delete or truncate on {table}
   for each statement execute function refuse_change_of_access_record()""")
